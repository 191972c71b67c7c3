"""Weights learned from confirmed causes, and what they are worth on runs that were held out."""

from __future__ import annotations

import numpy as np
from retrospan.analysis.weights import Example, cross_validate, learn_weights, place

START = {"loud": 1.0, "true": 0.2, "idle": 0.5}


def runs(count: int) -> list[Example]:
    """Runs of three steps: `loud` points at the first, `true` at the one that people confirm."""
    scores = np.array([[0.8, 0.0, 0.0], [0.0, 0.9, 0.0], [0.3, 0.1, 0.0]])
    return [Example(f"task {i % 12}", (0, 1, 2), scores, frozenset({1})) for i in range(count)]


def test_a_source_that_is_right_gains_weight_and_a_silent_one_keeps_its_own() -> None:
    learned = learn_weights(runs(60), START)
    assert learned["true"] > START["true"]
    assert learned["loud"] < START["loud"]
    assert learned["idle"] == START["idle"]


def test_held_out_runs_gain_from_what_was_learned() -> None:
    held = cross_validate(runs(60), START)
    assert (held.n, held.start_hit_1, held.hit_1) == (60, 0, 60)
    assert held.better


def test_noise_is_not_better_than_the_start() -> None:
    source = np.random.default_rng(3)
    noise = [
        Example(f"task {i}", (0, 1, 2), source.random((3, 3)), frozenset({int(source.integers(3))})) for i in range(60)
    ]
    held = cross_validate(noise, START)
    assert held.hit_3 == held.start_hit_3 == 60


def test_no_example_leaves_the_start() -> None:
    assert learn_weights([], START) == START


def test_a_step_that_no_source_names_has_no_place() -> None:
    assert place(Example("task", (0,), np.array([[1.0, 0.0, 0.0]]), frozenset({7})), START) is None
