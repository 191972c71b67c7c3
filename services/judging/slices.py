"""A judge's record apart for each project, version, task or mode: right on the whole, and wrong somewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...analysis.judging.bounds import clopper_pearson
from ...analysis.statistics import Interval, fisher_p
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from .calibrating import Calibration

SliceBy = Literal["project", "version", "task", "mode"]
FEWEST = 5
"""Runs below which a slice is not told apart."""
_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Slice:
    """The runs of one project, version, task or mode."""

    name: str
    runs: int
    wrong: Interval
    """Share on which the judge and people differ, with exact limits."""
    stands_out: bool
    """Whether it differs from the other runs by more than chance, over all slices looked at."""


def slices_of(store: Store, found: Calibration, by: SliceBy) -> list[Slice]:
    """The record by slice, the worst first, of the half that may be looked at.

    A run with several modes counts in each. Slices are many, so each is held against 5 % divided by their number
    (Bonferroni): one that stands out does so in spite of the search.

    Cost: one query for the runs, an exact test for each slice.
    """
    runs = [run for run in found.runs if run.answered and not run.test]
    summaries = {summary.id: summary for summary in get_summaries(store, [run.trace_id for run in runs])}
    groups: dict[str, list[bool]] = defaultdict(list)
    for run in runs:
        for name in _names(summaries[run.trace_id], by):
            groups[name].append(run.differs)
    told = {name: differ for name, differ in groups.items() if len(differ) >= FEWEST}
    wrong, total = sum(run.differs for run in runs), len(runs)
    result = [_slice(name, differ, wrong, total, len(told)) for name, differ in told.items()]
    return sorted(result, key=lambda entry: (-entry.wrong.value, entry.name))


def _slice(name: str, differ: Sequence[bool], wrong: int, total: int, slices: int) -> Slice:
    here, n = sum(differ), len(differ)
    others = total - n
    p = fisher_p(here, n, wrong - here, others) if others else 1.0
    return Slice(name, n, clopper_pearson(here, n), p < _CHANCE / slices)


def _names(summary: TraceSummary, by: SliceBy) -> Sequence[str]:
    if by == "mode":
        return summary.modes or ("no mode",)
    value = {"project": summary.project, "version": summary.version, "task": summary.task}[by]
    return (value or f"no {by}",)
