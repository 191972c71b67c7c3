"""Counts told right after a look-up whose result does not hold the number: counted by the model itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.findings import CauseClass
from ..quotes import around
from ..reading import Role, View
from ..values import values_in
from .case import CaseFile
from .clue import Clue, clue

_COUNT = re.compile(
    r"(?i)\b(?:there (?:are|is|were)(?: currently| only| a total of| now)?|total of|found|has|have|with|"
    r"offers?|includes?|"
    r"contains?|counted|exactly|es gibt|il y a|hay)\s\**(\d{1,4})\**\s(?!(?:am|pm|%|°))[a-z]"
)
_MANY = 600
"""A result shorter than this is counted by eye."""


def clues(case: CaseFile) -> Iterator[Clue]:
    """Decisions that state a count which neither a person nor a result had stated."""
    last: View | None = None
    heard: list[str] = []
    for view in case.reading.views:
        if view.role is Role.DECISION and last is not None and len(last.text) >= _MANY:
            match = _COUNT.search(view.text[:4_000])
            if match and not _heard(heard, match.group(1)):
                yield clue(
                    view.index,
                    0.9,
                    f"the count {match.group(1)} is the model's own, made from the result before it",
                    CauseClass.REASONING,
                    [around(view.step, view.text, match.start(), match.end(), "outputs")],
                )
        if view.text:
            heard.append(view.text)
        if view.role is Role.RESULT:
            last = view
        elif view.role is Role.DECISION and view.text.strip():
            last = None


def _heard(texts: list[str], number: str) -> bool:
    return any(
        value.normal == number for text in texts[-6:] for value in values_in(text) if value.kind.value == "number"
    )
