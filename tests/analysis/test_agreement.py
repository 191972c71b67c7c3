"""Agreement against published examples, a reference implementation, and double annotations of real runs."""

from __future__ import annotations

import csv
from collections import defaultdict

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.analysis.agreement import agreement, cohen_kappa, krippendorff_alpha
from shared_data import shared

# Krippendorff (2011), section C: 12 units, 4 observers, missing data; nominal alpha is 0.743.
PUBLISHED = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
]


def table(both_yes: int, left: int, right: int, both_no: int) -> list[tuple[str, str]]:
    return [("y", "y")] * both_yes + [("y", "n")] * left + [("n", "y")] * right + [("n", "n")] * both_no


@pytest.mark.parametrize(
    ("cells", "kappa"), [((20, 5, 10, 15), 0.4), ((45, 15, 25, 15), 0.1304), ((25, 35, 5, 35), 0.2593)]
)
def test_kappa_of_published_tables(cells: tuple[int, int, int, int], kappa: float) -> None:
    assert cohen_kappa(table(*cells)) == pytest.approx(kappa, abs=5e-5)


def test_alpha_of_the_published_example() -> None:
    rows = [row.split() for row in PUBLISHED]
    items = [[row[unit] for row in rows if row[unit] != "."] for unit in range(12)]
    assert krippendorff_alpha(items) == pytest.approx(0.743, abs=5e-4)


@given(st.lists(st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=4, max_size=4), min_size=2, max_size=25))
def test_alpha_is_that_of_the_reference_implementation(items: list[list[str | None]]) -> None:
    ours = krippendorff_alpha([[label for label in item if label is not None] for item in items])
    values = {label for item in items if sum(entry is not None for entry in item) > 1 for label in item if label}
    if len(values) < 2:
        assert ours is None
        return
    codes = {None: np.nan, "a": 0.0, "b": 1.0, "c": 2.0}
    data = np.array([[codes[label] for label in item] for item in items]).T
    assert ours == pytest.approx(krippendorff.alpha(data, level_of_measurement="nominal"), abs=1e-9)


def test_everybody_always_of_one_mind_has_no_coefficient() -> None:
    found = agreement([{"ada": "pass", "ben": "pass"}] * 60)
    assert (found.coefficient, found.raw.value, found.prevalence) == (None, 1.0, {"pass": 1.0})
    assert found.enough


def test_same_pair_gives_kappa_and_changing_pairs_give_alpha() -> None:
    same = [{"ada": "pass", "ben": "fail"}, {"ada": "fail", "ben": "fail"}]
    assert agreement(same).measure == "kappa"
    assert agreement([*same, {"ada": "pass", "cem": "pass"}]).measure == "alpha"


def test_single_answers_do_not_count_and_nothing_is_claimed_of_few_doubles() -> None:
    found = agreement([{"ada": "pass"}] * 80 + [{"ada": "pass", "ben": "fail"}] * 3)
    assert (found.doubles, found.enough) == (3, False)
    empty = agreement([])
    assert (empty.doubles, empty.coefficient, empty.prevalence) == (0, None, {})


def test_interval_holds_the_value_narrows_with_n_and_reads_the_same_twice() -> None:
    def pairs(times: int) -> list[dict[str, str]]:
        return [{"a": left, "b": right} for left, right in table(20, 5, 5, 20) * times]

    few, many = agreement(pairs(1)).coefficient, agreement(pairs(4)).coefficient
    assert few is not None and many is not None
    assert few.low < few.value < few.high
    assert many.high - many.low < 0.6 * (few.high - few.low)
    # Fleiss, Cohen and Everitt (1969): the standard error of kappa .6 at n = 50 is .113.
    assert (few.high - few.low) / 2 == pytest.approx(1.96 * 0.113, rel=0.15)
    assert agreement(pairs(1)).coefficient == few


def test_published_double_annotations() -> None:
    """AgentRewardBench reports kappa .741 / .770 / .647 / .463 on all 106 doubles; here is about half of them."""
    path = shared("agent_reward_bench", "annotations.csv")
    items: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(dict)
    with path.open(newline="") as source:
        for row in csv.DictReader(source):
            items[row["task_id"], row["exp_name"]][row["annotator_name"]] = row
    for column, low, high in (
        ("trajectory_success", 0.6, 0.95),
        ("trajectory_looping", 0.6, 0.95),
        ("trajectory_side_effect", 0.4, 0.95),
        ("trajectory_optimality", 0.25, 0.7),
    ):
        ratings = [
            [row[column] for row in raters.values() if row[column]] for raters in items.values() if len(raters) > 1
        ]
        doubled = [labels for labels in ratings if len(labels) > 1]
        codes = {label: float(n) for n, label in enumerate(sorted({label for labels in doubled for label in labels}))}
        data = np.array([[codes[label] for label in labels[:2]] for labels in doubled]).T
        ours = krippendorff_alpha([labels[:2] for labels in doubled])
        assert ours == pytest.approx(krippendorff.alpha(data, level_of_measurement="nominal"), abs=1e-9)
        kappa = cohen_kappa([(labels[0], labels[1]) for labels in doubled])
        assert kappa is not None and low < kappa < high
