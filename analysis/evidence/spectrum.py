"""Spectrum-based localisation: what bad runs do and good ones do not.

Source: Ochiai similarity as used in fault localisation by Abreu, Zoeteweij and van Gemund (2007); the false discovery
rate is held by Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import comb, sqrt

from ...model.findings import CauseClass
from ...model.text.jsontext import as_text, scalars
from ..reading import Reading
from ..shapes import normal
from ..texts.quotes import quote
from .clue import Clue, Kind, clue
from .inquiry import Inquiry

_LEAST = 3
"""With fewer bad or fewer good runs whatever a run does alone would look like a cause."""
_RATE = 0.1
"""Share of false discoveries that is put up with."""
_FEW_BLANKS = 3
"""Longer texts are prose and differ in every run."""

Feature = tuple[str, ...]


def clues(case: Inquiry) -> Iterator[Clue]:
    """Acts whose tool, transition or argument value goes with failure beyond chance, over known outcomes.

    Argument values count only where all runs are of the very same request.
    """
    if not case.good_known or len(case.bad) + 1 < _LEAST or len(case.good) < _LEAST:
        return
    values = all(case.same_instance(other) for other in (*case.good, *case.bad))
    own = _features(case.reading, values=values)
    bad = Counter(feature for run in case.bad for feature in _features(run, values=values))
    good = Counter(feature for run in case.good for feature in _features(run, values=values))
    n_bad, n_good = len(case.bad) + 1, len(case.good)
    failing = {feature: bad[feature] + 1 for feature in own}
    p = {feature: _fisher(failing[feature], n_bad, good[feature], n_good) for feature in own}
    for feature in _discovered(p):
        score = failing[feature] / sqrt(n_bad * (failing[feature] + good[feature]))
        step = case.reading.view(own[feature]).step
        counts = f"in {failing[feature]} of {n_bad} bad and {good[feature]} of {n_good} good alike runs"
        told = f"{' '.join(feature)}: {counts}"
        evidence = [quote(step, feature[-1]), quote(step, feature[1])]
        yield clue(own[feature], score, told, CauseClass.UNDETERMINED, evidence, Kind.WITH_FAILURE)


def _discovered(p: dict[Feature, float]) -> list[Feature]:
    """Features that go with failure, at a false discovery rate of `_RATE`."""
    order = sorted(p, key=lambda feature: p[feature])
    kept = max((i for i, feature in enumerate(order, 1) if p[feature] <= _RATE * i / len(order)), default=0)
    return order[:kept]


def _fisher(failing: int, n_bad: int, passing: int, n_good: int) -> float:
    """Chance of so many bad runs among those with the feature if it had nothing to do with failure (one-sided).

    >>> round(_fisher(4, 4, 0, 4), 4)
    0.0143
    """
    having = failing + passing
    every = comb(n_bad + n_good, having)
    return sum(comb(n_bad, k) * comb(n_good, having - k) for k in range(failing, min(having, n_bad) + 1)) / every


def _features(reading: Reading, *, values: bool) -> dict[Feature, int]:
    """What a run did, each with the first step that did it."""
    found: dict[Feature, int] = {}
    before = "start"
    for act in reading.acts:
        found.setdefault(("call", act.tool), act.step)
        found.setdefault((before, act.tool), act.step)
        for path, value in scalars(act.arguments) if values else ():
            if as_text(value).count(" ") <= _FEW_BLANKS:
                found.setdefault(("call", act.tool, path, normal(value)), act.step)
        before = act.tool
    return found
