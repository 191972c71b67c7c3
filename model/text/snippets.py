"""The few words around a match, for lists of hits."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
_STEM = 4
"""Letters that must agree: full text stems words, so `refunds` finds `refund`."""


def snippet(text: str, terms: Sequence[str], width: int = 160) -> str:
    """A stretch of `text` around the place where most of `terms` stand together; the start where none does.

    Args:
        text: The content, raw; the caller passes the result through the render gate.
        terms: Words or phrases that were searched for.
        width: Characters.
    """
    places = _places(text, terms)
    if not places:
        return text[:width] + ("…" if len(text) > width else "")
    best = max(places, key=lambda at: (len({term for term, place in _near(places, at, width)}), -at[1]))
    start = max(best[1] - width // 4, 0)
    cut = text[start : start + width]
    return ("…" if start else "") + cut + ("…" if start + width < len(text) else "")


def _places(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    lowered = text.lower()
    places = []
    for number, term in enumerate(terms):
        needle = term.lower()
        words = _WORD.findall(needle)
        found = [match.start() for match in re.finditer(re.escape(needle), lowered)][:50]
        if not found and words:
            stem = words[0][: max(_STEM, len(words[0]) - 3)]
            found = [match.start() for match in re.finditer(r"\b" + re.escape(stem), lowered)][:50]
        places += [(number, at) for at in found]
    return places


def _near(places: Sequence[tuple[int, int]], at: tuple[int, int], width: int) -> list[tuple[int, int]]:
    return [place for place in places if at[1] <= place[1] < at[1] + width]
