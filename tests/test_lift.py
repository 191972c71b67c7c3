"""The lift experiment: what a door writes down, what a quote must be, and what a mended call is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield


@pytest.fixture
def files(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    (place / "data").mkdir(parents=True)
    (place / "data" / "desk.jsonl").write_text('{"id": "r1"}\n')
    return place


def _logged(place: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (place / "log.jsonl").read_text().splitlines()]


def test_a_call_is_written_down_with_its_size_and_repetition(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lift.door import main

    monkeypatch.setenv("LIFT_RUN", "3")
    assert main([str(files), "outcome-counts", "python", "print(open('desk.jsonl').read())"]) == 0
    (row,) = _logged(files)
    assert (row["arm"], row["run"], row["verb"], row["failed"]) == ("files", 3, "python", False)
    assert row["characters"] == len('{"id": "r1"}\n\n')


def test_a_long_output_is_cut_and_counted_as_it_was_shown(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from lift.door import MOST, main

    main([str(files), "outcome-counts", "python", f"print('x' * {MOST + 500})"])
    shown = capsys.readouterr().out
    assert "[cut: 501 more characters]" in shown
    assert _logged(files)[0]["characters"] == len(shown) - 1


@pytest.mark.parametrize("given", [("python", "1 / 0"), ("sql", "SELECT 1"), ("call", "search_traces")])
def test_an_error_and_a_verb_of_another_arm_are_written_down_as_failed(files: Path, given: tuple[str, str]) -> None:
    from lift.door import main

    assert main([str(files), "outcome-counts", *given]) == 1
    assert _logged(files)[0]["failed"] is True


def test_the_database_is_read_and_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from lift.door import main

    with closing(sqlite3.connect(tmp_path / "spans.db")) as con, con:
        con.execute("CREATE TABLE spans (name TEXT)")
    assert main([str(tmp_path), "outcome-counts", "sql", "INSERT INTO spans VALUES ('x')"]) == 1
    assert main([str(tmp_path), "outcome-counts", "sql", "SELECT count(*) AS n FROM spans"]) == 0
    assert capsys.readouterr().out.endswith("n\n0\n")


def test_what_was_asked_and_not_answered_is_wrong_and_has_its_cost(files: Path) -> None:
    from lift.door import main
    from lift.score import read_trials

    main([str(files), "outcome-counts", "about"])
    main([str(files), "outcome-counts", "python", "print('12345678')"])
    (trial,) = read_trials(files.parent)
    assert (trial.right, trial.calls, trial.errors) == (False, 1, 0)
    assert trial.tokens == 9 / 4
    assert trial.definitions > 0


def _case(*calls: tuple[str, str, str]) -> Any:
    from datasets import Case

    messages: list[dict[str, Any]] = []
    for tool, arguments, result in calls:
        call = {"type": "function", "function": {"name": tool, "arguments": arguments}}
        messages += [
            {"role": "assistant", "content": "One moment.", "tool_calls": [call]},
            {"role": "tool", "content": result},
        ]
    return Case("desk/1", {"id": "desk/1", "messages": messages})


REFUSED = ("cancel_pending_order", '{"order_id": "A"}', "Error: not found")


@pytest.mark.parametrize(
    ("then", "mended"),
    [
        (("cancel_pending_order", '{"order_id": "B"}', "cancelled"), True),
        (("cancel_pending_order", '{"order_id": "A"}', "cancelled"), False),
        (("cancel_pending_order", '{"order_id": "B"}', "Error: not found"), False),
        (("return_delivered_order_items", '{"order_id": "B"}', "returned"), False),
    ],
)
def test_a_call_is_mended_by_the_same_tool_with_other_arguments(then: tuple[str, str, str], mended: bool) -> None:
    from lift.gold import refused_then_changed

    case = _case(REFUSED, then)
    assert refused_then_changed([case]) == (["desk/1"] if mended else [])


@pytest.mark.parametrize(
    ("quote", "right"),
    [
        ('{"order_id":"A-3112", "reason": "no longer needed"}', True),
        ("order_id=A-3112 reason=no longer needed", True),
        ("One  moment. cancel_pending_order", True),
        ("cancelled, A-3112", True),
        ("moment", False),
        ("order_id=A-9999 reason=no longer needed", False),
    ],
)
def test_a_quote_hits_by_its_letters_in_words_arguments_or_result(quote: str, right: bool) -> None:
    from lift.gold import is_quoted, seen

    case = _case(("cancel_pending_order", '{"order_id": "A-3112", "reason": "no longer needed"}', "Cancelled: A-3112."))
    assert is_quoted(quote, [seen(case, 0)]) is right


def test_a_result_belongs_to_the_call_with_its_id_else_to_the_oldest_open_one() -> None:
    from datasets import Case
    from lift.corpus import calls_of

    made = [{"id": key, "function": {"name": key, "arguments": "{}"}} for key in ("first", "second")]
    answers = [{"role": "tool", "tool_call_id": "second", "content": "2"}, {"role": "tool", "content": "1"}]
    case = Case("desk/2", {"messages": [{"role": "assistant", "tool_calls": made}, *answers]})
    assert [(call.tool, call.result, call.at) for call in calls_of(case)] == [("first", "1", 2), ("second", "2", 1)]


def test_spans_carry_what_the_run_is_and_nothing_of_its_labels() -> None:
    from dataclasses import replace

    from lift.spans import spans_of

    case = replace(_case(REFUSED), outcome="fail", steps=(0,), extra={"quotes": ["secret label"]})
    root, turn, tool = spans_of("desk", 0, case)
    assert (root.attributes["run.id"], root.attributes["run.outcome"]) == ("desk/1", "fail")
    assert [span.parent_span_id for span in (turn, tool)] == [root.span_id] * 2
    assert tool.attributes["gen_ai.tool.call.result"] == "Error: not found"
    assert "secret label" not in str([root, turn, tool])
