"""Runs that repeat a failure which a person has confirmed: the same course, without any difference that counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...analysis.alignment import diff_traces
from ...model.reviews import Label, Verdict
from ...model.traces import Trace
from ...store.contract import Store
from ...store.experiments.production import later_alike
from ...store.reading.summaries import get_trace, traces_in_turn
from ...store.reviews.reviewers import load_trust
from ...store.reviews.verdicts import list_verdicts

_MOST = 100
"""Later runs that one verdict is held against."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A confirmed failure, and the later runs that repeat it, newest first."""

    verdict: Verdict
    trace_ids: tuple[int, ...]


def find_recurrences(store: Store, verdicts: Sequence[Verdict] | None = None) -> list[Recurrence]:
    """The confirmed failures that later runs repeat.

    Args:
        store: Where.
        verdicts: Which to look at; all by default. Only fails with a valid signature count.

    Cost: one alignment for each later run of the same request with as many steps, 100 a verdict at most.
    """
    if verdicts is None:
        verdicts = list_verdicts(store, trust=load_trust(store))
    found = []
    for verdict in verdicts:
        if verdict.confirmed and verdict.answer.label is Label.FAIL and verdict.trace_id is not None:
            repeats = repeats_of(store, verdict.trace_id)
            if repeats:
                found.append(Recurrence(verdict, repeats))
    return found


def repeats_of(store: Store, trace_id: int) -> tuple[int, ...]:
    """The later runs without a difference from this one."""
    with store.read() as con:
        candidates = later_alike(con, trace_id, _MOST)
    if not candidates:
        return ()
    judged = get_trace(store, trace_id)
    return tuple(other.summary.id for other in traces_in_turn(store, candidates) if _same(judged, other))


def _same(judged: Trace, other: Trace) -> bool:
    return not diff_traces(judged, other).differences
