"""Weights of the sources of evidence, learned from confirmed causes and checked on runs that were held out.

A run is a choice among its steps: each step has a score per source, and people chose one. The weights make the chosen
step likely (conditional logit), held near the weights in use and never below zero.

Source: McFadden (1974), conditional logit; the pull towards a start is ridge regression with a prior mean.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .evidence.inquiry import Inquiry
from .suspects import SOURCES, Source

LEAST = 50
"""Confirmed causes from which weights are learned."""
_PULL = 4.0
"""How strongly weights are held to the start; worth about so many runs."""
_SHARPNESS = 4.0
"""Suspect scores differ by tenths; so much sharper is the choice they describe."""
_ROUNDS = 400
_RATE = 0.05
_FOLDS = 5

_Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """One run with its confirmed step: the score that each source gives each step."""

    group: str
    """Task: runs of one task are held out together."""
    steps: tuple[int, ...]
    scores: _Array
    """Steps by sources, in the order of `SOURCES`."""
    right: frozenset[int]
    """Indices of steps that count as right."""

    @property
    def is_right(self) -> _Array:
        return np.array([float(step in self.right) for step in self.steps])


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Hits on runs that the weights were not learned from, beside those of the start on the same runs."""

    n: int
    hit_1: int
    hit_3: int
    start_hit_1: int
    start_hit_3: int

    @property
    def better(self) -> bool:
        """Are learned weights at least as good at the first suspect, and better at one of both?"""
        gained = (self.hit_1 - self.start_hit_1, self.hit_3 - self.start_hit_3)
        return gained[0] >= 0 and sum(gained) > 0


def example_of(
    case: Inquiry, group: str, right: Iterable[int], sources: Mapping[str, tuple[Source, float]] = SOURCES
) -> Example:
    """What every source says of the steps of a run."""
    by_step: dict[int, dict[int, float]] = defaultdict(dict)
    for column, (source, _) in enumerate(sources.values()):
        for clue in source(case):
            by_step[clue.step][column] = by_step[clue.step].get(column, 0.0) + clue.score
    scores = np.zeros((len(by_step), len(sources)))
    for row, found in enumerate(by_step.values()):
        for column, score in found.items():
            scores[row, column] = score
    return Example(group, tuple(by_step), scores, frozenset(right))


def learn_weights(examples: Sequence[Example], start: Mapping[str, float]) -> dict[str, float]:
    """Weights that make the confirmed steps likely, by gradient ascent; runs whose step no source names are left out.

    Args:
        examples: Runs with confirmed steps.
        start: The weights in use, in the order of the examples' columns.

    Cost: a few hundred passes over all steps; 500 runs of 50 steps take about a second.
    """
    origin = np.array(list(start.values()))
    weights = origin.copy()
    useful = [(example.scores, example.is_right) for example in examples if example.is_right.any()]
    scale = max(1, len(useful))
    for _ in range(_ROUNDS if useful else 0):
        gradient = _PULL * (origin - weights)
        for scores, right in useful:
            chances = _chances(scores @ weights)
            wanted = chances * right / max(float((chances * right).sum()), 1e-12)
            gradient += _SHARPNESS * scores.T @ (wanted - chances)
        weights = np.maximum(0.0, weights + _RATE * gradient / scale)
    return {name: round(float(weight), 4) for name, weight in zip(start, weights, strict=True)}


def cross_validate(examples: Sequence[Example], start: Mapping[str, float]) -> HeldOut:
    """Hits with weights learned on the other folds; runs of one group are never on both sides."""
    groups = sorted({example.group for example in examples})
    fold = {group: i % _FOLDS for i, group in enumerate(groups)}
    ours: list[int | None] = []
    before: list[int | None] = []
    for held in range(_FOLDS):
        weights = learn_weights([example for example in examples if fold[example.group] != held], start)
        for example in (example for example in examples if fold[example.group] == held):
            ours.append(place(example, weights))
            before.append(place(example, start))
    return HeldOut(len(ours), _within(ours, 1), _within(ours, 3), _within(before, 1), _within(before, 3))


def place(example: Example, weights: Mapping[str, float]) -> int | None:
    """Rank of the first right step, from 0; None where no source names one. Ties go to the earlier step."""
    totals = example.scores @ np.array(list(weights.values()))
    order = sorted(range(len(example.steps)), key=lambda row: (-round(float(totals[row]), 4), example.steps[row]))
    return next((rank for rank, row in enumerate(order) if example.steps[row] in example.right), None)


def _within(places: Sequence[int | None], k: int) -> int:
    return sum(rank is not None and rank < k for rank in places)


def _chances(totals: _Array) -> _Array:
    powers = np.exp(_SHARPNESS * (totals - totals.max()))
    chances: _Array = powers / powers.sum()
    return chances
