"""How far people who answered the same question agree: raw share, Cohen's kappa, Krippendorff's alpha.

Intervals are percentile bootstraps over items (seeded, so that a report reads the same twice): answers to one item
hang together, so items are what is drawn again. Where everybody always gives one answer, kappa and alpha are not
defined and are None; the raw share and the prevalence still tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .statistics import Interval, wilson

MIN_DOUBLES = 50
"""Items with two answers or more below which no agreement is claimed: kappa 0.7 is ± 0.2 at 50, ± 0.26 at 30."""
ROUNDS = 2_000
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one question."""

    doubles: int
    """Items with two answers or more."""
    raters: int
    raw: Interval
    """Share of agreeing pairs, averaged over items."""
    measure: Literal["kappa", "alpha"]
    """Cohen's kappa where the same two people answered everything, else Krippendorff's alpha (nominal)."""
    coefficient: Interval | None
    """None where it is not defined."""
    prevalence: Mapping[str, float]
    """Share of each answer among all answers to doubled items."""

    @property
    def enough(self) -> bool:
        """Whether there are enough doubles to claim anything."""
        return self.doubles >= MIN_DOUBLES


def agreement(items: Sequence[Mapping[str, str]], *, seed: int = 0, rounds: int = ROUNDS) -> Agreement:
    """Agreement over items.

    Args:
        items: For each item the answer by rater; raters may miss items.
        seed: Of the bootstrap.
        rounds: Of the bootstrap.

    Cost: rounds x items multiplications; 0.1 s for 2,000 x 1,000.
    """
    doubled = [item for item in items if len(item) > 1]
    raters = sorted({rater for item in doubled for rater in item})
    answers = Counter(label for item in doubled for label in item.values())
    total = sum(answers.values())
    shares = [_agreeing_pairs(list(item.values())) for item in doubled]
    pair = len(raters) == 2
    return Agreement(
        doubles=len(doubled),
        raters=len(raters),
        raw=wilson(sum(shares), len(shares)),
        measure="kappa" if pair else "alpha",
        coefficient=_with_interval(
            _kappa_parts(doubled, raters) if pair else _alpha_parts(doubled), pair, seed, rounds
        ),
        prevalence={label: count / total for label, count in sorted(answers.items())},
    )


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement of two raters beyond chance; None where it is not defined.

    >>> cohen_kappa([("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15)
    0.4

    Source: Cohen (1960).
    """
    parts = _kappa_parts([{"a": left, "b": right} for left, right in pairs], ["a", "b"])
    return _rounded(_kappa(np.ones((1, len(pairs))), parts))


def krippendorff_alpha(items: Sequence[Sequence[str]]) -> float | None:
    """Agreement of any number of raters with answers missing, for answers without order; None where not defined.

    >>> krippendorff_alpha([["a", "a"], ["b", "b"], ["a"]])
    1.0

    Source: Krippendorff (2011), "Computing Krippendorff's alpha-reliability", nominal data.
    """
    doubled = [{str(place): label for place, label in enumerate(item)} for item in items if len(item) > 1]
    return _rounded(_alpha(np.ones((1, len(doubled))), _alpha_parts(doubled)))


def _agreeing_pairs(labels: Sequence[str]) -> float:
    n = len(labels)
    return sum(count * (count - 1) for count in Counter(labels).values()) / (n * (n - 1))


def _with_interval(parts: _Floats, pair: bool, seed: int, rounds: int) -> Interval | None:
    """The coefficient, and where it lies in resamples of the items."""
    statistic = _kappa if pair else _alpha
    n = len(parts)
    value = _rounded(statistic(np.ones((1, n)), parts))
    if value is None:
        return None
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=rounds).astype(np.float64)
    found = statistic(weights, parts)
    found = found[np.isfinite(found)]
    low, high = np.percentile(found, [2.5, 97.5])
    return Interval(value, float(low), float(high))


def _kappa_parts(items: Sequence[Mapping[str, str]], raters: Sequence[str]) -> _Floats:
    """A row per item: whether both agree, then the left and the right answer as indicators."""
    labels = sorted({label for item in items for label in item.values()})
    rows = [
        [
            float(item[raters[0]] == item[raters[1]]),
            *(float(item[rater] == label) for rater in raters for label in labels),
        ]
        for item in items
    ]
    return np.array(rows, dtype=np.float64).reshape(len(items), 1 + 2 * len(labels))


def _kappa(weights: _Floats, parts: _Floats) -> _Floats:
    sums = weights @ parts / weights.sum(axis=1, keepdims=True) if len(parts) else np.full((1, 1), np.nan)
    half = (sums.shape[1] - 1) // 2
    expected = (sums[:, 1 : 1 + half] * sums[:, 1 + half :]).sum(axis=1)
    return _beyond_chance(sums[:, 0], expected)


def _alpha_parts(items: Sequence[Mapping[str, str]]) -> _Floats:
    """A row per item: its agreeing pairs, each answer weighted by 1 / (answers - 1), then the count of each answer."""
    labels = sorted({label for item in items for label in item.values()})
    rows = []
    for item in items:
        counts = Counter(item.values())
        agreeing = sum(count * (count - 1) for count in counts.values()) / (len(item) - 1)
        rows.append([agreeing, *(float(counts[label]) for label in labels)])
    return np.array(rows, dtype=np.float64).reshape(len(items), 1 + len(labels))


def _alpha(weights: _Floats, parts: _Floats) -> _Floats:
    if not len(parts):
        return np.full(1, np.nan)
    sums = weights @ parts
    counts = sums[:, 1:]
    n = counts.sum(axis=1)
    expected = (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))
    return _beyond_chance(sums[:, 0] / n, expected)


def _beyond_chance(observed: _Floats, expected: _Floats) -> _Floats:
    room = 1 - expected
    defined = room > 1e-12
    return np.where(defined, (observed - expected) / np.where(defined, room, 1.0), np.nan)


def _rounded(values: _Floats) -> float | None:
    value = float(values[0])
    return None if np.isnan(value) else round(value, 12)
