"""Where the conversation turns: a person gives in, changes course or narrows the request after being told no."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.findings import CauseClass
from ..quotes import around, quote
from ..reading import Role
from ..wording import HEDGE
from .case import CaseFile
from .clue import Clue, clue

_CHANGE = re.compile(
    r"(?i)\b(?:actually|instead|never ?mind|forget (?:it|about)|on second thought|let's (?:leave|skip|"
    r"just)|in that case|"
    r"if (?:that's|that is) (?:the case|not possible)|i(?:'ll| will) just|i might as well|rather|changed my mind|"
    r"let's go ahead|let me rephrase)\b"
)


def clues(case: CaseFile) -> Iterator[Clue]:
    """User turns that change the request, heavier when a refusal came just before."""
    turns = [view for view in case.reading.views if view.role is Role.USER]
    for view in turns[1:]:
        before = [other for other in case.reading.decisions if other.index < view.index]
        refused = bool(before) and bool(HEDGE.search(before[-1].text))
        match = _CHANGE.search(view.text[:2_000])
        if not match and not refused:
            continue
        score = 0.5 * bool(match) + 0.4 * refused
        reason = "the user changes course" if match else "the user goes on after being told no"
        if match and refused:
            reason = "the user changes course after being told no"
        span = (match.start(), match.end()) if match else (0, min(60, len(view.text)))
        yield clue(
            view.index,
            score,
            reason,
            CauseClass.PROMPT,
            [
                around(view.step, view.text, *span, "inputs"),
                quote(before[-1].step, before[-1].text[:120], "outputs") if refused else None,
            ],
        )
