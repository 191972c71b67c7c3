"""Whom does "enough evidence" accuse? Every run's own outcome is withheld; what is known of the others varies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from datasets import Case
from intervals import auroc, bootstrap, rate
from rapidfuzz import fuzz, process, utils
from retrospan.analysis.evidence.enough import strength
from retrospan.analysis.evidence.inquiry import inquire
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import report_on
from retrospan.model.traces import Trace
from runs import trace_of

CONDITIONS = ("task known, outcomes withheld", "task and other outcomes known", "nothing known", "alone")
_ALIKE = 72.0
_MOST = 12
"""As the product looks for siblings where no task is known."""


def has_both(cases: Sequence[Case]) -> bool:
    """Are there runs that passed and runs that failed?"""
    return {case.outcome for case in cases} >= {"pass", "fail"}


def measure(cases: Sequence[Case]) -> dict[str, Any]:
    """Per condition: AUROC and who is accused; then failure signals per run.

    "Nothing known" finds siblings by their first request, over all tasks, as the product does; "alone" has none.
    """
    found: dict[str, Any] = {condition: _separated(_scored(cases, condition)) for condition in CONDITIONS}
    for outcome in ("pass", "fail"):
        chosen = [trace_of(case, strip=True) for case in cases if case.outcome == outcome]
        counts = [sum(item.failure for item in find_signals(trace)) for trace in chosen]
        found[f"failure signals, runs that {outcome}"] = round(sum(counts) / max(1, len(counts)), 2)
    return found


class Scored(NamedTuple):
    """A run with how strongly it stands apart, and whether it is accused."""

    case: Case
    strength: float
    accused: bool


def _scored(cases: Sequence[Case], condition: str) -> list[Scored]:
    bare = {case.id: trace_of(case, strip=True) for case in cases}
    known = {case.id: trace_of(case) for case in cases}
    scored = []
    for case in cases:
        alike = list(_alike(case, cases, bare, known, condition))
        opened = inquire(bare[case.id], find_signals(bare[case.id]), alike)
        scored.append(Scored(case, strength(opened), report_on(opened).enough_evidence))
    return scored


def _alike(
    case: Case, cases: Sequence[Case], bare: dict[str, Trace], known: dict[str, Trace], condition: str
) -> Iterator[Trace]:
    others = [other for other in cases if other is not case]
    if condition == "nothing known":
        first = bare[case.id].summary.input[:2_000]
        inputs = [bare[other.id].summary.input[:2_000] for other in others]
        options: dict[str, Any] = {"processor": utils.default_process, "score_cutoff": _ALIKE, "limit": _MOST}
        nearest = process.extract(first, inputs, scorer=fuzz.token_set_ratio, **options)
        yield from (bare[others[place].id] for _, _, place in nearest)
    elif condition != "alone":
        traces = known if condition == "task and other outcomes known" else bare
        yield from (traces[other.id] for other in others if other.group == case.group)


def _separated(scored: Sequence[Scored]) -> dict[str, Any]:
    """AUROC with an interval over resampled tasks; shares of runs accused."""
    tasks: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for case, score, _ in scored:
        tasks[case.group].append((case.outcome or "", score))

    def over(sample: Sequence[str]) -> float:
        items = [item for task in sample for item in tasks[task]]
        return auroc([s for outcome, s in items if outcome == "fail"], [s for outcome, s in items if outcome == "pass"])

    low, high = bootstrap(sorted(tasks), over, 300)
    found: dict[str, Any] = {"auroc": f"{over(sorted(tasks)):.3f} [{low:.2f}, {high:.2f}]"}
    for outcome, told in (("pass", "passing"), ("fail", "failing")):
        accused = [item.accused for item in scored if item.case.outcome == outcome]
        found[f"{told} accused"] = str(rate(accused)).strip()
    return found
