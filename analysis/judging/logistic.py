"""Logistic regression with a penalty on the squares of its slopes, by Newton's method, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_STEPS = 25
_STILL = 1e-5
"""Nats of likelihood that a step has to gain."""


@dataclass(frozen=True)
class Logistic:
    """A fitted model: the chance of a hit from the numbers of a row."""

    slopes: Floats
    intercept: float

    def chances(self, rows: Floats) -> Floats:
        """One for each row, between 0 and 1."""
        return _sigmoid(rows @ self.slopes + self.intercept)


def fit_logistic(rows: Floats, hits: Floats, penalty: float) -> Logistic:
    """Fit to rows and their labels, 0 or 1; the intercept is not penalised.

    Args:
        rows: n x d. With more columns than rows the fit is made among the rows, which is the same.
        hits: n labels, with both kinds among them.
        penalty: On half the sum of the squared slopes, above 0; it makes the answer unique.

    Cost: O(n min(n, d)^2) a step, 25 steps at most.
    Source: Hoerl and Kennard's ridge (1970) on the logistic likelihood; le Cessie and van Houwelingen (1992).
    """
    n, d = rows.shape
    if d <= n:
        return _newton(rows, hits, penalty)
    left, sizes, right = np.linalg.svd(rows, full_matrices=False)
    inner = _newton(left * sizes, hits, penalty)
    return Logistic(inner.slopes @ right, inner.intercept)


def _newton(rows: Floats, hits: Floats, penalty: float) -> Logistic:
    n, d = rows.shape
    wide = np.hstack([rows, np.ones((n, 1))])
    weight = np.full(d + 1, penalty)
    weight[-1] = 1e-9
    share = float(hits.mean())
    at = np.zeros(d + 1)
    at[-1] = np.log(share / (1 - share))
    worth = _worth(wide, hits, weight, at)
    for _ in range(_STEPS):
        chance = _sigmoid(wide @ at)
        slope = wide.T @ (hits - chance) - weight * at
        curve = (wide * (chance * (1 - chance))[:, None]).T @ wide
        curve[np.diag_indices(d + 1)] += weight
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while (new := _worth(wide, hits, weight, at + size * step)) < worth and size > 1e-4:
            size /= 2
        at, gained, worth = at + size * step, new - worth, new
        if gained < _STILL:
            break
    return Logistic(at[:-1], float(at[-1]))


def _worth(wide: Floats, hits: Floats, weight: Floats, at: Floats) -> float:
    score = wide @ at
    return float(hits @ score - np.logaddexp(0, score).sum() - (weight * at**2).sum() / 2)


def _sigmoid(score: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -score)), dtype=np.float64)
