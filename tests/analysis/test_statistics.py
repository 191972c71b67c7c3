"""Formulas against published values and against their definitions."""

from __future__ import annotations

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.analysis.statistics import adjusted, difference_of_shares, fisher_p, mcnemar_p, median, wilson

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
    assert mcnemar_p(*pairs) == p
    assert mcnemar_p(*reversed(pairs)) == p


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
