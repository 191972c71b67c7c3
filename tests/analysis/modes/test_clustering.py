"""Runs join the mode with their error, else the most alike, else open one; order matters little."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from retrospan.analysis.modes.clustering import Clustering, spread_of, typical_of
from retrospan.analysis.modes.features import DIMENSIONS, Features

ALL_ALIKE = np.ones(DIMENSIONS, np.float32)


def features(*buckets: int) -> Features:
    values = np.ones(len(buckets), np.float32) / max(len(buckets), 1) ** 0.5
    return Features(np.array(sorted(buckets), np.uint16), values)


def place(runs: Sequence[Features]) -> list[int]:
    clustering = Clustering([], ALL_ALIKE)
    modes: list[int] = []
    for run in runs:
        joined = clustering.find(run, None)
        mode = len(set(modes)) if joined.mode is None else joined.mode
        if joined.mode is None:
            clustering.open(mode, run, set())
        else:
            clustering.join(mode, run, None)
        modes.append(mode)
    return modes


def test_alike_runs_share_a_mode_and_others_open_one() -> None:
    assert place([features(1, 2, 3), features(1, 2, 4), features(7, 8, 9), features(7, 8, 3)]) == [0, 0, 1, 1]


def test_the_same_error_leads_to_its_mode_however_unlike_the_run() -> None:
    clustering = Clustering([], ALL_ALIKE)
    clustering.open(5, features(1, 2), {"timeout"})
    assert clustering.find(features(900, 901), "timeout").mode == 5
    assert clustering.find(features(900, 901), "other").mode is None
    clustering.join(5, features(1, 3), "other")
    assert clustering.find(features(900, 901), "other").mode == 5


def test_an_error_that_two_modes_know_stays_with_the_older() -> None:
    clustering = Clustering([], ALL_ALIKE)
    clustering.open(1, features(1), {"timeout"})
    clustering.open(2, features(2), {"timeout"})
    assert clustering.find(features(2), "timeout").mode == 1


def test_many_modes_fit() -> None:
    runs = [features(10 * i, 10 * i + 1) for i in range(100)]
    assert place(runs) == list(range(100))


@settings(max_examples=40)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_order_does_not_matter_where_causes_are_apart(causes: list[str], source: random.Random) -> None:
    """Three shared features in five, the others a run's own: alike enough whatever comes first."""
    runs = [
        features(*(10 * ord(cause) + k for k in range(3)), 5_000 + 2 * i, 5_001 + 2 * i)
        for i, cause in enumerate(causes)
    ]
    order = list(range(len(runs)))
    source.shuffle(order)
    straight, shuffled = place(runs), place([runs[i] for i in order])
    where = {run: shuffled[at] for at, run in enumerate(order)}
    together = [(i, j) for i in range(len(runs)) for j in range(i)]
    assert all((straight[i] == straight[j]) == (where[i] == where[j]) for i, j in together)
    assert len(set(straight)) == len(set(causes))


def test_the_typical_member_is_the_one_most_like_all() -> None:
    members = [features(1, 2, 9), features(1, 2, 3), features(1, 3, 7), features(2, 3, 8)]
    assert typical_of(members, ALL_ALIKE) == 1


def test_unlike_members_are_unlike_each_other_too() -> None:
    members = [features(1, 2), features(1, 2), features(50, 51), features(50, 51), features(90, 91)]
    picked = spread_of(members, ALL_ALIKE, [0], 2)
    assert {members[i].buckets[0] for i in picked} == {50, 90}
    assert spread_of(members[:1], ALL_ALIKE, [0], 3) == []
