"""Explain one trace: its suspects, and how it differs from a run that went well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from ...analysis.alignment import diff_traces
from ...analysis.suspects import find_suspects
from ...model.conversations import said_before
from ...model.errors import UsageError
from ...model.findings import Signal, SuspectReport, TraceDiff
from ...model.traces import Trace, TraceSummary
from ...store.contract import Store
from ...store.findings.signals import load_suspects, save_suspects
from ...store.reading.summaries import get_summary, get_trace, get_traces
from .desk import lay_out
from .siblings import choose_partner, went_well
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
    found = lay_out(store, trace_id)
    sources = weighted_sources(store, found.summary.project)
    rests_on = [_FORM, found.rules, *(f"{name}={w}" for name, (_, w) in sources.items())]
    rests_on += [f"after {turn.trace_id}:{turn.revision}" for turn in found.earlier]
    key = _cache_key(found.summary, found.siblings, rests_on)
    report = load_suspects(store, trace_id, key)
    if report is None:
        trace, alike = found.read(store)
        report = find_suspects(trace, found.signals, alike, sources=sources, earlier=said_before(found.earlier))
        if not store.read_only:
            save_suspects(store, trace_id, key, report)
    else:
        trace = get_trace(store, trace_id)
    good = sum(map(went_well, found.siblings))
    return Explanation(trace, found.signals, report, len(found.siblings), found.because, good)


def _cache_key(trace: TraceSummary, siblings: Sequence[TraceSummary], rests_on: list[str]) -> str:
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
    because = "named by the caller"
    if right_id is None:
        summary = get_summary(store, left_id)
        chosen = choose_partner(store, summary)
        if chosen is None:
            raise UsageError(
                f"No run is comparable with {summary.short_id}: none has its task or a like first input. "
                "Name the other trace."
            )
        right_id, because = chosen[0].id, chosen[1]
    if right_id == left_id:
        raise UsageError(f"T{left_id} cannot be compared with itself. Name another trace, or none.")
    found = {trace.summary.id: trace for trace in get_traces(store, [left_id, right_id])}
    left, right = (found.get(trace_id) or get_trace(store, trace_id) for trace_id in (left_id, right_id))
    return Comparison(left, right, diff_traces(left, right), because)
