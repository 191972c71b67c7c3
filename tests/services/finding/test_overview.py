"""What a person sees first."""

from __future__ import annotations

from retrospan.services.finding.overview import overview
from retrospan.services.reviewing.asking import request_review
from retrospan.store.contract import Store
from reviewdesk import QUESTION, Desk


def test_empty_store_has_nothing_to_show(store: Store) -> None:
    found = overview(store)
    assert (found.total, found.findings, found.waiting, found.newest) == (0, (), (), ())


def test_overview_names_failures_with_an_example_and_what_waits(desk: Desk) -> None:
    request_review(desk.store, "T2", QUESTION, by="agent:x")
    found = overview(desk.store)
    assert [(entry.signal, entry.traces, entry.example) for entry in found.findings] == [
        ("ungrounded_value", 1, "T1.2")
    ]
    assert (found.total, found.looked_at, found.waiting_total, found.since_yesterday) == (2, 2, 1, 0)
    assert [trace.short_id for trace in found.newest] == ["T2", "T1"]
