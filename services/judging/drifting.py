"""Whether a judge, or what it judges, has changed, from its answers over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...analysis.judging.bounds import clopper_pearson
from ...analysis.judging.drift import ANCHORS, Drift, DriftWatch
from ...analysis.statistics import wilson
from ...model.reviews import Label
from ...store.contract import Store
from ...store.jobs.judgements import Judgements, judgements
from .calibrating import find_judge
from .labels import labelled_runs

_REFERENCE = 600
"""First answers that say what the judge's rate was; of fewer runs the first half."""


_FEWEST = 40
"""Answers below which a digest says nothing of a judge."""


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What has changed as far as the answers tell."""

    judge: str
    drift: Drift
    anchors: int
    """Runs with a verdict that the judge answered three times or more."""
    repeats: int
    """Answers on them after the second."""
    new_runs: int
    """Runs after those that say what the rate was."""

    @property
    def in_words(self) -> str:
        """One sentence, and what to do."""
        if self.drift is Drift.JUDGE:
            return f"The judge has changed: it answers {self.anchors} runs otherwise than before. Calibrate it again."
        blind = "" if self.repeats else " Nothing is known of the judge itself: ask it again about runs with a verdict."
        if self.drift is Drift.SYSTEM:
            return f"What is judged has changed: the judge's rate on {self.new_runs} new runs is another.{blind}"
        return f"Nothing has changed that {self.new_runs} new runs and {self.repeats} repeats could show.{blind}"


def judge_drift(store: Store, name: str) -> DriftReport:
    """Read the answers of a judge's newest version in the order in which it gave them.

    The second answer on an anchor says how often the judge contradicts itself; those after it are watched.

    Raises:
        UnknownIdError: if there is no such judge.

    Cost: checks every verdict.
    """
    judge = find_judge(store, name)
    said = _by_run(judge)
    anchors = [answers for run in labelled_runs(store, judge) if len(answers := said[run.trace_id]) > 2][:ANCHORS]
    first = [answers[0] for answers in said.values()]
    upto = min(_REFERENCE, len(first) // 2)
    flips = sum(answers[0] != answers[1] for answers in anchors)
    watch = DriftWatch(wilson(sum(first[:upto]), upto), clopper_pearson(flips, len(anchors)))
    watch.see_runs(first[upto:])
    for answers in anchors:
        watch.see_anchors([answers[0]] * (len(answers) - 2), answers[2:])
    repeats = sum(len(answers) - 2 for answers in anchors)
    return DriftReport(name, watch.verdict, len(anchors), repeats, len(first) - upto)


def drifts(store: Store) -> list[DriftReport]:
    """Of every judge with enough answers to tell, by name; nothing is asked.

    Cost: as of `judge_drift`, for each judge.
    """
    names = dict.fromkeys(version.name for version in judgements(store) if len(version.labels) >= _FEWEST)
    return [judge_drift(store, name) for name in sorted(names)]


def _by_run(judge: Judgements) -> dict[int, Sequence[float]]:
    """By run, in the order of its first answer, whether each answer was a fail; without those that are no verdict."""
    found: dict[int, list[float]] = {}
    for trace_id, label in judge.history:
        if label in (Label.PASS, Label.FAIL):
            found.setdefault(trace_id, []).append(float(label == Label.FAIL))
    return dict(found)
