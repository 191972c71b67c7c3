"""Three ways to a rate from a judge's answers on all runs and people's on some, each weighted by its chance.

*Labels alone* ignore the judge. *PPI++* starts from the judge's rate and takes off how far people's labels differ, as
far as it helps (a power-tuned coefficient). *Rogan–Gladen* inverts the judge's error rates, for labels that were
balanced by design. The rate is that of the runs in hand: those which the judge has answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
import numpy.typing as npt

from ..sampling import weighted_share
from ..statistics import Interval
from .bounds import student_quantile

_Floats = npt.NDArray[np.float64]
_Z95 = 1.959963984540054
_PSEUDO = 0.25
"""Of a label, added to each of the four pairs of answers when spread is estimated: none seen is not none there."""
_PSEUDO_FEW = 0.5
"""The same below `_FEW` effective labels of unlike chances: those that were certain to be drawn hide few others."""
_FEW = 50
_UNLIKE = 0.9
"""Effective labels per label, below which their chances are unlike."""


@dataclass(frozen=True)
class Labelled:
    """The labels of people beside the judge's answers on the same runs.

    All of a length n: `human` and `judge` from 0 to 1 (1 is the event that is counted, say a fail), `chance` that the
    run came to be labelled, above 0 and at most 1.
    """

    human: _Floats
    judge: _Floats
    chance: _Floats

    @classmethod
    def of(cls, rows: Sequence[tuple[float, float, float]]) -> Labelled:
        """From rows of human, judge, chance."""
        table = np.array(rows, dtype=np.float64).reshape(len(rows), 3)
        return cls(table[:, 0], table[:, 1], table[:, 2])

    def __len__(self) -> int:
        return len(self.human)

    @cached_property
    def weights(self) -> _Floats:
        """How many runs each label stands for, scaled to add up to 1."""
        raw = 1 / self.chance
        return np.asarray(raw / raw.sum(), dtype=np.float64)

    @property
    def effective(self) -> float:
        """As how many equal labels these count (Kish 1965)."""
        return round(float(1 / (self.weights**2).sum()), 9)


def labels_alone(labelled: Labelled) -> Interval:
    """The weighted share with Wilson limits at the effective sample size."""
    pairs = zip(labelled.human, labelled.chance, strict=True)
    return weighted_share([(bool(human >= 0.5), float(chance)) for human, chance in pairs])


def prediction_powered(
    labelled: Labelled, judged_rate: float, *, tuning: float | None = None, pseudo: float | None = None
) -> Interval:
    """The judge's rate on all runs, corrected by the labels.

    Args:
        labelled: At least 3, a sample of the judged runs with known chances.
        judged_rate: Mean of the judge's answers over all judged runs.
        tuning: How far to lean on the judge; the best where left out.
        pseudo: Part of a label added to each pair of answers for the spread; by the number of labels where left out.

    Returns:
        Estimate and 95 % limits by Student's t at the effective sample size, cut to 0 and 1.

    The rate is that of the judged runs themselves, of which the judge's answers are all known: only the labels are a
    sample. With equal chances and without the pseudo-labels of the spread it is the estimator of Angelopoulos, Duchi
    and Zrnic (2023), PPI++, without the term for runs that the judge did not see.
    Source: theirs, and the regression estimator of a survey (Särndal 1992), weights of Horvitz and Thompson (1952) as
    Hájek's.
    """
    tuning = power_tuning(labelled) if tuning is None else tuning
    weights = labelled.weights
    rest = labelled.human - tuning * labelled.judge
    shift = float(weights @ rest)
    value = tuning * judged_rate + shift
    n = labelled.effective
    if pseudo is None:
        pseudo = _PSEUDO_FEW if n < _FEW and n < _UNLIKE * len(labelled) else _PSEUDO
    spread = float(weights**2 @ (rest - shift) ** 2) + pseudo * _unseen(tuning, shift) / n**2
    half = student_quantile(max(int(n) - 1, 1)) * sqrt(spread * n / (n - 1))
    return Interval(min(max(value, 0.0), 1.0), max(0.0, value - half), min(1.0, value + half))


def power_tuning(labelled: Labelled) -> float:
    """How far to lean on the judge: 0 not at all. The coefficient that makes the variance least."""
    weights = labelled.weights
    human, judge = labelled.human - weights @ labelled.human, labelled.judge - weights @ labelled.judge
    spread = float(weights @ judge**2)
    if spread < 1e-12:
        return 0.0
    slope = float(weights @ (human * judge)) / spread
    return min(max(slope, 0.0), 1.0)


def _unseen(tuning: float, shift: float) -> float:
    """Squared distance of one label of each pair of answers from their mean."""
    return sum((human - tuning * judge - shift) ** 2 for human in (0, 1) for judge in (0, 1))


def explained_share(labelled: Labelled) -> float:
    """R² of people's labels from the judge's answers, each label held against a line drawn without it.

    0 or less is a judge that adds nothing; it is also about the share of labels that the judge saves. Weighted.

    Cost: O(n), by the leverage of each label (Allen 1974, PRESS).
    """
    weights, n = labelled.weights, len(labelled)
    human = labelled.human - weights @ labelled.human
    judge = labelled.judge - weights @ labelled.judge
    spread = float(weights @ judge**2)
    if n < 3 or spread < 1e-12 or not float(weights @ human**2):
        return 0.0
    rest = human - float(weights @ (human * judge)) / spread * judge
    alone = human / (1 - weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = rest / (1 - weights - weights * judge**2 / spread)
    if not np.isfinite(left_out).all():
        return 0.0
    return 1 - float(weights @ left_out**2) / float(weights @ alone**2)


def rogan_gladen(
    judged_hits: int, judged: int, *, sensitivity: tuple[int, int], specificity: tuple[int, int]
) -> Interval:
    """The rate behind a judge's rate, from its known error rates, with the uncertainty of all three shares.

    Args:
        judged_hits: How many of `judged` runs the judge calls a hit.
        judged: How many it answered.
        sensitivity: Of the labelled hits, how many the judge calls so; and how many there are.
        specificity: Of the labelled others, how many the judge calls so; and how many there are.

    Returns:
        0 to 1 where the judge is no better than chance.

    Source: Rogan and Gladen (1978); adjusted counts and shift of the interval by Lang and Reiczigel (2014).
    """
    (found, hits), (cleared, others) = sensitivity, specificity
    z2 = _Z95**2
    p = (judged_hits + z2 / 2) / (judged + z2)
    tpr, tnr = (found + 1) / (hits + 2), (cleared + 1) / (others + 2)
    power = tpr + tnr - 1
    raw_power = (found / hits if hits else 0.0) + (cleared / others if others else 0.0) - 1
    if power <= 0 or raw_power <= 0:
        return Interval(p, 0.0, 1.0)
    value = (p + tnr - 1) / power
    shift = 2 * z2 * (value * tpr * (1 - tpr) / (hits + 2) - (1 - value) * tnr * (1 - tnr) / (others + 2))
    variance = p * (1 - p) / (judged + z2)
    variance += value**2 * tpr * (1 - tpr) / (hits + 2) + (1 - value) ** 2 * tnr * (1 - tnr) / (others + 2)
    half = _Z95 * sqrt(variance) / power
    told = (judged_hits / judged + cleared / others - 1) / raw_power
    low, high = max(0.0, value + shift - half), min(1.0, value + shift + half)
    return Interval(min(max(told, 0.0), 1.0), min(low, 1.0), max(high, 0.0))
