"""Explain one trace: its suspects, and how it differs from a run that went well."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from ...analysis.alignment import diff_traces
from ...analysis.suspects import find_suspects
from ...model.errors import UsageError
from ...model.findings import Signal, SuspectReport, TraceDiff
from ...model.traces import Trace, TraceSummary
from ...store.contract import Store
from ...store.findings.signals import load_suspects, save_suspects
from ...store.reading.summaries import get_trace
from .analysing import rules_of, signals_of
from .siblings import choose_partner, read_siblings, went_well
from .weights import weighted_sources

_FORM = "suspects 2"
"""Raise it when the same run would be ranked otherwise: what stores have kept is then made anew."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A trace, its signals and its suspects."""

    trace: Trace
    signals: tuple[Signal, ...]
    report: SuspectReport
    siblings: int
    siblings_because: str
    good: int
    """Of the siblings that were read, those that passed or, where nobody said, show no failure signal."""


def explain_trace(store: Store, trace_id: int) -> Explanation:
    """Rank the steps of a trace by how likely its failure began there. Kept until the trace or its siblings change."""
    signals = signals_of(store, [trace_id])[trace_id]
    trace = get_trace(store, trace_id)
    known, because = read_siblings(store, trace.summary)
    sources = weighted_sources(store, trace.summary.project)
    key = _cache_key(
        trace.summary, known, [_FORM, rules_of(store), *(f"{name}={w}" for name, (_, w) in sources.items())]
    )
    report = load_suspects(store, trace_id, key)
    if report is None:
        report = find_suspects(trace, signals, [get_trace(store, s.id) for s in known], sources=sources)
        if not store.read_only:
            save_suspects(store, trace_id, key, report)
    return Explanation(trace, signals, report, len(known), because, sum(map(went_well, known)))


def _cache_key(trace: TraceSummary, siblings: list[TraceSummary], rests_on: list[str]) -> str:
    parts = [*rests_on, f"{trace.revision}:{trace.outcome}"]
    parts += sorted(f"{s.id}:{s.revision}:{s.outcome}:{','.join(s.signals)}" for s in siblings)
    return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs aligned, and why the right one was chosen."""

    left: Trace
    right: Trace
    diff: TraceDiff
    partner_because: str

    @property
    def teaches(self) -> bool:
        """Whether one of the two went well, so that what differs may be why the other did not."""
        return went_well(self.left.summary) or went_well(self.right.summary)


def compare_traces(store: Store, left_id: int, right_id: int | None = None) -> Comparison:
    """Diff a trace against another, or against the best comparable run.

    Raises:
        UsageError: if no partner is named and none is comparable, or both are the same trace.
        UnknownIdError: if a trace does not exist.
    """
    left = get_trace(store, left_id)
    because = "named by the caller"
    if right_id is None:
        chosen = choose_partner(store, left.summary)
        if chosen is None:
            raise UsageError(
                f"No run is comparable with {left.summary.short_id}: none has its task or a like first input. "
                "Name the other trace."
            )
        right_id, because = chosen[0].id, chosen[1]
    if right_id == left_id:
        raise UsageError(f"{left.summary.short_id} cannot be compared with itself. Name another trace, or none.")
    right = get_trace(store, right_id)
    return Comparison(left, right, diff_traces(left, right), because)
