"""A judge without a model of language: what people said of runs, learned from the runs' meaning and computed facts.

Every label is judged by a model that did not see it, nor any run that asks the same (cross-fitted); new runs by the
mean of those models. What is learned may be nothing: then the probe says so and answers nothing. Otherwise it passes
only so far as at most one in twenty of what it passes is a fail, and leaves to people what is unlike all that it
learned from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .choosing import ADDS_NOTHING
from .logistic import Floats, Logistic, fit_logistic

FEWEST_OF_EACH = 8
"""Labels of each kind below which there is nothing to learn from."""
FALSE_PASS = 0.05
"""Largest share of fails among what is passed."""
_FOLDS = 5
_FEWEST_ASKED = 2 * _FOLDS
"""Distinct questions below which new runs ask the same ones again, so that knowing them is no leak."""
_PENALTIES = (0.5, 3.0, 20.0)
_FAR = 0.95
"""Part of the labelled runs that lie within reach of the others."""
_SURE_FAIL = 0.5
_ONE_SIDED = 1.645


@dataclass(frozen=True)
class Probe:
    """What was learned."""

    models: tuple[Logistic, ...]
    rows: Floats
    """The rows it learned from, scaled."""
    chances: Floats
    """Of a fail, for each row it learned from, by a model that did not see it."""
    explained: float
    """R² of the labels from `chances`; 0 or less where always telling the usual share of fails is as good."""
    sure: bool
    """Whether so much better than the usual share is more than chance."""
    passes_to: float
    """Chance of a fail up to which it passes; below 0 where it passes nothing."""
    reach: float
    """Distance to the nearest labelled run beyond which it knows nothing."""
    centre: Floats
    scale: Floats

    @property
    def adds_nothing(self) -> bool:
        """Whether people's labels cannot be told from the runs any better than by the usual share of fails."""
        return self.explained < ADDS_NOTHING or not self.sure

    def judge(self, rows: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """For each row the chance of a fail, and whether it is within reach of what was learned from."""
        scaled = (rows - self.centre) / self.scale
        chances = np.mean([model.chances(scaled) for model in self.models], axis=0)
        return np.asarray(chances, dtype=np.float64), _nearest(scaled, self.rows) <= self.reach

    def answer(self, chance: float, near: bool) -> bool | None:
        """Whether it fails the run; None leaves it to people."""
        if self.adds_nothing or not near:
            return None
        if chance <= self.passes_to:
            return False
        return True if chance >= max(_SURE_FAIL, self.passes_to) else None


def train_probe(rows: Floats, hits: Floats, asks: Sequence[str]) -> Probe:
    """Learn from labelled runs.

    Args:
        rows: n x d numbers of each run.
        hits: n labels of people, 1 for a fail; at least `FEWEST_OF_EACH` of each kind.
        asks: What each run was asked: runs that were asked the same are kept together, or the answer would leak.

    Cost: some 65 fits; 1 s for 300 rows of 400 numbers.
    """
    centre = rows.mean(axis=0)
    spread = rows.std(axis=0)
    varies = spread > 1e-9
    scale = np.where(varies, spread, 1.0) * np.sqrt(max(varies.sum(), 1))
    scaled = (rows - centre) / scale
    groups = _groups(asks, hits)
    folds = np.array(groups) % _FOLDS
    chances = (hits.sum() - hits) / (len(hits) - 1)
    models = []
    for fold in range(_FOLDS):
        held = folds == fold
        if not held.any() or not 0 < hits[~held].sum() < (~held).sum():
            continue
        models.append(_best_fit(scaled[~held], hits[~held], folds[~held]))
        chances[held] = models[-1].chances(scaled[held])
    explained, sure = _skill(hits, chances, groups)
    return Probe(
        tuple(models),
        scaled,
        chances,
        explained,
        sure,
        _pass_threshold(hits, chances),
        _reach(scaled, groups),
        centre,
        scale,
    )


def _skill(hits: Floats, chances: Floats, groups: Sequence[int]) -> tuple[float, bool]:
    """How much nearer the chances are than the share of fails among the other labels; and whether that is no chance.

    Source: Brier's skill score; a one-sided t-test of 5 % over the groups, whose runs are not independent.
    """
    n = len(hits)
    usual = (hits.sum() - hits) / (n - 1)
    far = (hits - usual) ** 2
    gained = np.bincount(groups, far - (hits - chances) ** 2)
    error = float(gained.std(ddof=1) * np.sqrt(len(gained))) if len(gained) > 1 else 0.0
    total = float(gained.sum())
    return total / float(far.sum()), total > _ONE_SIDED * error


def _groups(asks: Sequence[str], hits: Floats) -> list[int]:
    """A number for each distinct question, dealt over the folds so that both kinds of labels are in each."""
    first: dict[str, tuple[float, bytes]] = {}
    for ask, hit in zip(asks, hits.tolist(), strict=True):
        first.setdefault(ask, (hit, hashlib.sha256(ask.encode()).digest()))
    if len(first) < _FEWEST_ASKED:
        return list(range(len(asks)))
    order = {ask: number for number, ask in enumerate(sorted(first, key=lambda ask: first[ask]))}
    return [order[ask] for ask in asks]


def _best_fit(rows: Floats, hits: Floats, folds: npt.NDArray[np.int64]) -> Logistic:
    """With the penalty that tells held-out labels best."""
    losses = {penalty: _loss(rows, hits, folds, penalty) for penalty in _PENALTIES}
    return fit_logistic(rows, hits, min(losses, key=lambda penalty: losses[penalty]))


def _loss(rows: Floats, hits: Floats, folds: npt.NDArray[np.int64], penalty: float) -> float:
    total = 0.0
    for fold in np.unique(folds):
        held = folds == fold
        if not 0 < hits[~held].sum() < (~held).sum():
            continue
        chance = np.clip(fit_logistic(rows[~held], hits[~held], penalty).chances(rows[held]), 1e-6, 1 - 1e-6)
        total -= float((hits[held] * np.log(chance) + (1 - hits[held]) * np.log(1 - chance)).sum())
    return total


def _pass_threshold(hits: Floats, chances: Floats) -> float:
    """The highest chance up to which at most `FALSE_PASS` are fails, with one more fail for those not seen.

    Source: conformal risk control (Angelopoulos et al. 2022) for a share.
    """
    order = np.argsort(chances, kind="stable")
    fails = np.cumsum(hits[order])
    passed = np.arange(1, len(hits) + 1)
    last_of_tie = np.append(np.diff(chances[order]) > 0, True)
    fine = last_of_tie & ((fails + 1) / (passed + 1) <= FALSE_PASS)
    return float(chances[order][np.flatnonzero(fine)[-1]]) if fine.any() else -1.0


def _reach(rows: Floats, groups: Sequence[int]) -> float:
    distance = _distances(rows, rows)
    numbers = np.array(groups)
    distance[numbers[:, None] == numbers[None, :]] = np.inf
    nearest = distance.min(axis=1)
    nearest = nearest[np.isfinite(nearest)]
    return float(np.quantile(nearest, _FAR)) if len(nearest) else 0.0


def _nearest(rows: Floats, known: Floats) -> Floats:
    return np.asarray(_distances(rows, known).min(axis=1), dtype=np.float64)


def _distances(left: Floats, right: Floats) -> Floats:
    square = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2 * left @ right.T
    return np.asarray(np.sqrt(np.maximum(square, 0)), dtype=np.float64)
