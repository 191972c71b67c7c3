"""One case: the exact test, the stops that keep its answer, and what no failure among n leaves possible."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from retrospan.analysis.verification.single_case import (
    Call,
    Rule,
    Stop,
    Tally,
    bound_of_none,
    call_of,
    fisher_one_sided,
    runs_to_bound,
    stop_of,
)


@pytest.mark.parametrize("runs", [(3, 3), (4, 5), (6, 4)])
def test_one_sided_p_is_the_share_of_all_ways_to_deal_the_passes(runs: tuple[int, int]) -> None:
    n, m = runs
    for a, b in product(range(n + 1), range(m + 1)):
        dealt = [sum(place >= n for place in chosen) for chosen in combinations(range(n + m), a + b)]
        assert fisher_one_sided(a, n, b, m) == pytest.approx(sum(k >= b for k in dealt) / len(dealt))


@pytest.mark.parametrize(
    ("table", "p"),
    [
        # The lady tasting tea, four cups of each kind.
        ((0, 4, 4, 4), 0.0143),
        ((1, 4, 3, 4), 0.2429),
        # By hand: (C(8,6) C(5,1) + C(8,7)) / C(13,7).
        ((1, 5, 6, 8), 148 / 1716),
        ((10, 10, 3, 10), 1.0),
    ],
)
def test_one_sided_p_has_published_values(table: tuple[int, int, int, int], p: float) -> None:
    assert fisher_one_sided(*table) == pytest.approx(p, abs=5e-5)


@pytest.mark.parametrize(
    ("tally", "call"),
    [
        (Tally(0, 5, 5, 5), Call.BETTER),
        (Tally(1, 5, 5, 5), Call.BETTER),
        (Tally(5, 5, 0, 5), Call.WORSE),
        (Tally(2, 5, 4, 5), Call.NEITHER),
        (Tally(0, 2, 2, 2), Call.NEITHER),
        (Tally(), Call.NEITHER),
    ],
)
def test_a_change_is_called_only_beyond_chance(tally: Tally, call: Call) -> None:
    assert call_of(tally) is call


@pytest.mark.parametrize("pairs", [4, 5, 6, 8])
def test_curtailment_never_changes_the_answer(pairs: int) -> None:
    rule = Rule(pairs, look=None)
    for n in range(pairs):
        for i, j in product(range(n + 1), repeat=2):
            if stop_of(Tally(i, n, j, n), rule) is not Stop.CERTAIN:
                continue
            left = pairs - n
            ends = {call_of(Tally(i + a, pairs, j + b, pairs)) for a, b in product(range(left + 1), repeat=2)}
            assert len(ends) == 1


def test_a_case_that_both_versions_pass_stops_at_the_look() -> None:
    rule = Rule(8, look=3)
    assert stop_of(Tally(2, 2, 2, 2), rule) is None
    assert stop_of(Tally(3, 3, 3, 3), rule) is Stop.ALIKE
    assert stop_of(Tally(0, 3, 0, 3), rule) is Stop.ALIKE
    assert stop_of(Tally(3, 3, 2, 3), rule) is None
    assert stop_of(Tally(3, 3, 3, 3), Rule(8, look=4)) is None


@pytest.mark.parametrize(
    ("tally", "stop"),
    [
        (Tally(4, 8, 5, 8), Stop.EVEN),
        (Tally(5, 8, 5, 8), Stop.EVEN),
        (Tally(3, 8, 5, 8), None),
        (Tally(4, 7, 5, 7), None),
        (Tally(4, 9, 5, 9), None),
        (Tally(8, 8, 8, 8), Stop.ALIKE),
        (Tally(0, 8, 8, 8), None),
    ],
)
def test_a_flaky_case_that_leans_nowhere_stops_halfway(tally: Tally, stop: Stop | None) -> None:
    assert stop_of(tally, Rule(16, middle=8)) is stop
    if stop is Stop.EVEN:
        assert call_of(tally) is Call.NEITHER
        assert stop_of(tally, Rule(16)) is None


def test_a_plan_that_cannot_show_anything_says_so() -> None:
    assert not Rule(4).can_tell
    assert Rule(5).can_tell
    assert stop_of(Tally(), Rule(2)) is Stop.CERTAIN


@pytest.mark.parametrize(("n", "bound"), [(0, 1.0), (1, 0.95), (10, 0.2589), (59, 0.0495), (310, 0.00962)])
def test_no_failure_among_n_leaves_this_rate_possible(n: int, bound: float) -> None:
    assert bound_of_none(n) == pytest.approx(bound, abs=1e-4)


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.05, 0.01])
def test_so_many_runs_rule_a_rate_out_and_one_fewer_does_not(rate: float) -> None:
    n = runs_to_bound(rate)
    assert bound_of_none(n) <= rate < bound_of_none(n - 1)
