"""Which way to a rate fits the labels in hand, said in a sentence; or a refusal that says what would help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

import numpy as np
import numpy.typing as npt

from ..statistics import Interval
from .rates import Labelled, explained_share, labels_alone, prediction_powered, rogan_gladen

FEWEST = 20
"""Labels below which no rate is printed."""
FEWEST_DRAWN = 15
"""Labels that chance drew, below which nothing is known of the runs that were not certain to be asked about."""
WIDEST = 0.4
"""Of an interval: from 20 points below to 20 above. A wider one misleads more than it tells."""
ADDS_NOTHING = 0.05
"""Explained share below which a judge only makes the interval wider."""
_Floats = npt.NDArray[np.float64]


class Method(StrEnum):
    """How a rate was come by."""

    LABELS = "labels_alone"
    PREDICTION_POWERED = "ppi++"
    ROGAN_GLADEN = "rogan_gladen"


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """A rate that may be shown."""

    rate: Interval
    method: Method
    why: str
    labels: int
    explained: float
    """R² of people's labels from the judge's answers: about the share of labels that the judge saves."""
    uncorrected: float
    """What the judge alone says."""
    alone: Interval
    """What the labels alone say."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No rate, why, and what would make one."""

    why: str
    verdicts: int
    """How many more would do."""
    minutes: float
    labels: int


def corrected_rate(
    labelled: Labelled, judged: _Floats, *, balanced: bool = False, minutes_each: float = 1.0
) -> CorrectedRate | Refused:
    """The rate among the judged runs.

    Args:
        labelled: Labels of people on some of them, each with its chance; runs picked by hand have none and stay out.
        judged: The judge's answers on all of them, 0 or 1 (between them for a judge that gives chances).
        balanced: The labels were chosen to hold as many hits as others, so that their share tells nothing.
        minutes_each: What a verdict takes, for what is missing.

    Cost: O(n).
    """
    refusal = _too_little(labelled, len(judged), balanced, minutes_each)
    if refusal:
        return refusal
    explained, naive = explained_share(labelled), float(judged.mean())
    alone = labels_alone(labelled)
    if balanced:
        rate, method = _by_error_rates(labelled, judged), Method.ROGAN_GLADEN
        why = "the labels were balanced by design, so only the judge's error rates can be had from them"
    elif explained < ADDS_NOTHING:
        rate, method = alone, Method.LABELS
        why = "the judge adds nothing here: its answers say next to nothing of what people say, so they are left out"
    else:
        rate, method = prediction_powered(labelled, naive), Method.PREDICTION_POWERED
        why = f"the judge saves about {explained:.0%} of the verdicts that the same certainty would take without it"
        if rate.high - rate.low >= alone.high - alone.low:
            rate, method = alone, Method.LABELS
            why = "with so few labels the judge makes the interval no narrower, so it is left out"
    width = rate.high - rate.low
    if width > WIDEST:
        more = ceil(len(labelled) * ((width / WIDEST) ** 2 - 1))
        told = f"the interval would run from {rate.low:.0%} to {rate.high:.0%}, too wide to act on"
        return Refused(told, more, more * minutes_each, len(labelled))
    return CorrectedRate(rate, method, why, len(labelled), explained, naive, alone)


def _too_little(labelled: Labelled, judged: int, balanced: bool, minutes_each: float) -> Refused | None:
    n = len(labelled)

    def refuse(why: str, more: int) -> Refused:
        return Refused(why, more, more * minutes_each, n)

    if n < FEWEST and (n < judged or not judged):
        return refuse(f"only {n} of the judged runs have a verdict with a known chance", FEWEST - n)
    if n >= judged or balanced:
        return None
    drawn = int((labelled.chance < 1).sum())
    if drawn < FEWEST_DRAWN:
        told = f"only {drawn} verdicts are on runs drawn at random; those ranked by their signals speak for themselves"
        return refuse(told, FEWEST_DRAWN - drawn)
    if labelled.effective < FEWEST:
        more = ceil(n * (FEWEST / labelled.effective - 1))
        return refuse(f"the {n} verdicts count as {labelled.effective:.0f}, as some stand for many more runs", more)
    return None


def _by_error_rates(labelled: Labelled, judged: _Floats) -> Interval:
    hits, called = labelled.human >= 0.5, labelled.judge >= 0.5
    return rogan_gladen(
        int((judged >= 0.5).sum()),
        len(judged),
        sensitivity=(int((hits & called).sum()), int(hits.sum())),
        specificity=(int((~hits & ~called).sum()), int((~hits).sum())),
    )
