"""What one call reads of a run and of the runs beside it: rules, siblings, turns before and signals, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.conversations import EarlierTurn
from ...model.findings import Signal
from ...model.traces import Trace, TraceSummary
from ...store.contract import Store
from ...store.reading.conversations import earlier_turns
from ...store.reading.summaries import get_summaries, get_summary, get_trace, get_traces
from .analysing import bring_up, known_signals, rules_now
from .siblings import SIBLINGS_READ, find_siblings


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A run beside its siblings; their steps are not read yet."""

    summary: TraceSummary
    signals: tuple[Signal, ...]
    siblings: tuple[TraceSummary, ...]
    because: str
    """How the siblings were chosen."""
    earlier: tuple[EarlierTurn, ...]
    """The turns of the session before the run."""
    rules: str
    """The name of the rules that the signals were found by."""

    def read(self, store: Store) -> tuple[Trace, Sequence[Trace]]:
        """The run and its siblings with their steps, all in one reading.

        Raises:
            UnknownIdError: if the run was erased meanwhile.
        """
        found = get_traces(store, [self.summary.id, *(sibling.id for sibling in self.siblings)])
        if not found or found[0].summary.id != self.summary.id:
            found.insert(0, get_trace(store, self.summary.id))
        return found[0], found[1:]


def lay_out(store: Store, trace_id: int) -> LaidOut:
    """A run, its signals, and the siblings that a report on it rests on, all of them analysed.

    Raises:
        UnknownIdError: if there is no such trace.

    Cost: some twenty short statements where everything was analysed before.
    """
    summary = get_summary(store, trace_id)
    siblings = find_siblings(store, summary, SIBLINGS_READ)
    ids = [trace_id, *(sibling.id for sibling in siblings.summaries)]
    known = [summary, *siblings.summaries]
    rules = rules_now(store)
    if bring_up(store, ids, rules):
        known = get_summaries(store, ids)
    return LaidOut(
        known[0],
        known_signals(store, [trace_id], rules)[trace_id],
        tuple(known[1:]),
        siblings.because,
        earlier_turns(store, [trace_id]).get(trace_id, ()),
        rules.name,
    )
