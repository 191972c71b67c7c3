"""Which values of an answer have a source: numbers and identifiers, compared without their dress.

Source: the value-provenance idea of `analysis`, reduced to the question of one check. Cost: linear in the texts.
"""

from __future__ import annotations

from collections.abc import Iterable

import re2

_TOKEN = re2.compile(r"[0-9A-Za-z][0-9A-Za-z_@.,:/#+-]*")
_LIST_MARK = re2.compile(r"(?m)^\s*\d{1,2}[.)]\s")
_NUMBER = re2.compile(r"^(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?$")
_HAS_DIGIT = re2.compile(r"\d")
_UNIT = re2.compile(r"^(\d[\d,]*(?:\.\d+)?)-?[A-Za-z]+$")
_RANGE = re2.compile(r"^\d+(?:[-/:]\d+)+$")
_DATE = re2.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?")


def values(text: str) -> dict[str, str]:
    """The numbers and identifiers (words with a digit in them) of a text: normal form → as written.

    Thousands commas, trailing zeros, a unit (`30-day`) and case do not matter; a range gives its two ends; the marks
    of a numbered list are no values.

    >>> values("1. Order A-1002: 1,249.50 USD within 30-day returns")
    {'a-1002': 'A-1002', '1249.5': '1,249.50', '30': '30'}
    """
    found: dict[str, str] = {}
    for match in _TOKEN.finditer(_LIST_MARK.sub(" ", text)):
        token = match.group().rstrip(".,:/#+-_@")
        if _HAS_DIGIT.search(token):
            for part in _parts(token):
                found.setdefault(_normal(part), part)
    return found


def ungrounded(answer: str, sources: Iterable[str], allowed: Iterable[str] = ()) -> list[str]:
    """The values of an answer, as written, that no source holds, in the order of the answer."""
    known: set[str] = set()
    for source in (*sources, *allowed):
        known |= values(source).keys() | _date_parts(source)
    return [written for normal, written in values(answer).items() if normal not in known]


def _date_parts(source: str) -> set[str]:
    """An answer may tell a date in words: day, year, hour and minute of `2026-11-22T15:40Z` have a source."""
    found: set[str] = set()
    for match in _DATE.finditer(source):
        found.add(match.group().split("T")[0].split(" ")[0])
        found.update(_normal(part) for part in match.groups() if part)
        if match.group(4):
            found.add(str(int(match.group(4)) % 12 or 12))
    return found


def _parts(token: str) -> list[str]:
    if "," in token and not _NUMBER.search(token):
        return [part for piece in token.split(",") if _HAS_DIGIT.search(piece) for part in _parts(piece)]
    if _RANGE.search(token) and not _looks_like_date(token):
        return [part for part in token.replace("/", "-").replace(":", "-").split("-") if part]
    with_unit = _UNIT.search(token)
    return [with_unit.group(1)] if with_unit else [token]


def _looks_like_date(token: str) -> bool:
    return token.count("-") == 2 or token.count("/") == 2


def _normal(token: str) -> str:
    if not _NUMBER.search(token):
        return token.lower()
    plain = token.replace(",", "")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain.lstrip("0") or "0"
