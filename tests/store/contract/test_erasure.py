"""Choosing what is erased, what is left of it, and what is swept."""

from __future__ import annotations

import pytest
from conversations import Builder, says
from retrospan.model.query import parse_query
from retrospan.model.traces import SpanBatch
from retrospan.store.contract import Store
from retrospan.store.erasure.choosing import knowledge_texts, trace_keys, traces_before, traces_named
from retrospan.store.erasure.records import Occasion, erased_keys, list_erasures, redacted_spans
from retrospan.store.erasure.removal import remove_traces
from retrospan.store.erasure.rewriting import redact_traces
from retrospan.store.erasure.sweep import is_sweep_pending, mark, settle_sweep, sweep
from retrospan.store.reading.summaries import get_summaries, get_trace
from retrospan.store.reading.trace_ids import list_trace_ids
from retrospan.store.search.lines import search

WHY = Occasion("delete", "trace", "ada", "asked to", "2026-11-30T00:00:00+00:00")


@pytest.fixture
def runs(store: Store, traces: Builder) -> Store:
    for day, user, project in ((1, "ada", "p"), (2, "bob", "p"), (3, "ada", "q"), (4, "eve", "q")):
        said = {**says("user", f"pelican number{day}"), "started_at": f"2026-01-0{day}T00:00:00Z"}
        traces.add(said, says("assistant", f"answer{day}"), user=user, session=f"s-{user}", project=project)
    get_summaries(store, [1, 2, 3, 4])
    return store


def test_traces_are_chosen_by_age_and_by_name(runs: Store) -> None:
    (third,) = get_summaries(runs, [3])
    assert third.started_at_ns is not None
    assert traces_before(runs, third.started_at_ns) == [1, 2]
    assert traces_before(runs, third.started_at_ns + 1, project="q") == [3]
    assert traces_before(runs, third.started_at_ns, keep_reviewed=True) == [1, 2]
    assert traces_named(runs, "user", "ada") == [1, 3]
    assert traces_named(runs, "user", "ada", project="q") == [3]
    assert traces_named(runs, "session", "s-bob") == [2]
    assert traces_named(runs, "session", "s-") == []
    assert trace_keys(runs, [1, 4, 99]) == {"run-1", "run-4"}
    assert knowledge_texts(runs) == []


def test_of_what_was_removed_only_hashes_are_left(runs: Store) -> None:
    removed = remove_traces(runs, [1, 3, 99], WHY)
    assert (removed.traces, removed.verdicts, list_trace_ids(runs)) == (2, 0, [2, 4])
    (listed,) = list_erasures(runs)
    assert (listed.kind, listed.who, listed.traces, listed.spans) == ("delete", "ada", 2, removed.spans)
    assert erased_keys(runs, "p", ["run-1", "run-2", "never"]) == {"run-1"}
    assert erased_keys(runs, "q", ["run-1", "run-3"]) == {"run-3"}
    assert remove_traces(runs, [1], WHY).traces == 0


def test_what_only_erased_traces_held_is_swept_and_found_no_more(runs: Store) -> None:
    assert not is_sweep_pending(runs)
    remove_traces(runs, [1], WHY)
    assert is_sweep_pending(runs)
    assert sweep(runs, mark(runs)) > 0
    settle_sweep(runs)
    assert not is_sweep_pending(runs)
    assert mark(runs).dead == []
    assert search(runs, parse_query("number1"), limit=9) == []
    assert [hit.trace_id for hit in search(runs, parse_query("number2"), limit=9)] == [2]
    assert get_trace(runs, 2).summary.input == "pelican number2"
    with runs.read() as con:
        asked = {"words": runs.text.phrase("number1")}
        assert con.execute(runs.text.matches("words"), asked).fetchall() == []


def test_a_redacted_trace_holds_the_new_words_and_names_the_spans_that_changed(runs: Store) -> None:
    def redact(batch: SpanBatch) -> int:
        for span in batch.spans:
            span.name = "gone"
        return len(batch.spans)

    assert redact_traces(runs, [2, 99], redact, WHY) == len(get_trace(runs, 1).steps)
    assert all(step.name == "gone" for step in get_trace(runs, 2).steps)
    with runs.read() as con:
        spans = redacted_spans(con, 2)
        assert redacted_spans(con, 1) == frozenset()
    assert spans == {step.span_id for step in get_trace(runs, 2).steps}


@pytest.mark.parametrize(
    ("column", "tables"),
    [
        ("trace_id", {"span", "annotation", "occurrence", "signal", "embedding", "told_steps", "tombstone"}),
        ("body_id", {"occurrence"}),
        ("item_id", {"review_slot", "review_draft", "review_skip", "review_typed", "review_comment"}),
        ("no_such_column", set()),
    ],
)
def test_tables_are_found_by_their_columns(store: Store, column: str, tables: set[str]) -> None:
    with store.read() as con:
        found = store.erasing.tables_with(con, column)
    assert tables <= set(found)
    assert bool(found) == bool(tables)
    assert not {"verdict", "verdict_subject", "erasure", "chain"} & set(found)
