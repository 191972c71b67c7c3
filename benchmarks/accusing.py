"""Whom does "enough evidence" accuse? Every run's own outcome is withheld; what is known of the others varies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from datasets import Case
from intervals import auroc, bootstrap, rate
from rapidfuzz import fuzz, process, utils
from retrospan.analysis import suspects as method
from retrospan.analysis.evidence.case import open_case
from retrospan.analysis.evidence.enough import THRESHOLD, strength
from retrospan.analysis.signals.registry import find_signals
from retrospan.model.traces import Trace
from runs import half_of, trace_of

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


def crossed(chosen_on: Sequence[Case], reported_on: Sequence[Case], most: float = 0.1) -> dict[str, Any]:
    """The lowest threshold that accuses at most this share of the passing runs of one set, tried on another set."""
    ours, theirs = (_scored(cases, CONDITIONS[0]) for cases in (chosen_on, reported_on))
    passing = sorted((score for case, score in ours if case.outcome == "pass"), reverse=True)
    bound = passing[int(most * len(passing))]
    threshold = min((score for _, score in ours if score > bound), default=bound)
    accused = {
        outcome: [score >= threshold for case, score in theirs if case.outcome == outcome]
        for outcome in ("pass", "fail")
    }
    return {
        "threshold": round(threshold, 3),
        "passing accused": str(rate(accused["pass"])).strip(),
        "failing accused": str(rate(accused["fail"])).strip(),
    }


def _scored(cases: Sequence[Case], condition: str) -> list[tuple[Case, float]]:
    bare = {case.id: trace_of(case, strip=True) for case in cases}
    known = {case.id: trace_of(case) for case in cases}
    scored = []
    for case in cases:
        alike = list(_alike(case, cases, bare, known, condition))
        opened = open_case(bare[case.id], find_signals(bare[case.id]), alike)
        clues = {name: list(source(opened)) for name, (source, _) in method.SOURCES.items()}
        scored.append((case, strength(opened, clues)))
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


def _separated(scored: Sequence[tuple[Case, float]]) -> dict[str, Any]:
    """AUROC with an interval over resampled tasks; shares of runs accused, in all and by half."""
    tasks: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for case, score in scored:
        tasks[case.group].append((case.outcome or "", score))

    def over(sample: Sequence[str]) -> float:
        items = [item for task in sample for item in tasks[task]]
        return auroc([s for outcome, s in items if outcome == "fail"], [s for outcome, s in items if outcome == "pass"])

    low, high = bootstrap(sorted(tasks), over, 300)
    found: dict[str, Any] = {"auroc": f"{over(sorted(tasks)):.3f} [{low:.2f}, {high:.2f}]"}
    for half in ("all", "tune", "report"):
        for outcome, told in (("pass", "passing"), ("fail", "failing")):
            accused = [
                score >= THRESHOLD
                for case, score in scored
                if case.outcome == outcome and half in ("all", half_of(case))
            ]
            found[f"{told} accused, {half}"] = str(rate(accused)).strip()
    return found
