"""How many runs are planned, and what they can show."""

from __future__ import annotations

import numpy as np
import pytest
from retrospan.analysis.verification.planning import (
    PAIRS,
    POWER,
    Steadiness,
    confirming_rule,
    expected_rate,
    power,
    rule_for,
    smallest_drop,
    smallest_rise,
    smallest_suite_drop,
    steadiness,
)
from retrospan.analysis.verification.single_case import Call, Tally, call_of


@pytest.mark.parametrize(
    ("passed", "runs", "kind"),
    [
        (0, 0, Steadiness.NEW),
        (4, 4, Steadiness.NEVER_FAILED),
        (0, 3, Steadiness.ALWAYS_FAILED),
        (2, 3, Steadiness.FLAKY),
    ],
)
def test_a_case_is_planned_by_how_it_ran(passed: int, runs: int, kind: Steadiness) -> None:
    assert steadiness(passed, runs) is kind
    assert rule_for(kind).pairs == PAIRS[kind]


def test_what_must_hold_is_looked_at_later_and_confirmed_with_more_runs() -> None:
    assert rule_for(Steadiness.NEW, must_hold=True).look == 4
    assert rule_for(Steadiness.NEW, pairs=3).pairs == 3
    assert confirming_rule(rule_for(Steadiness.ALWAYS_FAILED)).pairs > PAIRS[Steadiness.ALWAYS_FAILED]


@pytest.mark.parametrize(("base", "candidate", "pairs"), [(0.97, 0.4, 8), (0.5, 0.9, 16), (0.05, 0.9, 5)])
def test_power_is_what_simulation_finds(base: float, candidate: float, pairs: int) -> None:
    rng = np.random.default_rng(1)
    draws = zip(rng.binomial(pairs, base, 20_000), rng.binomial(pairs, candidate, 20_000), strict=True)
    call = Call.WORSE if candidate < base else Call.BETTER
    found = np.mean([call_of(Tally(int(i), pairs, int(j), pairs)) is call for i, j in draws])
    assert power(base, candidate, pairs, call) == pytest.approx(found, abs=0.012)


@pytest.mark.parametrize("pairs", [5, 8, 10, 16])
def test_the_smallest_drop_is_the_first_that_is_seen_four_times_in_five(pairs: int) -> None:
    drop = smallest_drop(0.97, pairs)
    assert drop is not None
    assert power(0.97, 0.97 - drop, pairs, Call.WORSE) >= POWER > power(0.97, 0.98 - drop, pairs, Call.WORSE)


def test_runs_that_can_show_nothing_promise_nothing() -> None:
    assert smallest_drop(0.97, 2) is None
    assert smallest_rise(0.97, 16) is None
    assert smallest_suite_drop([], []) == 1.0


def test_more_cases_show_a_smaller_drop() -> None:
    drops = [smallest_suite_drop([expected_rate(3, 3)] * n, [3] * n) for n in (10, 40, 160)]
    assert drops == sorted(drops, reverse=True)
    assert drops[0] > drops[-1]
