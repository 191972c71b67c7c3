"""A call reads a run, its siblings and the rules once, however many siblings there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conversations import Builder, answers, calls, says
from retrospan.model.errors import UnknownIdError
from retrospan.services.understanding.analysing import analyse
from retrospan.services.understanding.desk import lay_out
from retrospan.services.understanding.explaining import explain_trace
from retrospan.services.understanding.opening import open_case
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading import summaries
from retrospan.store.reading.summaries import get_trace, get_traces, traces_in_turn
from statements import counted


def add_alike(traces: Builder, count: int) -> list[int]:
    """Runs of one task; the first fails."""
    return [
        traces.add(
            says("user", "Refund order 204"),
            calls("get_order", order="204"),
            answers("Error: timed out" if number == 0 else "paid on May 5"),
            says("assistant", f"Done for order 204, case {number}."),
            task="refund",
        )
        for number in range(count)
    ]


def statements_of(call: Callable[[Store, int], object], folder: Path, siblings: int) -> list[str]:
    """What a call runs in a store where all was analysed before."""
    with open_store(folder / f"{siblings}.db") as store:
        first, *_ = add_alike(Builder(store), siblings + 1)
        analyse(store)
        with counted() as ran:
            call(store, first)
    return ran


@pytest.mark.parametrize(("call", "most"), [(explain_trace, 40), (open_case, 45)])
def test_more_siblings_take_no_more_statements(call: Callable[[Store, int], object], most: int, tmp_path: Path) -> None:
    few, many = (statements_of(call, tmp_path, siblings) for siblings in (2, 9))
    assert Counter(few) == Counter(many)
    assert len(many) <= most


def test_spans_are_read_once_for_all_and_settings_once_each(tmp_path: Path) -> None:
    ran = statements_of(explain_trace, tmp_path, 5)
    assert sum("FROM span " in statement for statement in ran) == 1
    assert sum("FROM annotation" in statement for statement in ran) == 1


def test_traces_read_together_are_those_read_one_by_one(store: Store, traces: Builder) -> None:
    ids = add_alike(traces, 12)[::-1]
    alone = [get_trace(store, trace_id) for trace_id in ids]
    with counted() as ran:
        assert get_traces(store, [*ids, 99]) == alone
    assert len(ran) <= 12
    assert list(traces_in_turn(store, ids)) == alone
    assert get_traces(store, []) == []


def test_many_traces_are_read_a_few_at_a_time(store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = add_alike(traces, 5)
    held: list[int] = []

    def noted(where: Store, trace_ids: list[int]) -> object:
        held.append(len(trace_ids))
        return get_traces(where, trace_ids)

    steps = sum(len(trace.steps) for trace in get_traces(store, ids[:2]))
    monkeypatch.setattr(summaries, "get_traces", noted)
    monkeypatch.setattr(summaries, "_STEPS_AT_ONCE", steps)
    assert [trace.summary.id for trace in traces_in_turn(store, ids)] == ids
    assert held == [2, 2, 1]
    monkeypatch.setattr(summaries, "_STEPS_AT_ONCE", 1)
    assert [trace.summary.id for trace in traces_in_turn(store, ids)] == ids
    assert held[3:] == [1] * 5


def test_run_and_siblings_are_laid_out_with_what_was_just_found(store: Store, traces: Builder) -> None:
    first, *others = add_alike(traces, 4)
    found = lay_out(store, first)
    assert found.summary.signals
    assert {signal.signal for signal in found.signals if signal.failure} == set(found.summary.signals)
    assert {sibling.id for sibling in found.siblings} == set(others)
    trace, alike = found.read(store)
    assert (trace.summary.id, [other.summary.id for other in alike]) == (first, [s.id for s in found.siblings])


def test_a_run_that_is_not_there_is_named(store: Store, traces: Builder) -> None:
    add_alike(traces, 1)
    with pytest.raises(UnknownIdError, match="T77"):
        lay_out(store, 77)
