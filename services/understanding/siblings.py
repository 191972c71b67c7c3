"""Which other runs a run can be held against: the same task, else the most alike first input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process, utils

from ...model.query import Filter, Query
from ...model.traces import Outcome, TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.search.lines import search
from .analysing import analyse

_ALIKE = 72.0
"""Token-set similarity of first inputs (0 to 100) from which two runs count as the same request."""
_RECENT = 400
_MOST = 24
SIBLINGS_READ = 12
"""Siblings whose steps are read for one report; more add cost, not accuracy."""


@dataclass(frozen=True, slots=True)
class Siblings:
    """Runs of the same work, and how they were chosen."""

    summaries: tuple[TraceSummary, ...]
    because: str


def find_siblings(store: Store, trace: TraceSummary, limit: int = _MOST) -> Siblings:
    """Runs comparable with `trace`, newest first.

    The same declared task, else the same fingerprint of first input and entry point, else the most alike first inputs
    among the newest runs of the project.
    """
    if trace.task:
        query = Query("", filters=(Filter("task", "=", trace.task, False), _same_project(trace)))
        same = _others(store, trace, query, _MOST + 1)
        if same:
            how = f"same task {trace.task!r}" if trace.task_declared else "same first input"
            return Siblings(_chosen(same, limit), how)
    recent = _others(store, trace, Query("", filters=(_same_project(trace),)), _RECENT)
    alike = process.extract(
        trace.input[:2_000],
        [s.input[:2_000] for s in recent],
        scorer=fuzz.token_set_ratio,
        processor=utils.default_process,
        score_cutoff=_ALIKE,
        limit=_MOST,
    )
    return Siblings(_chosen([recent[i] for _, _, i in alike], limit), "alike first input")


def _chosen(siblings: Sequence[TraceSummary], limit: int) -> tuple[TraceSummary, ...]:
    """At most half for runs known to have passed, wherever they stand, as they say most; the newest for the rest."""
    passed = [s for s in siblings if s.outcome is Outcome.PASS][: limit // 2]
    rest = [s for s in siblings if s not in passed][: limit - len(passed)]
    return tuple(s for s in siblings if s in passed or s in rest)


def _same_project(trace: TraceSummary) -> Filter:
    return Filter("project", "=", trace.project, False)


def _others(store: Store, trace: TraceSummary, query: Query, limit: int) -> list[TraceSummary]:
    ids = [hit.trace_id for hit in search(store, query, limit=limit) if hit.trace_id != trace.id]
    return get_summaries(store, ids)


def went_well(summary: TraceSummary) -> bool:
    """Passed, or where nobody said: no failure signal and no error."""
    if summary.outcome is Outcome.UNKNOWN:
        return not summary.signals and summary.status != "error"
    return summary.outcome is Outcome.PASS


def choose_partner(store: Store, trace: TraceSummary) -> tuple[TraceSummary, str] | None:
    """The run to diff `trace` against when the caller names none: a sibling that went well.

    One that is known to have passed comes first, then the nearest length, the same version, the newest.

    Returns:
        The partner and why it was chosen; None where no other run is comparable.
    """
    siblings = find_siblings(store, trace)
    analyse(store, [s.id for s in siblings.summaries])
    candidates = get_summaries(store, [s.id for s in siblings.summaries])
    if not candidates:
        return None
    good = [s for s in candidates if went_well(s)]
    pool: Sequence[TraceSummary] = good or candidates
    partner = min(pool, key=lambda sibling: _distance(trace, sibling))
    if partner.outcome is Outcome.PASS:
        quality = f"it passed (by {partner.outcome_source.in_words})"
    elif good:
        quality = "it shows no failure signal"
    else:
        quality = "no comparable run is known to have gone well"
    return partner, f"{siblings.because}; {quality}"


def _distance(trace: TraceSummary, sibling: TraceSummary) -> tuple[bool, int, bool, int]:
    known = sibling.outcome is Outcome.PASS
    length = abs(sibling.step_count - trace.step_count)
    return not known, length, sibling.version != trace.version, -sibling.id
