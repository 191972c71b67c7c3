"""Which traces there are."""

from __future__ import annotations

from conversations import Builder, says
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries
from retrospan.store.reading.trace_ids import (
    list_trace_ids,
    newest_trace_id,
    newest_trace_ids,
    next_trace_id,
    project_of,
    session_trace_ids,
    store_size,
    version_trace_ids,
)
from retrospan.store.search.lines import field_values
from retrospan.store.traces.spans import count_spans, root_span_id


def test_an_empty_store_has_none(store: Store) -> None:
    assert (newest_trace_id(store), next_trace_id(store, 0), list_trace_ids(store)) == (0, None, [])
    assert (newest_trace_ids(store, 5), newest_trace_ids(store, 5, "1"), project_of(store, 1)) == ([], [], None)
    assert (store_size(store), count_spans(store, 1), root_span_id(store, "p", "k")) == ((0, 0), 0, None)


def test_traces_by_age_and_by_what_their_id_begins_with(store: Store, traces: Builder) -> None:
    for number in range(12):
        traces.add(says("user", "hello"), project="a" if number % 2 else "b")
    assert (newest_trace_id(store), next_trace_id(store, 4), next_trace_id(store, 12)) == (12, 5, None)
    assert newest_trace_ids(store, 3) == [12, 11, 10]
    assert newest_trace_ids(store, 9, "1") == [12, 11, 10, 1]
    assert newest_trace_ids(store, 2, "1") == [12, 11]
    assert list_trace_ids(store, "a") == [2, 4, 6, 8, 10, 12]
    assert len(list_trace_ids(store)) == 12
    assert (project_of(store, 1), project_of(store, 2)) == ("b", "a")


def test_traces_of_a_session_come_in_order_of_time(store: Store, traces: Builder) -> None:
    for hour in (9, 7, 8):
        said = {**says("user", "hello"), "started_at": f"2026-01-01T0{hour}:00:00Z"}
        traces.add(said, session="s", project="p")
    traces.add(says("user", "elsewhere"), session="s", project="q")
    get_summaries(store, list_trace_ids(store))
    assert session_trace_ids(store, "p", "s", 9) == [2, 3, 1]
    assert session_trace_ids(store, "p", "s", 2) == [2, 3]
    assert session_trace_ids(store, "p", "other", 9) == []


def test_of_a_version_only_what_is_assembled_counts(store: Store, traces: Builder) -> None:
    for version in ("v1", "v2", "v2", None):
        traces.add(says("user", "hello"), project="p", **({"version": version} if version else {}))
    assert version_trace_ids(store, "p", "v2", 9) == []
    assert store_size(store) == (4, 4)
    get_summaries(store, [1, 2, 3, 4])
    assert store_size(store) == (4, 0)
    assert version_trace_ids(store, "p", "v2", 9) == [3, 2]
    assert version_trace_ids(store, "p", "v2", 1) == [3]
    assert version_trace_ids(store, "p", "", 9) == [4]
    assert field_values(store, "version") == ["v2", "v1"]


def test_a_trace_is_counted_and_begun_by_its_root(store: Store, traces: Builder) -> None:
    number = traces.add(says("user", "hello"), says("assistant", "hi"), project="p", id="k")
    (summary,) = get_summaries(store, [number])
    assert count_spans(store, number) >= summary.step_count > 0
    assert root_span_id(store, "p", "k") is not None
    assert root_span_id(store, "q", "k") is None
