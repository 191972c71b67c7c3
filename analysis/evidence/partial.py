"""A result that says of itself that it is not all, and the decision that goes on without the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...store.findings import CauseClass, Evidence
from ..quotes import quote
from ..reading import Role, View
from .case import CaseFile
from .clue import Clue, clue

_PARTIAL = re.compile(
    r"(?i)\bshow(?:s|ing)?\s(?:only\s)?(?:page\s)?\d{1,3}(?:\.\d+)?\s?%[^\n]{0,60}|\bshowing\s(?:page\s)?\d+\s?(?:-|–|to|of)\s?\d+[^\n]{0,40}"
    r"|\b(?:page|results?)\s1\s(?:of|-\s?\d+\sof)\s[1-9]\d*\b|\b(?:output|content|text|result)\s(?:was\s|has\sbeen\s)?truncated\b"
    r"|\"(?:has_more|hasMore|truncated|is_truncated)\":\s?true|\"next_?(?:page|cursor|token)\w*\":\s?\"[^\"]{1,200}\""
    r"|\b(?:and|\.\.\.)\s?\(?\d+ more\b"
)
_FULL = re.compile(r"(?i)\b(?:100(?:\.0)?\s?%|page\s(\d+)\sof\s\1\b)")
_REST = re.compile(
    r"(?i)\b(?:scroll|next page|page (?:down|2)|load more|continue (?:reading|to)|rest of|remaining|full list|complete list|more results)\b"
)
_DECAY = 0.7


def clues(case: CaseFile) -> Iterator[Clue]:
    """The first decisions after partial results that do not ask for the rest; the earliest weighs most."""
    weight = 0.8
    views = case.reading.views
    for position, view in enumerate(views):
        evidence = _partial(view)
        if evidence is None:
            continue
        for after in views[position + 1 : position + 2]:
            if after.role is Role.DECISION and after.agent != view.agent and not _asks_rest(views, position):
                yield clue(
                    after.index,
                    weight,
                    "goes on although the result before it shows only a part",
                    CauseClass.REASONING,
                    [evidence, quote(after.step, after.text.strip()[:120], "outputs")],
                )
                weight *= _DECAY


def _partial(view: View) -> Evidence | None:
    if view.role not in (Role.RESULT, Role.DECISION):
        return None
    match = _PARTIAL.search(view.text[:20_000])
    if match is None or _FULL.search(match.group()):
        return None
    return quote(view.step, match.group(), "outputs")


def _asks_rest(views: tuple[View, ...], position: int) -> bool:
    return any(_REST.search(view.text[:4_000]) for view in views[position + 1 : position + 4])
