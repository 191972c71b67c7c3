"""Rates and paired counts with honest intervals. Small exact formulas, checked in tests against published values."""

from __future__ import annotations

from math import exp, lgamma, log, sqrt
from typing import NamedTuple

_Z95 = 1.959963984540054
_TAIL = 0.025


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

    >>> round(mcnemar_p(0, 5), 5), round(mcnemar_p(0, 6), 5)
    (0.0625, 0.03125)

    Source: McNemar (1947), exact binomial form.
    """
    n = only_left + only_right
    return 1.0 if n == 0 else min(1.0, 2 * _coins(n, min(only_left, only_right)))


def _coins(n: int, most: int) -> float:
    """Chance of at most so many heads among n fair coins."""
    return sum(exp(_log_ways(n, k) - n * log(2)) for k in range(most + 1))


def _log_ways(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def fisher_p(left_hits: int, left_n: int, right_hits: int, right_n: int) -> float:
    """Two-sided exact p that both sides have the same share.

    Source: Fisher (1922); tables no likelier than the one seen, to seven digits.
    Cost: O(hits); logarithms, as the exact binomials of ten thousand runs take seconds.
    """
    hits, total = left_hits + right_hits, left_n + right_n
    ways = _log_ways(total, hits)

    def chance(k: int) -> float:
        return exp(_log_ways(left_n, k) + _log_ways(right_n, hits - k) - ways)

    seen = chance(left_hits) * (1 + 1e-7)
    tables = range(max(0, hits - right_n), min(hits, left_n) + 1)
    return min(1.0, sum(p for k in tables if (p := chance(k)) <= seen))


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


def median_bounds(values: list[float]) -> tuple[float, float] | None:
    """The 95 % interval of a median, between two of the values; None of fewer than six, which allow none.

    >>> median_bounds([1, 2, 3, 4, 5, 6]), median_bounds([1, 2, 3, 4, 5])
    ((1, 6), None)

    Source: Thompson (1936); the narrowest symmetric pair of order statistics that covers at least 95 %.
    Cost: O(n log n).
    """
    n, rank, tail = len(values), 0, 0.0
    while rank < n and (tail := tail + exp(_log_ways(n, rank) - n * log(2))) <= _TAIL:
        rank += 1
    ordered = sorted(values)
    return (ordered[rank - 1], ordered[n - rank]) if rank else None


def medians_p(left: list[float], right: list[float]) -> float:
    """Two-sided exact p that two samples have the same median.

    Source: Mood (1954): how many of each side lie above the median of both, by `fisher_p`.
    """
    middle = median([*left, *right])
    if middle is None or not left or not right:
        return 1.0
    return fisher_p(sum(v > middle for v in left), len(left), sum(v > middle for v in right), len(right))
