"""Rates and paired counts with honest intervals. Small exact formulas, checked in tests against published values."""

from __future__ import annotations

from math import comb, sqrt
from typing import NamedTuple

_Z95 = 1.959963984540054


class Interval(NamedTuple):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(hits: float, n: float) -> Interval:
    """A share with its score interval.

    >>> tuple(round(x, 3) for x in wilson(15, 20))
    (0.75, 0.531, 0.888)

    Source: Wilson (1927). With n = 0 nothing is known: 0 to 1.
    """
    if n == 0:
        return Interval(0.0, 0.0, 1.0)
    share = hits / n
    centre = (share + _Z95**2 / (2 * n)) / (1 + _Z95**2 / n)
    half = _Z95 * sqrt(share * (1 - share) / n + _Z95**2 / (4 * n**2)) / (1 + _Z95**2 / n)
    return Interval(share, max(0.0, centre - half), min(1.0, centre + half))


def difference_of_shares(left_hits: int, left_n: int, right_hits: int, right_n: int) -> Interval:
    """Right share minus left share, for independent samples.

    Source: Newcombe (1998), method 10: the Wilson limits of each side combined.
    """
    left, right = wilson(left_hits, left_n), wilson(right_hits, right_n)
    change = right.value - left.value
    below = sqrt((right.value - right.low) ** 2 + (left.high - left.value) ** 2)
    above = sqrt((right.high - right.value) ** 2 + (left.value - left.low) ** 2)
    return Interval(change, max(-1.0, change - below), min(1.0, change + above))


def mcnemar_p(only_left: int, only_right: int) -> float:
    """Two-sided exact p that as lopsided a split of the discordant pairs is chance.

    >>> mcnemar_p(0, 5), mcnemar_p(0, 6)
    (0.0625, 0.03125)

    Source: McNemar (1947), exact binomial form.
    """
    n = only_left + only_right
    if n == 0:
        return 1.0
    tail: float = sum(comb(n, k) for k in range(min(only_left, only_right) + 1)) / 2**n
    return min(1.0, 2 * tail)


def fisher_p(left_hits: int, left_n: int, right_hits: int, right_n: int) -> float:
    """Two-sided exact p that both sides have the same share.

    Source: Fisher (1922); tables no likelier than the one seen.
    """
    hits, total = left_hits + right_hits, left_n + right_n
    ways = comb(total, hits) if total else 1

    def chance(k: int) -> float:
        return float(comb(left_n, k) * comb(right_n, hits - k) / ways)

    seen = chance(left_hits)
    tables = range(max(0, hits - right_n), min(hits, left_n) + 1)
    return min(1.0, sum(p for k in tables if (p := chance(k)) <= seen * (1 + 1e-9)))


def adjusted(p_values: list[float]) -> list[float]:
    """The p values adjusted so that at most the named share of those called changed is expected to be chance.

    Source: Benjamini and Hochberg (1995).
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i], reverse=True)
    result = [1.0] * len(p_values)
    smallest = 1.0
    for place, i in enumerate(order):
        rank = len(p_values) - place
        smallest = min(smallest, p_values[i] * len(p_values) / rank)
        result[i] = smallest
    return result


def median(values: list[float]) -> float | None:
    """The middle value; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
