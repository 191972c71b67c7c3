"""What a person sees first, each part by itself."""

from __future__ import annotations

from retrospan.model.traces import SpanBatch
from retrospan.services.finding.overview import failing_now, newest_runs, waiting_items
from retrospan.services.modes.catching_up import backlog, catch_up
from retrospan.services.reviewing.asking import request_review
from retrospan.store.contract import Store
from retrospan.store.reading.trace_ids import store_size
from retrospan.store.traces.commit import commit_batch
from reviewdesk import QUESTION, Desk, refund_run


def test_empty_store_has_nothing_to_show(store: Store) -> None:
    assert (newest_runs(store).total, failing_now(store).findings, waiting_items(store).items) == (0, (), ())


def test_parts_name_failures_with_an_example_and_what_waits(desk: Desk) -> None:
    request_review(desk.store, "T2", QUESTION, by="agent:x")
    assert failing_now(desk.store).findings == (), "nothing is analysed by looking"
    catch_up(desk.store, seconds=60)
    found = [(entry.signal, entry.traces, entry.example) for entry in failing_now(desk.store).findings]
    assert found == [("ungrounded_value", 1, "T1.2")]
    assert waiting_items(desk.store).total == 1
    newest = newest_runs(desk.store)
    assert (newest.total, newest.since_yesterday) == (2, 0)
    assert [trace.short_id for trace in newest.runs] == ["T2", "T1"]


def test_newest_runs_are_shown_before_the_others_are_assembled(store: Store) -> None:
    spans = [span for number in range(70) for span in refund_run(f"run-{number}", "You have 30 days.")]
    commit_batch(store, SpanBatch(spans=spans))
    newest = newest_runs(store)
    assert (newest.total, newest.runs[0].short_id, len(newest.runs)) == (70, "T70", 50)
    assert store_size(store).waiting == 20


def test_what_waits_is_worked_off_in_turns_newest_first(store: Store) -> None:
    spans = [span for number in range(70) for span in refund_run(f"run-{number}", "You have 45 days.")]
    commit_batch(store, SpanBatch(spans=spans))
    first = catch_up(store, seconds=0)
    assert (first.to_analyse, first.to_place) == (38, 32) and "not in these numbers yet" in first.in_words
    assert failing_now(store).findings[0].traces == 32
    turns = 1
    while catch_up(store, seconds=0).runs:
        turns += 1
    assert 3 <= turns <= 20 and backlog(store).runs == 0
