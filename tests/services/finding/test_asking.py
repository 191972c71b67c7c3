"""Questions in SQL: what they answer, and what nobody gets out of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conversations import Builder, answers, calls, says
from hypothesis import given
from hypothesis import strategies as st
from retrospan.answers.questions import question_text
from retrospan.model.errors import QuestionError, RetrospanError, UsageError
from retrospan.model.questions import QuestionLimits
from retrospan.model.text.budget import count_tokens
from retrospan.services.finding.asking import ask
from retrospan.store.contract import Store
from retrospan.store.opening import open_store

SECRET = "sk-nobody-may-read-this"
KEEP_SECRET = """
INSERT INTO setting(project, name, value, updated_at) VALUES ('p', 's', :secret, '') ON CONFLICT DO NOTHING
"""


@pytest.fixture
def asked(store: Store, traces: Builder) -> Store:
    """Two runs of one project, one of another; a token in the store."""
    for run, outcome in (("good", "pass"), ("bad", "fail")):
        traces.add(
            says("user", "Refund order A-17, please"),
            calls("get_order", "c1", order_id="A-17"),
            answers('{"status": "delivered"}', "c1"),
            calls("get_order", "c2", order_id="A-17"),
            answers("Error: not found" if run == "bad" else '{"status": "delivered"}', "c2"),
            says("assistant", "Done." if run == "good" else "I refunded it. " + "word " * 100),
            id=run,
            outcome=outcome,
        )
    traces.add(says("user", "theirs"), says("assistant", "private"), id="other", project="theirs")
    with store.write() as con:
        con.execute(KEEP_SECRET, {"secret": SECRET})
    return store


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return list(ask(store, sql).answer.rows)


def test_runs_are_counted_by_outcome(asked: Store) -> None:
    found = rows(asked, "SELECT outcome, count(*) FROM runs GROUP BY outcome ORDER BY 1")
    assert found == [("fail", 1), ("pass", 1), ("unknown", 1)]


def test_calls_have_arguments_and_results_as_json(asked: Store) -> None:
    sql = (
        "SELECT tool, json_extract(arguments, '$.order_id'), json_extract(result, '$.status') FROM calls WHERE run = 1"
    )
    assert rows(asked, sql) == [("get_order", "A-17", "delivered")] * 2


def test_repeated_calls_stay_in_the_edges(asked: Store) -> None:
    sql = "SELECT from_tool, to_tool, count(*) FROM edges GROUP BY 1, 2 ORDER BY 2"
    assert rows(asked, sql) == [("get_order", None, 2), ("get_order", "get_order", 2)]


def test_a_result_that_says_it_failed_is_an_error(asked: Store) -> None:
    assert rows(asked, "SELECT run, step FROM calls WHERE status = 'error'") == [(2, 3)]


def test_long_texts_are_read_whole(asked: Store) -> None:
    whole = "I refunded it. " + "word " * 100
    found = rows(asked, "SELECT text, role FROM steps WHERE run = 2 AND text LIKE 'I refunded%'")
    assert [(str(text).startswith(whole[:400]), role) for text, role in found] == [(True, "decision")]
    assert rows(asked, "SELECT length(text) FROM steps WHERE run = 2 ORDER BY 1 DESC LIMIT 1") == [(len(whole),)]


def test_words_find_runs_inside_a_question(asked: Store) -> None:
    assert rows(asked, "SELECT run FROM runs WHERE words(run, 'refunded') AND outcome = 'fail'") == [(2,)]


def test_runs_of_other_projects_are_not_there(asked: Store) -> None:
    for view in ("runs", "steps", "messages", "signals", "calls", "edges"):
        found = ask(asked, f"SELECT DISTINCT run FROM {view} ORDER BY 1", projects=["default"]).answer.rows
        assert (3,) not in found
    assert ask(asked, "SELECT count(*) FROM runs", projects=["theirs"]).answer.rows == ((1,),)
    assert ask(asked, "SELECT attr(3, 'a'), step_attr(3, 0, 'a')", projects=["default"]).answer.rows == ((None, None),)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT outcom FROM runs", "nearest: runs.outcome"),
        ("SELECT * FROM run", "No view 'run'"),
        ("SELECT printf('%d', 1)", "No function 'printf'"),
        ("DELETE FROM runs", "one SELECT"),
        ("SELECT 1; SELECT 2", "cannot be answered"),
        ("", "one SELECT"),
        ("SELECT 'open", "has no end"),
    ],
)
def test_errors_name_the_nearest(asked: Store, sql: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        ask(asked, sql)


STOLEN = (
    "SELECT value FROM setting",
    "SELECT value FROM main.setting",
    'SELECT value FROM "setting"',
    "SELECT value FROM [setting]",
    "SELECT value FROM `SETTING`",
    "WITH runs AS (SELECT value FROM setting) SELECT * FROM runs",
    "SELECT (SELECT value FROM setting AS runs)",
    "SELECT * FROM runs NATURAL JOIN setting",
    "SELECT * FROM runs WHERE EXISTS (SELECT value FROM setting)",
    "SELECT sql FROM sqlite_master",
    "SELECT sql FROM sqlite_temp_master",
    "SELECT * FROM pragma_table_list",
    "SELECT * FROM pragma_database_list",
    "SELECT name FROM temp.sqlite_schema",
    "PRAGMA table_info(setting)",
    "ATTACH ':memory:' AS other",
    "SELECT load_extension('x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT fts5(1)",
    "SELECT * FROM body_text WHERE body_text MATCH 'refund'",
    "SELECT data FROM body",
    "SELECT retrospan_text(1)",
    "SELECT detail FROM span",
    "INSERT INTO runs VALUES (1)",
    "UPDATE trace SET outcome = 'pass'",
    "WITH x AS (SELECT 1) DELETE FROM trace",
    "VACUUM INTO '/tmp/copy.db'",
    "EXPLAIN SELECT * FROM runs",
    "SELECT/**/value/**/FROM/**/setting",
    "SELECT value FROM se/**/tting",
    "SELECT sqlite_version()",
    "SELECT randomblob(10)",
    "CREATE TEMP TABLE x(a)",
    "SELECT * FROM runs UNION ALL SELECT value, 1 FROM setting",
)


@pytest.mark.parametrize("sql", STOLEN)
def test_nothing_beside_the_views_is_read_or_written(asked: Store, sql: str) -> None:
    before = rows(asked, "SELECT run, outcome FROM runs")
    with pytest.raises(UsageError) as caught:
        ask(asked, sql)
    assert SECRET not in str(caught.value)
    assert rows(asked, "SELECT run, outcome FROM runs") == before


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE x(s) AS (SELECT 'a' UNION ALL SELECT s || s FROM x) SELECT max(length(s)) FROM x",
        "WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x) SELECT count(*) FROM x",
        "SELECT count(*) FROM steps a, steps b, steps c, steps d, steps e, steps f, steps g, steps h, steps i",
        "SELECT replace(replace(replace(upper(input), '1', output), '2', output), '3', input || output) FROM runs",
    ],
)
def test_a_question_without_end_is_ended_and_the_next_is_answered(asked: Store, sql: str) -> None:
    limits = QuestionLimits(seconds=0.5)
    try:
        ask(asked, sql, limits=limits)
    except QuestionError as err:
        assert "Narrow it" in str(err) or "cannot be answered" in str(err)
    assert rows(asked, "SELECT count(*) FROM runs") == [(3,)]


def test_an_answer_says_where_it_was_cut(asked: Store) -> None:
    limits = QuestionLimits(rows=2, cell=5)
    answer = ask(asked, "SELECT input FROM runs ORDER BY run", limits=limits).answer
    assert answer.more == "rows" and answer.rows[0][0].startswith("Refun…+")


def test_the_text_keeps_to_its_budget_and_says_how_to_go_on(asked: Store) -> None:
    many = "WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x WHERE i < 190)"
    sql = f"{many} SELECT i, input, output FROM x, runs WHERE run = 2"
    text = question_text(ask(asked, sql), budget=400)
    assert count_tokens(text) <= 400 and "OFFSET" in text and "untrusted" in text


def test_a_changed_run_has_its_new_rows(asked: Store, traces: Builder) -> None:
    assert rows(asked, "SELECT count(*) FROM steps WHERE run = 3") == [(2,)]
    traces.add(says("user", "theirs"), says("assistant", "private"), says("user", "more"), id="other", project="theirs")
    assert rows(asked, "SELECT count(*) FROM steps WHERE run = 3") == [(3,)]


def test_half_a_character_is_no_word_of_any_run(asked: Store) -> None:
    assert rows(asked, "SELECT count(*) FROM runs WHERE task = 'a\ud800'") == [(0,)]


def test_a_store_that_was_opened_to_read_answers_too(asked: Store) -> None:
    rows(asked, "SELECT 1")
    with open_store(asked.location, read_only=True) as other:
        assert rows(other, "SELECT count(*) FROM runs") == [(3,)]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("fuzz") / "store.db") as opened:
        yield opened


# fmt: off
WORDS = (
    "select", "from", "with", "recursive", "as", "runs", "setting", "trace", "body", "main.", "temp.", "(", ")", ",",
    "*", "'", '"', "[", "]", "--", "/*", "*/", ";", "union all", "value", "token", "1", "x", "where", "exists", "join",
)
# fmt: on


@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_no_mixture_of_words_reads_the_tables(fuzzed: Store, words: list[str]) -> None:
    with fuzzed.write() as con:
        con.execute(KEEP_SECRET, {"secret": SECRET})
    try:
        found = ask(fuzzed, "select " + " ".join(words), limits=QuestionLimits(seconds=1.0)).answer.rows
    except RetrospanError as err:
        assert SECRET not in str(err)
    else:
        assert SECRET not in str(found)


def test_the_process_ends_with_the_store(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    ask(store, "SELECT 1")
    process = store._questions._process  # type: ignore[union-attr]
    store.close()
    assert process is not None and process.poll() is not None
