"""A result that says of itself that it is not all, and the decision that commits to what it happened to show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...model.findings import CauseClass, Evidence
from ..quotes import quote
from ..reading import Role, View
from .case import CaseFile
from .clue import Clue, clue

_PARTIAL = re.compile(
    r"(?i)\bshow(?:s|ing)?\s(?:only\s)?(?:page\s)?\d{1,3}(?:\.\d+)?\s?%[^\n]{0,60}"
    r"|\bshowing\s(?:page\s)?\d+\s?(?:-|–|to|of)\s?\d+[^\n]{0,40}"
    r"|\b(?:page|results?)\s1\s(?:of|-\s?\d+\sof)\s[1-9]\d*\b"
    r"|\b(?:output|content|text|result)\s(?:was\s|has\sbeen\s)?truncated\b"
    r"|\"(?:has_more|hasMore|truncated|is_truncated)\":\s?true"
    r"|\"next_?(?:page|cursor|token)\w*\":\s?\"[^\"]{1,200}\""
    r"|\b(?:and|\.\.\.)\s?\(?\d+ more\b"
)
_FULL = re.compile(r"(?i)\b(?:100(?:\.0)?\s?%|page\s(\d+)\sof\s\1\b)")
_REST = re.compile(r"(?i)\b(?:scroll|next page|page (?:down|2)|load more|continue reading|more results)\b")
_NAME = re.compile(
    r"(?<=[a-z,;(] )[A-ZÀ-Þ][\w'’&-]{2,30}(?: (?:of |the |de |van |von )?[A-ZÀ-Þ][\w'’&-]{1,30}){0,4}"
    r"|['‘“][A-ZÀ-Þ][^'’”\n]{3,60}['’”]|\"[A-ZÀ-Þ][^\"\n]{3,60}\""
)
_WORD = re.compile(r"\w+")
_DECAY = 0.7
_LEAD_UP = 0.8
"""Share of the weight for the step that began the committing turn: a reader may name either."""
_COMMITTING = 2
"""Carrying this many names out of a partial result is choosing among what it happened to show."""


def clues(case: CaseFile) -> Iterator[Clue]:
    """Decisions that go on with what a partial result shows; the earliest that commits to named finds weighs most."""
    views = case.reading.views
    asked = _words(case.reading.request)
    committing, passing = 0.9, 0.4
    for position, view in enumerate(views):
        evidence = _partial(view)
        after = _answering(views, position) if evidence else []
        if evidence and after and not any(_REST.search(other.text[:4_000]) for other in after):
            carried = [_carried(other, view, asked) for other in after]
            carrier = next((i for i, names in enumerate(carried) if len(names) >= _COMMITTING), None)
            if carrier is None:
                yield _clue(after[0], passing, "goes on although the result before it shows only a part", evidence)
                passing *= _DECAY
            else:
                told = f"commits to {', '.join(carried[carrier][:3])}, taken from a result that shows only a part"
                yield _clue(after[carrier], committing, told, evidence)
                if carrier:
                    told = "opens the turn that commits to finds of a result that shows only a part"
                    yield _clue(after[0], committing * _LEAD_UP, told, evidence)
                committing *= _DECAY


def _clue(view: View, score: float, reason: str, partial: Evidence) -> Clue:
    own = quote(view.step, view.text.strip()[:120], "outputs")
    return clue(view.index, score, reason, CauseClass.REASONING, [partial, own])


def _carried(decision: View, result: View, asked: set[str]) -> list[str]:
    """Proper names and quoted titles of a decision that this result shows and the request did not name."""
    names = dict.fromkeys(match.group().strip(" '\"‘’“”.,") for match in _NAME.finditer(decision.text[:8_000]))
    return [name for name in names if name in result.text and not _words(name) <= asked]


def _words(text: str) -> set[str]:
    return {match.group().lower() for match in _WORD.finditer(text[:60_000])}


def _answering(views: Sequence[View], position: int) -> list[View]:
    """Decisions between a result and the next one of the same speaker's kind."""
    found: list[View] = []
    for view in views[position + 1 : position + 6]:
        if view.role is not Role.DECISION or (view.agent == views[position].agent and views[position].agent):
            break
        if found and view.agent != found[0].agent:
            break
        found.append(view)
    return found


def _partial(view: View) -> Evidence | None:
    if view.role not in (Role.RESULT, Role.DECISION):
        return None
    match = _PARTIAL.search(view.text[:20_000])
    if match is None or _FULL.search(match.group()):
        return None
    return quote(view.step, match.group(), "outputs")
