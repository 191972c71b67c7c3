"""Spectrum-based localisation: what bad runs do and good ones do not.

Source: Ochiai similarity as used in fault localisation by Abreu, Zoeteweij and van Gemund (2007).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import sqrt

from ...store.findings import CauseClass
from ...store.jsontext import as_text, scalars
from ..quotes import quote
from ..reading import Reading
from ..shapes import normal
from .case import CaseFile
from .clue import Clue, clue

_FLOOR = 0.5
_FEW_BLANKS = 3
"""Longer texts are prose and differ in every run."""


def clues(case: CaseFile) -> Iterator[Clue]:
    """Acts whose tool, transition or argument value goes with failure; needs another bad run and a good one.

    Argument values count only where all runs are of the very same request.
    """
    if not case.good or not case.bad:
        return
    values = all(case.same_instance(other) for other in (*case.good, *case.bad))
    bad = [set(_features(reading, values=values)) for reading in (case.reading, *case.bad)]
    good = [set(_features(reading, values=values)) for reading in case.good]
    for feature, step in _features(case.reading, values=values).items():
        failing = sum(feature in run for run in bad)
        passing = sum(feature in run for run in good)
        score = failing / sqrt(len(bad) * (failing + passing))
        if score > _FLOOR and passing < len(good):
            yield clue(
                step,
                score,
                f"{' '.join(feature)}: in {failing} of {len(bad)} bad and {passing} of {len(good)} good alike runs",
                CauseClass.UNDETERMINED,
                [quote(case.reading.view(step).step, feature[-1]), quote(case.reading.view(step).step, feature[1])],
            )


def _features(reading: Reading, *, values: bool) -> dict[tuple[str, ...], int]:
    """What a run did, each with the first step that did it."""
    found: dict[tuple[str, ...], int] = {}
    before = "start"
    uses: dict[str, int] = defaultdict(int)
    for act in reading.acts:
        uses[act.tool] += 1
        found.setdefault(("call", act.tool), act.step)
        found.setdefault((before, act.tool), act.step)
        for path, value in scalars(act.arguments) if values else ():
            if as_text(value).count(" ") <= _FEW_BLANKS:
                found.setdefault(("call", act.tool, path, normal(value)), act.step)
        before = act.tool
    return found
