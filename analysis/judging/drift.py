"""Has the judge changed, or what it judges? Two bets against "nothing changed", each won only by a real change.

A bettor stakes a part of their wealth on each answer. While nothing changes, wealth does not grow on average, so that
it ever reaches 1 / alpha has a chance of at most alpha, however often one looks (Ville 1939). One bettor watches the
judge's rate on new runs; the other the same anchors, judged again: people's signed answers to them do not change, so a
change there is the judge's. A change of the rate while the anchors stand is the system's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from ..statistics import Interval

ALPHA = 0.05
"""Chance of a false alarm over all time, both bettors together."""
ANCHORS = 30
_STAKES = np.array([0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64])
"""Parts of the most that may be staked; wealth is spread over them alike at the start."""


class Drift(StrEnum):
    """What has changed."""

    NONE = "none"
    SYSTEM = "system"
    JUDGE = "judge"


@dataclass
class Bet:
    """Wealth of a bettor against "the mean lies between low and high", for answers from 0 to 1. Starts at 1.

    Source: Waudby-Smith and Ramdas (2024), betting on bounded means. Cost: O(answers).
    """

    low: float
    high: float
    _above: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = field(init=False)
    _below: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = field(init=False)

    def __post_init__(self) -> None:
        self.low, self.high = max(self.low, 1e-3), min(self.high, 1 - 1e-3)
        self._above, self._below = np.zeros(len(_STAKES)), np.zeros(len(_STAKES))

    def see(self, answers: Sequence[float]) -> None:
        """Take in answers."""
        seen = np.asarray(answers, dtype=np.float64)[:, None]
        self._above += np.log1p(_STAKES / self.high * (seen - self.high)).sum(axis=0)
        self._below += np.log1p(_STAKES / (1 - self.low) * (self.low - seen)).sum(axis=0)

    @property
    def wealth(self) -> float:
        with np.errstate(over="ignore"):
            return float((np.exp(self._above).mean() + np.exp(self._below).mean()) / 2)


@dataclass
class DriftWatch:
    """Watches one judge on one criterion.

    Args:
        reference: The judge's rate when it was calibrated, with its interval: a change within it is none.
        flips: How often the judge contradicts itself on the same run, with its interval, from repeats.
        alpha: Chance of a false alarm over all time.
    """

    reference: Interval
    flips: Interval
    alpha: float = ALPHA
    _runs: Bet = field(init=False)
    _anchors: Bet = field(init=False)

    def __post_init__(self) -> None:
        self._runs = Bet(self.reference.low, self.reference.high)
        self._anchors = Bet(0.0, self.flips.high)

    def see_runs(self, answers: Sequence[float]) -> None:
        """Take in the judge's answers on new runs."""
        self._runs.see(answers)

    def see_anchors(self, before: Sequence[float], now: Sequence[float]) -> None:
        """Take in the judge's answers on the anchors, beside those when it was calibrated."""
        self._anchors.see([abs(then - today) for then, today in zip(before, now, strict=True)])

    @property
    def anchors_wanted(self) -> bool:
        """Whether the rate has changed, so that the anchors are to be judged again now."""
        return self._runs.wealth >= 2 / self.alpha

    @property
    def verdict(self) -> Drift:
        """What has changed as far as the answers tell. The judge's change comes first: it hides the system's."""
        if self._anchors.wealth >= 2 / self.alpha:
            return Drift.JUDGE
        return Drift.SYSTEM if self.anchors_wanted else Drift.NONE
