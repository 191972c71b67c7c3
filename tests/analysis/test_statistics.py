"""Formulas against published values and against their definitions."""

from __future__ import annotations

from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.analysis.statistics import (
    adjusted,
    difference_of_shares,
    fisher_p,
    mcnemar_p,
    median,
    median_bounds,
    medians_p,
    wilson,
)

COUNTS = st.integers(min_value=0, max_value=60)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table II, method 10 (there as left minus right).
        ((56, 70), (48, 80), (0.2, 0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.6, 0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.5714, 0.0582, 0.8062)),
        ((5, 56), (0, 29), (0.0893, -0.0381, 0.1926)),
        ((0, 10), (0, 20), (0.0, -0.1611, 0.2775)),
    ],
)
def test_differences_are_those_of_newcombe(
    left: tuple[int, int], right: tuple[int, int], expected: tuple[float, float, float]
) -> None:
    found = difference_of_shares(*right, *left)
    assert all(isclose(a, b, abs_tol=5e-4) for a, b in zip(found, expected, strict=True)), found


def test_wilson_is_that_of_newcombe_single_sample() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, and 0 of 20.
    assert [round(x, 4) for x in wilson(81, 263)[1:]] == [0.2553, 0.3662]
    assert [round(x, 4) for x in wilson(0, 20)[1:]] == [0.0, 0.1611]


def test_fisher_is_that_of_the_tea_tasting() -> None:
    assert isclose(fisher_p(3, 4, 1, 4), 0.4857, abs_tol=1e-4)
    assert isclose(fisher_p(1, 10, 11, 14), 0.002759, abs_tol=1e-6)


@pytest.mark.parametrize(("pairs", "p"), [((0, 5), 0.0625), ((0, 6), 0.03125), ((1, 8), 0.0390625), ((3, 3), 1.0)])
def test_mcnemar_is_a_binomial_tail(pairs: tuple[int, int], p: float) -> None:
    assert isclose(mcnemar_p(*pairs), p)
    assert isclose(mcnemar_p(*reversed(pairs)), p)


def test_adjustment_is_that_of_benjamini_and_hochberg() -> None:
    # Benjamini and Hochberg (1995), the 15 p values of their example: four are called at 0.05.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1.0,
    ]
    assert sum(q <= 0.05 for q in adjusted(p)) == 4


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_intervals_hold_their_estimate_and_stay_in_bounds(a: int, b: int, c: int, d: int) -> None:
    value, low, high = difference_of_shares(min(a, b), b, min(c, d), d)
    assert -1.0 <= low <= value + 1e-12
    assert value - 1e-12 <= high <= 1.0
    assert 0.0 <= fisher_p(min(a, b), b, min(c, d), d) <= 1.0


def test_the_median_of_nothing_is_nothing() -> None:
    assert median([]) is None
    assert median([3.0, 1.0, 2.0, 10.0]) == 2.5


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_fisher_agrees_with_exact_binomials(a: int, b: int, c: int, d: int) -> None:
    hits, left_n, right_n = min(a, b) + min(c, d), b, d

    def tables(k: int) -> int:
        return comb(left_n, k) * comb(right_n, hits - k)

    seen = tables(min(a, b))
    possible = range(max(0, hits - right_n), min(hits, left_n) + 1)
    exact = sum(tables(k) for k in possible if tables(k) <= seen) / comb(left_n + right_n, hits)
    assert isclose(fisher_p(min(a, b), b, min(c, d), d), exact, rel_tol=1e-9)


def test_large_groups_have_finite_numbers() -> None:
    assert 0 < fisher_p(60_000, 100_000, 60_500, 100_000) < 0.05
    assert 0 < mcnemar_p(1_000, 1_200) < 1e-4
    low, high = median_bounds([float(value) for value in range(100_001)]) or (0, 0)
    assert 49_600 < low < 49_700 < 50_300 < high < 50_400


@pytest.mark.parametrize(("n", "ranks"), [(6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (50, (18, 33)), (100, (40, 61))])
def test_median_bounds_are_the_tabled_order_statistics(n: int, ranks: tuple[int, int]) -> None:
    # Conover (1999), Practical Nonparametric Statistics: the sign-test interval; ranks from tables of the binomial.
    assert median_bounds([float(rank) for rank in range(n, 0, -1)]) == ranks


def test_medians_differ_where_the_sides_lie_apart() -> None:
    assert isclose(medians_p([1, 2, 3, 4], [5, 6, 7, 8]), 2 / 70)
    assert isclose(medians_p([1, 2, 3, 4], [1, 2, 3, 4]), 1.0)
    assert medians_p([], [1, 2]) == 1.0
