"""One run against all comparable runs that went well."""

from __future__ import annotations

from dataclasses import dataclass

from ...analysis.consensus import Shared, consensus
from ...model.errors import UsageError
from ...model.traces import Outcome, Trace, TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries, get_trace, get_traces
from .analysing import analyse
from .siblings import find_siblings, went_well

_LEAST = 2


@dataclass(frozen=True, slots=True)
class AgainstGood:
    """A run, the good runs that it was held against, and what sets it apart from them."""

    trace: Trace
    good: tuple[TraceSummary, ...]
    because: str
    """How the good runs were chosen."""
    shared: tuple[Shared, ...]


def compare_with_good(store: Store, trace_id: int) -> AgainstGood:
    """What all good siblings share and this run lacks, and what it alone has.

    Raises:
        UnknownIdError: if there is no such trace.
        UsageError: if fewer than two comparable runs went well.
    """
    trace = get_trace(store, trace_id)
    siblings = find_siblings(store, trace.summary)
    analyse(store, [s.id for s in siblings.summaries])
    known = [s for s in get_summaries(store, [s.id for s in siblings.summaries]) if went_well(s)]
    passed = [s for s in known if s.outcome is Outcome.PASS]
    good = passed if len(passed) >= _LEAST else known
    if len(good) < _LEAST:
        raise UsageError(
            f"{trace.summary.short_id} has {len(good)} comparable run(s) that went well; a consensus needs {_LEAST}. "
            f"Diff it against one run: retrospan trace diff {trace.summary.short_id}"
        )
    quality = "known to have passed" if good is passed else "without a failure signal"
    shared = consensus(trace, get_traces(store, [s.id for s in good]))
    return AgainstGood(trace, tuple(good), f"{siblings.because}; {quality}", shared)
