"""Marks set what is known of runs, and nothing stronger."""

from __future__ import annotations

import pytest
from conversations import Builder, says
from retrospan.model.errors import UsageError
from retrospan.model.traces import Outcome, OutcomeSource, SpanBatch, TraceFacts
from retrospan.services.receiving.marking import mark_traces
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries
from retrospan.store.reviews.verdicts import confirmed_verdicts
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh


def test_a_mark_sets_outcome_and_task_of_what_the_query_finds(store: Store, traces: Builder) -> None:
    first = traces.add(says("user", "refund please"), session="a")
    second = traces.add(says("user", "where is it?"), session="b")
    done = mark_traces(store, "session:a", outcome=Outcome.FAIL, task="refund")
    assert (done.found, done.changed) == (1, 1)
    marked, other = get_summaries(store, [first, second])
    assert (marked.outcome, marked.outcome_source, marked.task) == (Outcome.FAIL, OutcomeSource.MARK, "refund")
    assert other.outcome is Outcome.UNKNOWN
    assert confirmed_verdicts(store) == {}


def test_marking_again_changes_nothing(store: Store, traces: Builder) -> None:
    traces.add(says("user", "refund please"))
    mark_traces(store, "refund", outcome=Outcome.PASS)
    assert mark_traces(store, "refund", outcome=Outcome.PASS).changed == 0


def test_a_mark_outlives_the_import_of_the_same_file_again(store: Store, traces: Builder) -> None:
    trace_id = traces.add(says("user", "refund please"))
    key = get_summaries(store, [trace_id])[0].external_id
    imported = TraceFacts(key, task="imported", outcome=Outcome.PASS, version="v1")
    commit_batch(store, SpanBatch([], [imported]))
    mark_traces(store, "refund", outcome=Outcome.FAIL, task="marked")
    assert commit_batch(store, SpanBatch([], [imported])).changed_trace_ids == frozenset()
    refresh(store)
    kept = get_summaries(store, [trace_id])[0]
    assert (kept.outcome, kept.outcome_source, kept.task, kept.version) == (
        Outcome.FAIL,
        OutcomeSource.MARK,
        "marked",
        "v1",
    )
    mark_traces(store, "refund", outcome=Outcome.PASS)
    refresh(store)
    assert get_summaries(store, [trace_id])[0].outcome is Outcome.PASS


def test_a_dry_run_changes_nothing(store: Store, traces: Builder) -> None:
    trace_id = traces.add(says("user", "refund please"))
    assert mark_traces(store, "refund", outcome=Outcome.PASS, dry_run=True).found == 1
    assert get_summaries(store, [trace_id])[0].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("query", "outcome"), [("", Outcome.PASS), ("refund", None)])
def test_an_empty_query_or_nothing_to_set_is_refused(store: Store, query: str, outcome: Outcome | None) -> None:
    with pytest.raises(UsageError):
        mark_traces(store, query, outcome=outcome)
