"""A suite of cases on two versions: tests in which a case counts once, however often it was run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import comb
from typing import NamedTuple, TypeVar

import numpy as np

from .single_case import Tally

_MOST_SUMS = 4_000
_DRAWS = 20_000
_GRAIN = 1e-9
K = TypeVar("K")


class Flips(NamedTuple):
    """Cases whose majority of runs differs between the versions."""

    broken: tuple[str, ...]
    """Mostly passed on the base, and do not on the candidate."""
    fixed: tuple[str, ...]
    compared: int
    """Cases that both versions ran."""

    @property
    def p_worse(self) -> float:
        """Exact one-sided McNemar p that so many broke, against so few fixed, by chance."""
        return _more_heads(len(self.broken), len(self.fixed))

    @property
    def p_changed(self) -> float:
        """The two-sided p."""
        fewer, more = sorted((len(self.broken), len(self.fixed)))
        return min(1.0, 2 * _more_heads(more, fewer))


def majority_flips(tallies: Mapping[str, Tally]) -> Flips:
    """Compare cases by the majority of their runs; half of the runs is no majority of passes.

    Source: McNemar (1947), exact binomial form, one vote a case.
    """
    sides = {
        case: (_most(t.base_passed, t.base_runs), _most(t.candidate_passed, t.candidate_runs))
        for case, t in tallies.items()
        if t.base_runs and t.candidate_runs
    }
    broken = tuple(case for case, (before, after) in sides.items() if before and not after)
    fixed = tuple(case for case, (before, after) in sides.items() if after and not before)
    return Flips(broken, fixed, len(sides))


def _most(passed: int, runs: int) -> bool:
    return 2 * passed > runs


def _more_heads(heads: int, tails: int) -> float:
    """Chance of at least so many heads among as many fair coins."""
    n = heads + tails
    return float(sum(comb(n, k) for k in range(heads, n + 1)) / 2**n)


def rate_changes(tallies: Mapping[str, Tally]) -> list[float]:
    """For each case that both versions ran: its pass rate on the candidate minus that on the base."""
    return [
        t.candidate_passed / t.candidate_runs - t.base_passed / t.base_runs
        for t in tallies.values()
        if t.base_runs and t.candidate_runs
    ]


def sign_flip_p(changes: Sequence[float], *, seed: int = 0) -> float:
    """One-sided p that the sum of the changes is as low by chance, where each is as likely up as down.

    A case is one unit, so that repeats of a case are never counted as independent evidence. Exact where the changes
    allow few sums, else by 20,000 seeded draws, in which the sum that was seen counts too.

    >>> sign_flip_p([-1, -1, -1, -1, -1]), sign_flip_p([0, 0]), sign_flip_p([])
    (0.03125, 1.0, 1.0)

    Source: Fisher's randomisation test for paired units; Phipson and Smyth (2010) for the drawn p.
    """
    moved = [change for change in changes if abs(change) > _GRAIN]
    if not moved:
        return 1.0
    seen = sum(moved)
    sums: dict[int, float] = {0: 1.0}
    for change in moved:
        size, spread = round(abs(change) / _GRAIN), defaultdict[int, float](float)
        for total, chance in sums.items():
            spread[total + size] += chance / 2
            spread[total - size] += chance / 2
        sums = spread
        if len(sums) > _MOST_SUMS:
            return _drawn_p(moved, seen, seed)
    edge = round(seen / _GRAIN) + len(moved)
    return min(1.0, sum(chance for total, chance in sums.items() if total <= edge))


def _drawn_p(moved: Sequence[float], seen: float, seed: int) -> float:
    signs = np.random.default_rng(seed).integers(0, 2, size=(_DRAWS, len(moved)), dtype=np.int8) * 2 - 1
    drawn = signs @ np.abs(np.array(moved))
    return (1 + int((drawn <= seen + _GRAIN * len(moved)).sum())) / (1 + _DRAWS)


def non_inferiority_p(changes: Sequence[float], margin: float, *, seed: int = 0) -> float:
    """One-sided p that the rate fell by `margin` or more and only chance hides it."""
    return sign_flip_p([-(change + margin) for change in changes], seed=seed)


def largest_drop_left(changes: Sequence[float], alpha: float = 0.05) -> float:
    """The largest fall of the suite's pass rate that these cases do not rule out at `alpha`, to 0.5 points; 1 if none.

    Cost: eight sign-flip tests.
    """
    low, high = 0, 200
    if non_inferiority_p(changes, 1.0) > alpha:
        return 1.0
    while high - low > 1:
        middle = (low + high) // 2
        if non_inferiority_p(changes, middle / 200) <= alpha:
            high = middle
        else:
            low = middle
    return high / 200


def holm(p_values: Mapping[K, float]) -> dict[K, float]:
    """The p values adjusted so that the chance of even one false call among all is at most the level tested at.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}

    Source: Holm (1979).
    """
    adjusted: dict[K, float] = {}
    least = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, p * (len(p_values) - rank)))
        adjusted[name] = least
    return adjusted
