"""The suite's tests: a case counts once, chance is bounded over all of them."""

from __future__ import annotations

from itertools import product
from math import erf, sqrt

import numpy as np
import pytest
from retrospan.analysis.verification.single_case import Tally
from retrospan.analysis.verification.suite import (
    holm,
    largest_drop_left,
    majority_flips,
    non_inferiority_p,
    rate_changes,
    sign_flip_p,
)


def test_a_case_votes_once_by_its_majority() -> None:
    flips = majority_flips(
        {
            "a": Tally(3, 3, 1, 3),
            "b": Tally(0, 3, 3, 3),
            "c": Tally(2, 4, 4, 4),
            "d": Tally(3, 3, 3, 3),
            "e": Tally(1, 1),
        }
    )
    assert (flips.broken, flips.fixed, flips.compared) == (("a",), ("b", "c"), 4)


@pytest.mark.parametrize(
    ("broken", "fixed", "worse", "changed"),
    [
        (0, 0, 1.0, 1.0),
        (5, 0, 0.03125, 0.0625),
        (14, 11, 0.34502, 0.69003),
        (3, 9, 0.98071, 0.14600),
        (8, 1, 0.01953, 0.03906),
    ],
)
def test_majority_p_is_the_exact_binomial(broken: int, fixed: int, worse: float, changed: float) -> None:
    tallies = {f"b{i}": Tally(1, 1, 0, 1) for i in range(broken)} | {f"f{i}": Tally(0, 1, 1, 1) for i in range(fixed)}
    flips = majority_flips(tallies)
    assert flips.p_worse == pytest.approx(worse, abs=1e-5)
    assert flips.p_changed == pytest.approx(changed, abs=1e-5)


@pytest.mark.parametrize("changes", [[-0.5, 0.25, -0.75, 0.0, -1.0], [0.2, 0.2, -0.4], [-1 / 3, 2 / 3, -1 / 3, -1 / 3]])
def test_sign_flip_p_is_that_of_all_flips(changes: list[float]) -> None:
    sums = [sum(s * c for s, c in zip(signs, changes, strict=True)) for signs in product((1, -1), repeat=len(changes))]
    expected = np.mean([total <= sum(changes) + 1e-9 for total in sums])
    assert sign_flip_p(changes) == pytest.approx(expected)


def test_sign_flip_p_of_many_uneven_changes_is_drawn_and_near() -> None:
    rng = np.random.default_rng(3)
    changes = [float(c) for c in rng.normal(-0.03, 0.2, 60)]
    z = sum(changes) / sqrt(sum(c * c for c in changes))
    assert sign_flip_p(changes) == pytest.approx((1 + erf(z / sqrt(2))) / 2, abs=0.02)
    assert sign_flip_p(changes) == sign_flip_p(changes)


def test_repeats_of_a_case_add_no_units() -> None:
    few = rate_changes({"a": Tally(1, 1, 0, 1), "b": Tally(1, 1, 1, 1)})
    many = rate_changes({"a": Tally(30, 30, 0, 30), "b": Tally(30, 30, 30, 30)})
    assert sign_flip_p(few) == sign_flip_p(many) == 0.5


def test_steady_cases_rule_out_a_drop_in_proportion_to_their_number() -> None:
    assert non_inferiority_p([0.0] * 10, 0.05) == pytest.approx(2**-10)
    assert largest_drop_left([0.0] * 40) == 0.005
    assert largest_drop_left([0.0] * 4) == 1.0
    assert largest_drop_left([]) == 1.0
    assert 0.1 < largest_drop_left([0.0] * 36 + [-1.0] * 4) < 0.25


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, {}),
        ({"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.04}, {"a": 0.04, "b": 0.06, "c": 0.06, "d": 0.06}),
        ({"a": 0.5, "b": 0.9}, {"a": 1.0, "b": 1.0}),
    ],
)
def test_holm_adjusts_in_steps(raw: dict[str, float], expected: dict[str, float]) -> None:
    assert holm(raw) == pytest.approx(expected)
