"""What runs that failed without a signal are suspected of, for their failure modes."""

from __future__ import annotations

from collections.abc import Sequence

from ...analysis.modes.suspicion import Suspicion, suspicion_of
from ...model.findings import Signal
from ...model.traces import Trace
from ...store.contract import Store
from ...store.reading.summaries import get_traces
from ..understanding.siblings import SIBLINGS_READ, find_siblings


def suspicion(store: Store, trace: Trace, signals: Sequence[Signal]) -> Suspicion | None:
    """What was seen to be wrong in a run, held against its siblings; None where that is not enough.

    Cost: one reading of each of at most 12 siblings, some 15 ms in all.
    """
    siblings = find_siblings(store, trace.summary, SIBLINGS_READ)
    return suspicion_of(trace, signals, get_traces(store, [summary.id for summary in siblings.summaries]))
