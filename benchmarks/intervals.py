"""Rates with their uncertainty, and paired comparison."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import comb, sqrt
from typing import NamedTuple, TypeVar

T = TypeVar("T")
_Z = 1.959963984540054


class Rate(NamedTuple):
    """A share with its 95 % Wilson interval, all in percent."""

    hits: int
    n: int
    percent: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.percent:5.1f} % [{self.low:.0f}–{self.high:.0f}] ({self.hits}/{self.n})"


def rate(hits: Sequence[bool]) -> Rate:
    """Wilson (1927) score interval."""
    n, k = len(hits), sum(hits)
    if n == 0:
        return Rate(0, 0, 0.0, 0.0, 100.0)
    p = k / n
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Rate(k, n, 100 * p, 100 * max(0.0, centre - half), 100 * min(1.0, centre + half))


def mcnemar(ours: Sequence[bool], theirs: Sequence[bool]) -> tuple[int, int, float]:
    """Runs only we hit, runs only they hit, and the exact two-sided p."""
    wins = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    losses = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    n = wins + losses
    if n == 0:
        return 0, 0, 1.0
    tail = sum(comb(n, k) for k in range(min(wins, losses) + 1)) / 2**n
    return wins, losses, min(1.0, 2 * tail)


def bootstrap(items: Sequence[T], statistic: Callable[[Sequence[T]], float], draws: int = 500) -> tuple[float, float]:
    """95 % percentile interval of a statistic over resampled items; seeded, so that a second run prints the same."""
    source = random.Random(20261122)
    values = sorted(statistic([source.choice(items) for _ in items]) for _ in range(draws))
    return values[int(0.025 * draws)], values[int(0.975 * draws)]


def auroc(failing: Sequence[float], passing: Sequence[float]) -> float:
    """Chance that a failing run scores above a passing one, ties counted half."""
    wins = sum((a > b) + 0.5 * (a == b) for a in failing for b in passing)
    return wins / max(1, len(failing) * len(passing))
