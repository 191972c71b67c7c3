"""One case, run in pairs on two versions: a planned number of runs, one exact test, and stops that cannot mislead.

Three stops save runs. *Curtailment* ends a case once no further run could change what the test will say, so it changes
no answer. *Futility* ends it as unchanged when after a few pairs both versions passed every run, or both failed every
one, and a flaky case halfway when both passed about as often; it can only miss a change, never invent one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import comb, log
from typing import NamedTuple

ALPHA = 0.05
LOOK = 3
"""Pairs before the futility look."""
CAREFUL_LOOK = 4
"""The same where the policy says that a case must not regress."""


class Tally(NamedTuple):
    """Passes and runs of each version. A run that could not be decided counts nowhere."""

    base_passed: int = 0
    base_runs: int = 0
    candidate_passed: int = 0
    candidate_runs: int = 0

    def plus(self, other: Tally) -> Tally:
        return Tally(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Call(StrEnum):
    """What the test says of one case."""

    BETTER = "better"
    WORSE = "worse"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Rule:
    """How one case is run. `pairs` is fixed before the first run."""

    pairs: int
    look: int | None = LOOK
    """Pairs before the futility look; None for no look."""
    alpha: float = ALPHA
    middle: int | None = None
    """Pairs before a second look, which ends a case on which both versions passed about as often."""

    @property
    def can_tell(self) -> bool:
        """Whether a change would be called even where one run went the other way; else nothing is unchanged."""
        return fisher_one_sided(1, self.pairs, self.pairs, self.pairs) <= self.alpha


@lru_cache(maxsize=200_000)
def fisher_one_sided(low_passed: int, low_runs: int, high_passed: int, high_runs: int) -> float:
    """Exact p that the second side passes as often by chance alone, where both pass equally often.

    >>> round(fisher_one_sided(0, 5, 5, 5), 5), round(fisher_one_sided(1, 5, 5, 5), 5)
    (0.00397, 0.02381)

    Source: Fisher (1935), upper tail of the hypergeometric distribution. Cost: O(runs).
    """
    passed, total = low_passed + high_passed, low_runs + high_runs
    most = min(passed, high_runs)
    ways = sum(comb(high_runs, k) * comb(low_runs, passed - k) for k in range(high_passed, most + 1))
    return ways / comb(total, passed)


def call_of(tally: Tally, alpha: float = ALPHA) -> Call:
    """What the test says of these runs, one-sided at `alpha` in either direction."""
    base, candidate = tally[:2], tally[2:]
    if fisher_one_sided(*base, *candidate) <= alpha:
        return Call.BETTER
    if fisher_one_sided(*candidate, *base) <= alpha:
        return Call.WORSE
    return Call.NEITHER


class Stop(StrEnum):
    """Why no further pair is run."""

    PLANNED = "planned"
    """All planned pairs were run."""
    CERTAIN = "certain"
    """No further run could change what the test says."""
    ALIKE = "alike"
    """Both versions passed every run of the first pairs, or both failed every one."""
    EVEN = "even"
    """Halfway, one version had passed at most one run more than the other."""


@lru_cache(maxsize=500_000)
def stop_of(tally: Tally, rule: Rule) -> Stop | None:
    """Whether to stop here, and why; None to run another pair. Cost: four exact tests, kept for the next time.

    Runs that could not be decided are not made again: a case with `rule.pairs` pairs run is stopped by its caller.
    """
    if min(tally.base_runs, tally.candidate_runs) >= rule.pairs:
        return Stop.PLANNED
    if _certain(tally, rule):
        return Stop.CERTAIN
    pairs = min(tally.base_runs, tally.candidate_runs)
    if rule.look is not None and pairs >= rule.look and _alike(tally):
        return Stop.ALIKE
    if pairs == rule.middle and abs(tally.base_passed - tally.candidate_passed) <= 1:
        return Stop.EVEN
    return None


def _alike(tally: Tally) -> bool:
    all_passed = tally.base_passed == tally.base_runs and tally.candidate_passed == tally.candidate_runs
    return all_passed or tally.base_passed == tally.candidate_passed == 0


def _certain(tally: Tally, rule: Rule) -> bool:
    """The two most lopsided ends bound all others, since the exact p falls with every pass of the better side."""
    base_left, candidate_left = rule.pairs - tally.base_runs, rule.pairs - tally.candidate_runs
    best = Tally(tally.base_passed, rule.pairs, tally.candidate_passed + candidate_left, rule.pairs)
    worst = Tally(tally.base_passed + base_left, rule.pairs, tally.candidate_passed, rule.pairs)
    return call_of(best, rule.alpha) is call_of(worst, rule.alpha)


def bound_of_none(n: int, confidence: float = 0.95) -> float:
    """The largest rate that zero failures in `n` runs leave possible at this confidence; 1 for no run.

    >>> round(bound_of_none(310), 4), round(bound_of_none(59), 3)
    (0.0096, 0.05)

    Source: the exact binomial bound, 1 - (1 - confidence)^(1/n); about 3/n (Hanley and Lippman-Hand 1983).
    """
    return 1.0 if n <= 0 else 1 - float((1 - confidence) ** (1 / n))


def runs_to_bound(rate: float, confidence: float = 0.95) -> int:
    """How many runs without a failure rule out a rate of failure as large as this."""
    return -int(-(log(1 - confidence) / log(1 - rate)) // 1)
