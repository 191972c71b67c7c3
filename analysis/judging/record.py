"""How often a judge is right beside people: error rates with exact bounds, kappa beside the base rate, abstention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..agreement import cohen_kappa
from ..statistics import Interval
from .bounds import clopper_pearson

TRUSTED_FROM = 0.8
"""Lower bound of both error rates from which a judge may stand in for a person."""


@dataclass(frozen=True, slots=True)
class Record:
    """A judge beside people on the same runs; a hit is the answer that matters, a fail."""

    labels: int
    hits: int
    """How many people call a hit."""
    sensitivity: Interval
    """Of the hits, the share that the judge finds (TPR)."""
    specificity: Interval
    """Of the others, the share that the judge clears (TNR)."""
    kappa: float | None
    base_rate: float
    """Share of hits among the labels: kappa says little where it is near 0 or 1."""

    @property
    def trusted(self) -> bool:
        """Whether both lower bounds reach `TRUSTED_FROM`."""
        return min(self.sensitivity.low, self.specificity.low) >= TRUSTED_FROM


def judge_record(pairs: Sequence[tuple[bool, bool]]) -> Record:
    """The record over pairs of human and judge.

    >>> found = judge_record([(True, True)] * 8 + [(True, False)] * 2 + [(False, False)] * 10)
    >>> found.sensitivity.value, found.specificity.value, found.kappa
    (0.8, 1.0, 0.8)
    """
    hits = sum(human for human, _ in pairs)
    found = sum(human and judge for human, judge in pairs)
    cleared = sum(not human and not judge for human, judge in pairs)
    return Record(
        len(pairs),
        hits,
        clopper_pearson(found, hits),
        clopper_pearson(cleared, len(pairs) - hits),
        cohen_kappa([(str(human), str(judge)) for human, judge in pairs]),
        hits / len(pairs) if pairs else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Abstention:
    """What follows where the judge leaves what it is less sure of to people."""

    threshold: float
    """Confidence from which the judge answers."""
    answered: float
    """Share of runs that it answers."""
    wrong: Interval
    """Share of wrong answers among them."""
    minutes_per_100: float
    """Of reviewers' time, for what it leaves to them."""


def risk_coverage(answers: Sequence[tuple[bool, bool, float]], *, minutes_each: float = 1.0) -> list[Abstention]:
    """Error against share answered, from answering everything to answering only the surest.

    Args:
        answers: Human, judge, and how sure the judge is; answers of one confidence are taken together.
        minutes_each: What a verdict takes a person.

    Source: El-Yaniv and Wiener (2010). Cost: O(n log n) and a bound for each distinct confidence.
    """
    total = len(answers)
    points = []
    for threshold in sorted({sure for _, _, sure in answers}):
        kept = [(human, judge) for human, judge, sure in answers if sure >= threshold]
        wrong = clopper_pearson(sum(human != judge for human, judge in kept), len(kept))
        left = 1 - len(kept) / total
        points.append(Abstention(threshold, len(kept) / total, wrong, 100 * left * minutes_each))
    return points
