"""Early decisions: with nothing else to tell steps apart, the course is set early rather than late."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import CauseClass
from ..quotes import quote
from .case import CaseFile
from .clue import Clue, clue

_DECAY = 0.8
_MOST = 6


def clues(case: CaseFile) -> Iterator[Clue]:
    """The first decisions, each a little lighter; the very first, which mostly restates the request, comes second.

    A prior, not an observation: it orders steps that no other source tells apart, and never suffices to accuse.
    """
    final = case.reading.final
    early = [view for view in case.reading.decisions if view is not final][:_MOST]
    order = [*early[1:2], *early[:1], *early[2:]]
    for place, view in enumerate(order):
        yield clue(
            view.index,
            _DECAY**place,
            "an early decision that sets the course",
            CauseClass.UNDETERMINED,
            [quote(view.step, view.text.strip()[:140], "outputs")],
        )
