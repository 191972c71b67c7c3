"""Whom does "enough evidence" accuse? Every run's own outcome is withheld; what is known of the others varies."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from datasets import DATA, Case
from intervals import auroc, bootstrap, rate
from rapidfuzz import fuzz, process, utils
from retrospan.analysis.evidence.enough import strength
from retrospan.analysis.evidence.inquiry import inquire
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import report_on
from retrospan.model.query import parse_query
from retrospan.model.traces import Trace
from retrospan.services.receiving.importing import import_paths
from retrospan.services.understanding.explaining import explain_trace
from retrospan.store.opening import open_store
from retrospan.store.search.lines import search
from runs import trace_of

CONDITIONS = ("task known, outcomes withheld", "task and other outcomes known", "nothing known", "alone")
FIELD = "field"
"""Real runs with their true failure events, labelled before the product was run on them."""
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


def field() -> dict[str, Any]:
    """Real runs of systems that no rule was made for, a store each: who is accused, and what was not read."""
    labels = {
        path.stem: yaml.safe_load(path.read_text()) for path in sorted((DATA / "field" / "labels").glob("*.yaml"))
    }
    accused: dict[bool, list[bool]] = {True: [], False: []}
    unread = []
    for name, label in labels.items():
        found = _accused(sorted((DATA / "field" / "runs").glob(f"{name}-*")))
        if found is None:
            unread.append(name)
        else:
            accused[bool(label["failures"]) or label["outcome"] == "fail"].append(found)
    return {
        "runs without a failure, not failed by their own check, accused": str(rate(accused[False])).strip(),
        "other runs, accused": str(rate(accused[True])).strip(),
        "not read": ", ".join(unread) or "none",
    }


def _accused(files: Sequence[Path]) -> bool | None:
    """Is any run of these files accused? None where they hold none."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "store.db")
        try:
            import_paths(store, files)
            ids = [hit.trace_id for hit in search(store, parse_query(""), limit=100)]
            return any(explain_trace(store, trace_id).report.enough_evidence for trace_id in ids) if ids else None
        finally:
            store.close()


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
