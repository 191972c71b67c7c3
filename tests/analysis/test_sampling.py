"""Draws of a mix: the chance that each unit is given is the chance it has."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.analysis.sampling import Drawn, Mix, Part, draw_mix, weighted_share

UNITS = list(range(60))
SCORES = {unit: unit / 10 for unit in range(8, 20)}
STRATA = {unit: "abc"[unit % 3] if unit < 50 else "rare" for unit in UNITS}
TRUE = {unit: unit % 4 == 0 or unit in SCORES for unit in UNITS}


def draw(seed: int, budget: int = 20, mix: Mix | None = None) -> list[Drawn]:
    return draw_mix(UNITS, budget, Random(seed), scores=SCORES, strata=STRATA, mix=mix)


def test_default_mix_splits_the_budget() -> None:
    parts = Counter(entry.part for entry in draw(1))
    assert parts == {Part.RANKED: 12, Part.DIVERSE: 4, Part.RANDOM: 4}


def test_no_more_units_than_budget_takes_all_for_certain() -> None:
    assert {(entry.unit, entry.probability) for entry in draw(1, budget=60)} == {(unit, 1.0) for unit in UNITS}


@pytest.mark.parametrize("mix", [Mix(), Mix(0.2, 0.7, 0.1), Mix(0.0, 0.0, 1.0), Mix(0.1, 0.15, 0.75)])
def test_stated_chances_are_the_frequencies_of_many_draws(mix: Mix) -> None:
    rounds, stated = 4_000, dict[int, float]()
    seen = Counter[int]()
    for seed in range(rounds):
        for entry in draw(seed, mix=mix):
            seen[entry.unit] += 1
            assert stated.setdefault(entry.unit, entry.probability) == entry.probability
    for unit, chance in stated.items():
        assert abs(seen[unit] / rounds - chance) < 5 * (chance * (1 - chance) / rounds) ** 0.5 + 1e-9


def test_horvitz_thompson_totals_are_unbiased_where_plain_shares_are_not() -> None:
    rounds, weighted, plain = 4_000, 0.0, 0.0
    for seed in range(rounds):
        drawn = draw(seed)
        weighted += sum(1 / entry.probability for entry in drawn if TRUE[entry.unit])
        plain += sum(TRUE[entry.unit] for entry in drawn) / len(drawn) * len(UNITS)
    truth = sum(TRUE.values())
    assert weighted / rounds == pytest.approx(truth, rel=0.02)
    assert plain / rounds > truth * 1.3


def test_weighted_share_undoes_the_ranking() -> None:
    answers = [(TRUE[entry.unit], entry.probability) for seed in range(300) for entry in draw(seed)]
    truth = sum(TRUE.values()) / len(UNITS)
    assert weighted_share(answers).value == pytest.approx(truth, abs=0.02)
    assert weighted_share([]) == (0.0, 0.0, 1.0)


@given(
    count=st.integers(0, 40),
    budget=st.integers(0, 30),
    ranked=st.floats(0, 1),
    cut=st.floats(0, 1),
    scored=st.sets(st.integers(0, 39)),
    strata=st.lists(st.sampled_from("abcd"), min_size=40, max_size=40),
    seed=st.integers(0, 999),
)
def test_any_draw_keeps_to_its_budget_and_its_chances_sum_to_it(
    count: int, budget: int, ranked: float, cut: float, scored: set[int], strata: list[str], seed: int
) -> None:
    units = list(range(count))
    mix = Mix(ranked, (1 - ranked) * cut, (1 - ranked) * (1 - cut))
    drawn = draw_mix(
        units,
        budget,
        Random(seed),
        scores=dict.fromkeys(scored, 1.0),
        strata=dict(enumerate(strata)),
        mix=mix,
    )
    assert len(drawn) == min(count, budget) == len({entry.unit for entry in drawn})
    assert all(0 < entry.probability <= 1 + 1e-12 for entry in drawn)
