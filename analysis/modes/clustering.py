"""Which mode a run joins: the one with its exact error, else the most alike with its signal, else one of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from .features import DIMENSIONS, Features, Floats

LEAST_ALIKE = 0.25
"""Cosine to a mode's centre from which a run joins it; chosen on the example agent (benchmarks/README.md)."""


_OTHER_ERROR = 0.5
"""The same where both have errors and they differ: other words for one error are rarer than other errors."""


@dataclass(slots=True)
class Centre:
    """A mode as clustering sees it."""

    mode: int
    total: Floats
    """Sum of its members' vectors, dense."""
    signatures: set[str] = field(default_factory=set)
    """Digests of the errors that lead here."""
    family: str = ""
    """The clearest signal of the run that opened it; empty for failures without one."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Where a run belongs."""

    mode: int | None
    """None: it opens a mode of its own."""
    likeness: float
    """Cosine to the mode's centre; 1 where the error is the same."""


class Clustering:
    """Leader clustering: one pass, each run once, decided by what was there before it.

    Args:
        centres: The modes there are.
        rarity: How much each feature counts, from `Background.rarity`.

    Source: leader algorithm, Hartigan (1975) ch. 3, with running centres. Cost: modes × filled buckets per run.
    """

    def __init__(self, centres: Sequence[Centre], rarity: Floats) -> None:
        self._weights = rarity * rarity
        self._modes: list[int] = []
        self._totals = np.zeros((max(16, 2 * len(centres)), DIMENSIONS), np.float32)
        self._norms = np.zeros(len(self._totals), np.float32)
        self._by_signature: dict[str, int] = {}
        self._families: list[str] = []
        for centre in centres:
            self.open(centre.mode, None, centre.signatures, centre.family, centre.total)

    def find(self, features: Features, signature: str | None, family: str = "") -> Joined:
        """The mode that a run joins: by its error, else by likeness among those with its clearest signal.

        Ties go to the older mode.
        """
        if signature is not None and signature in self._by_signature:
            return Joined(self._by_signature[signature], 1.0)
        if family not in self._families:
            return Joined(None, 0.0)
        likeness = self.likeness(features)
        likeness[[other != family for other in self._families]] = -1.0
        best = int(np.argmax(likeness))
        differs = signature is not None and self._modes[best] in self._by_signature.values()
        if likeness[best] < (_OTHER_ERROR if differs else LEAST_ALIKE):
            return Joined(None, float(likeness[best]))
        return Joined(self._modes[best], float(likeness[best]))

    def likeness(self, features: Features) -> Floats:
        """Cosine of a run to every centre, in the order in which modes were opened."""
        weighted = features.values * self._weights[features.buckets]
        length = float(np.sqrt((weighted * features.values).sum()))
        products = self._totals[: len(self._modes), features.buckets] @ weighted
        return cast(Floats, products / np.maximum(self._norms[: len(self._modes)] * length, 1e-9))

    def open(
        self,
        mode: int,
        features: Features | None,
        signatures: set[str],
        family: str = "",
        total: Floats | None = None,
    ) -> None:
        """A further mode, with its first member or with the sum of those it has."""
        row = len(self._modes)
        if row == len(self._totals):
            self._totals = np.vstack([self._totals, np.zeros_like(self._totals)])
            self._norms = np.concatenate([self._norms, np.zeros_like(self._norms)])
        self._modes.append(mode)
        self._families.append(family)
        if total is not None:
            self._totals[row] = total
        if features is not None:
            self._totals[row, features.buckets] += features.values
        self._measure(row)
        self._by_signature.update(dict.fromkeys(signatures - self._by_signature.keys(), mode))

    def join(self, mode: int, features: Features, signature: str | None) -> None:
        """Note a further member; its error leads others here."""
        row = self._modes.index(mode)
        self._totals[row, features.buckets] += features.values
        self._measure(row)
        if signature is not None:
            self._by_signature.setdefault(signature, mode)

    def centre(self, mode: int) -> Floats:
        """The sum of a mode's members."""
        return cast(Floats, self._totals[self._modes.index(mode)])

    def _measure(self, row: int) -> None:
        self._norms[row] = np.sqrt((self._weights * self._totals[row] ** 2).sum())


def typical_of(vectors: Sequence[Features], rarity: Floats) -> int:
    """The medoid: the vector whose summed likeness to all is greatest. Cost: linear in the filled buckets.

    The sum of cosines to all vectors is the product with the sum of their unit vectors, so no pairs are needed.
    """
    units = [_unit(features, rarity) for features in vectors]
    total = np.zeros(DIMENSIONS, np.float32)
    for features, unit in zip(vectors, units, strict=True):
        total[features.buckets] += unit
    sums = [float(unit @ total[features.buckets]) for features, unit in zip(vectors, units, strict=True)]
    return int(np.argmax(sums))


def spread_of(vectors: Sequence[Features], rarity: Floats, chosen: Sequence[int], more: int) -> list[int]:
    """Vectors that are least like `chosen` and each other, one after another.

    Source: farthest-first traversal, Gonzalez (1985). Cost: (chosen + more) × vectors; one row of 32 kB a vector.
    """
    rows = np.zeros((len(vectors), DIMENSIONS), np.float32)
    for row, features in enumerate(vectors):
        rows[row, features.buckets] = _unit(features, rarity)
    nearest = np.full(len(vectors), -1.0, np.float32)
    for row in chosen:
        nearest = np.maximum(nearest, rows @ rows[row])
    taken, picked = list(chosen), list[int]()
    for _ in range(min(more, len(vectors) - len(taken))):
        nearest[taken] = np.inf
        pick = int(np.argmin(nearest))
        picked.append(pick)
        taken.append(pick)
        nearest = np.maximum(nearest, rows @ rows[pick])
    return picked


def _unit(features: Features, rarity: Floats) -> Floats:
    weighted = features.values * rarity[features.buckets]
    return cast(Floats, weighted / max(float(np.linalg.norm(weighted)), 1e-9))
