"""How many runs each case needs before the first is made, and the smallest change that so many could show."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from math import comb, sqrt

from .single_case import ALPHA, CAREFUL_LOOK, LOOK, Call, Rule, Tally, call_of

POWER = 0.8
SUITE_ALPHA = 0.005
"""Level of the suite's own tests: nothing is run again to confirm them."""
_Z_SUITE = 2.5758293035489004
_Z_POWER = 0.8416212335729143
_STEADY = 0.97
"""What a case that never failed is taken to pass, since nothing passes always."""
_STEP = 0.01


class Steadiness(StrEnum):
    """How a case has run so far."""

    NEW = "new"
    """No run is known."""
    NEVER_FAILED = "never failed"
    ALWAYS_FAILED = "always failed"
    FLAKY = "flaky"


PAIRS = {
    Steadiness.NEW: 10,
    Steadiness.NEVER_FAILED: 10,
    Steadiness.ALWAYS_FAILED: 5,
    Steadiness.FLAKY: 16,
}
"""Runs a version. Four times in five or more, 5 show a repair (.02 to .9), 10 a fall (.97 to .44), 16 one of a flaky
case (.6 to .13)."""
_LOOKED_AT_TWICE = 12
"""Pairs of a flaky case from which on it is looked at a second time, halfway: that costs two points of power of 78, and
saves a fifth of the runs of one that did not change."""
CONFIRMING_PAIRS = 14
"""Runs a version of the fresh batch that a case called worse has to be worse in again."""
CONFIRMING_ALPHA = 0.025
"""Level of that batch: a suite of forty cases is then blocked wrongly less than once in a hundred times."""


def steadiness(passed: int, runs: int) -> Steadiness:
    """How a case has run, from its known runs on one version."""
    if runs == 0:
        return Steadiness.NEW
    if passed == runs:
        return Steadiness.NEVER_FAILED
    return Steadiness.ALWAYS_FAILED if passed == 0 else Steadiness.FLAKY


def rule_for(kind: Steadiness, *, must_hold: bool = False, pairs: int | None = None) -> Rule:
    """The rule of a case.

    Args:
        kind: How it has run so far.
        must_hold: The policy allows no regression of its severity: look one pair later.
        pairs: Runs a version, where the caller fixes them; never fewer than can tell anything.
    """
    chosen = pairs or PAIRS[kind]
    twice = kind is Steadiness.FLAKY and chosen >= _LOOKED_AT_TWICE
    return Rule(chosen, CAREFUL_LOOK if must_hold else LOOK, middle=chosen // 2 if twice else None)


def confirming_rule(rule: Rule) -> Rule:
    """The rule of the fresh batch that confirms a case called worse."""
    return Rule(max(rule.pairs, CONFIRMING_PAIRS), look=LOOK, alpha=CONFIRMING_ALPHA)


def expected_rate(passed: int, runs: int) -> float:
    """The pass rate to plan with: what was seen, drawn a little to the middle; that of a steady case where unknown."""
    return _STEADY if runs == 0 else min(_STEADY, (passed + 0.5) / (runs + 1))


@lru_cache(maxsize=4_096)
def power(base_rate: float, candidate_rate: float, pairs: int, call: Call, alpha: float = ALPHA) -> float:
    """Chance that all planned pairs of a case are called `call`. Cost: O(pairs²) exact tests."""
    before, after = _chances(base_rate, pairs), _chances(candidate_rate, pairs)
    return sum(
        before[i] * after[j]
        for i in range(pairs + 1)
        for j in range(pairs + 1)
        if call_of(Tally(i, pairs, j, pairs), alpha) is call
    )


def _chances(rate: float, n: int) -> list[float]:
    return [comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]


@lru_cache(maxsize=1_024)
def smallest_drop(base_rate: float, pairs: int) -> float | None:
    """The smallest fall of one case's pass rate that its runs show four times in five; None where none would do."""
    return _smallest(base_rate, pairs, Call.WORSE)


@lru_cache(maxsize=1_024)
def smallest_rise(base_rate: float, pairs: int) -> float | None:
    """The smallest rise of one case's pass rate that its runs show four times in five; None where none would do."""
    return _smallest(base_rate, pairs, Call.BETTER)


def _smallest(base_rate: float, pairs: int, call: Call) -> float | None:
    room = base_rate if call is Call.WORSE else 1 - base_rate
    sign = -1 if call is Call.WORSE else 1
    most = int(room / _STEP + 1e-9)
    if not most or power(base_rate, max(0.0, min(1.0, base_rate + sign * room)), pairs, call) < POWER:
        return None
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        reached = power(base_rate, max(0.0, min(1.0, base_rate + sign * middle * _STEP)), pairs, call) >= POWER
        low, high = (low, middle) if reached else (middle, high)
    return min(room, high * _STEP)


def smallest_suite_drop(rates: list[float], pairs: list[int]) -> float:
    """The smallest fall of the whole suite's pass rate that its tests show four times in five; 1 for no case.

    Args:
        rates: Expected pass rate of each case.
        pairs: Runs a version of each.

    Source: normal approximation of the clustered paired test at the suite's level; a case is one unit, and a drop is
    taken to change its own variance, so that steady cases do not promise to show anything however small.
    """
    if not rates:
        return 1.0
    for points in range(1, 101):
        drop = points / 100
        variance = sum(_change_variance(rate, drop, n) for rate, n in zip(rates, pairs, strict=True)) / len(rates)
        if drop >= (_Z_SUITE + _Z_POWER) * sqrt(variance / len(rates)):
            return drop
    return 1.0


def _change_variance(rate: float, drop: float, n: int) -> float:
    """Of the change of a case, where a drop comes as that share of cases breaking altogether."""
    return 2 * rate * (1 - rate) / n + drop * (1 - drop)
