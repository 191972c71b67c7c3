"""Values that can be followed from step to step: ids, numbers, dates, e-mails, links; each "
"in one normal form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

_MAX_TEXT = 60_000
_REMEMBERED_TEXT = 10_000
_REMEMBERED_TEXTS = 256
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero",
            "february feb februar février febrero",
            "march mar märz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août agosto",
            "september sep sept septembre septiembre",
            "october oct oktober octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember décembre diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_REACH = 200
"""Characters of a name, before its first digit, that are still its own; bounds the look ahead and back."""
_PLAIN = re.compile(
    rf"""(?x)
    (?P<url>https?://[^\s<>"'\])}}]{{3,400}})
    | (?<!\d)(?P<iso>\d{{4}}-\d{{2}}-\d{{2}}(?!\d)(?:t(?=\d))?)
    | (?P<time>(?<![\d:.])\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s?[ap]\.?m\b\.?)?)
    | (?P<id>\#?\b(?=[a-z_-]{{0,{_REACH}}}\d)(?=[\d_-]{{0,{_REACH}}}[a-z_])[a-z0-9]+(?:[_-][a-z0-9]+)*\b)
    | (?<![\w.])(?P<number>(?:[$€£]?\s?-?\d{{1,3}}(?:[,\u202f ]\d{{3}})+|[$€£]?-?\d+)(?:\.\d+)?(?!\w)(?:\s?%)?)
    """
)
_DIGITS = re.compile(r"\d+")
_LINK = re.compile(r"https?://")
_BEFORE_DIGITS = frozenset("abcdefghijklmnopqrstuvwxyz_-#$€£")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_LONGEST_MONTH = 13
"""Characters of a month's name with its point and the space after it, and one before."""
_MONTH_BEFORE = re.compile(r"(?<!\w)([^\W\d_]{3,10})\.?\s\Z")
_AFTER_MONTH = re.compile(r"\d{1,2}(?:st|nd|rd|th)?(?:,?\s\d{4})?\b")
_DAY_FIRST = re.compile(r"(?<![\w.])\d{1,2}(?:st|nd|rd|th|\.)?\s(?:of\s)?([^\W\d_]{3,10})\.?(?:,?\s\d{4})?\b")
_ORDINAL = re.compile(r"^\d+(?:st|nd|rd|th)$", re.IGNORECASE)
_UNIT = re.compile(r"^-?\d+(?:\.\d+)?(?:[a-z]{1,3}|-[a-z]+)$", re.IGNORECASE)


class ValueKind(StrEnum):
    """What a value is."""

    ID = "id"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    EMAIL = "email"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Value:
    """One value as it stands in a text, and its normal form, equal for equal values."""

    kind: ValueKind
    normal: str
    text: str
    start: int
    end: int

    @property
    def key(self) -> tuple[str, str]:
        return self.kind.value, self.normal


def values_in(text: str) -> Iterator[Value]:
    """The values of a text in order.

    >>> [(v.kind.value, v.normal) for v in values_in("Order #W123 of May 5, 2024: $1,240.50 to a@b.org")]
    [('id', 'w123'), ('date', '2024-05-05'), ('number', '1240.5'), ('email', 'a@b.org')]

    Cost: linear, about 60 ns a character of prose; text beyond 60,000 characters is not read. One signal after the
    other asks for the same texts, so short ones are remembered.
    """
    text = text[:_MAX_TEXT]
    return iter(_remembered(text) if len(text) <= _REMEMBERED_TEXT else _read(text))


@lru_cache(maxsize=_REMEMBERED_TEXTS)
def _remembered(text: str) -> tuple[Value, ...]:
    return _read(text)


def _read(text: str) -> tuple[Value, ...]:
    values: list[Value] = []
    end = 0
    for start, kind, raw in sorted(_found(text), key=lambda item: (item[0], -len(item[2]))):
        value = _value(kind, raw, start) if start >= end else None
        if value:
            end = value.end
            values.append(value)
    return tuple(values)


def _found(text: str) -> Iterator[tuple[int, str, str]]:
    lower = text.lower()
    if len(lower) != len(text):
        lower = text
    digits = [match.span() for match in _DIGITS.finditer(lower)]
    for match in _plain_matches(lower, digits):
        kind = match.lastgroup or ""
        yield match.start(kind), kind, text[match.start(kind) : match.end(kind)]
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield match.start(), "email", match.group()
    for kind, start, end in _spelt_dates(lower, digits):
        yield start, kind, text[start:end]


def _plain_matches(lower: str, digits: Sequence[tuple[int, int]]) -> Iterator[re.Match[str]]:
    """What `_PLAIN` finds. All but links hold a digit, so prose between digits and links is leapt over."""
    places = [(start, True) for start, _ in digits]
    if "://" in lower:
        places = sorted([*places, *((match.start(), False) for match in _LINK.finditer(lower))])
    end = 0
    for place, is_digit in places:
        if place < end:
            continue
        match = _PLAIN.search(lower, max(end, _start_of_token(lower, place)) if is_digit else place)
        if match is None:
            return
        end = match.end()
        yield match


def _start_of_token(lower: str, digit: int) -> int:
    """How far left of a digit a match may begin: at its letters, signs, and one space after a currency."""
    start, least = digit, max(digit - _REACH, 0)
    while start > least and lower[start - 1] in _BEFORE_DIGITS:
        start -= 1
    if start and lower[start - 1].isspace():
        start -= 1
        if start and lower[start - 1] in "$€£":
            start -= 1
    return start


def _spelt_dates(lower: str, digits: Sequence[tuple[int, int]]) -> Iterator[tuple[str, int, int]]:
    """Days of months that are named, with their places."""
    for start, end in digits:
        if end - start > 2:
            continue
        if start and lower[start - 1].isspace():
            before = _MONTH_BEFORE.search(lower, max(start - _LONGEST_MONTH, 0), start)
            if before and before[1] in _MONTHS and (after := _AFTER_MONTH.match(lower, start)):
                yield "monthfirst", before.start(), after.end()
        match = _DAY_FIRST.match(lower, start)
        if match and match[1] in _MONTHS:
            yield "dayfirst", start, match.end()


def number_of(normal: str) -> float | None:
    """The number behind a normal form, None where it is none."""
    try:
        return float(normal)
    except ValueError:
        return None


def decimals(normal: str) -> int:
    """How many digits stand after the point."""
    return len(normal.partition(".")[2])


def _value(kind: str, raw: str, start: int) -> Value | None:
    text = (
        raw
        if kind == "time"
        else raw.rstrip(".,;:Tt" if kind == "iso" else ".,;:" if kind in ("url", "email") else " .")
    )
    lead = len(text) - len(text.lstrip())
    text = text.lstrip()
    start += lead
    end = start + len(text)
    if kind in ("iso", "monthfirst", "dayfirst"):
        normal = _date(text)
        return Value(ValueKind.DATE, normal, text, start, end) if normal else None
    if kind == "number":
        return Value(ValueKind.NUMBER, _plain_number(text), text, start, end)
    if kind == "time":
        return Value(ValueKind.TIME, _clock(text), text, start, end)
    if kind == "id":
        if _ORDINAL.match(text) or _UNIT.match(text):
            return None
        return Value(ValueKind.ID, text.lstrip("#").lower(), text, start, end)
    return Value(ValueKind(kind), text.lower(), text, start, end)


def _plain_number(text: str) -> str:
    digits = re.sub(r"[$€£%,\s\u202f]", "", text)
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    sign = "-" if digits.startswith("-") else ""
    return sign + (digits.lstrip("-").lstrip("0") or "0")


def _date(text: str) -> str | None:
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    if re.match(r"\d{4}-", text):
        year, month, day = numbers[:3]
    else:
        word = re.search(r"[^\W\d_]{3,}", text)
        month = next((_MONTHS[w.lower()] for w in re.findall(r"[^\W\d_]{3,}", text) if w.lower() in _MONTHS), 0)
        if not word or not month or not numbers:
            return None
        day = numbers[0]
        year = numbers[1] if len(numbers) > 1 else 0
    if year == 0:
        return f"--{month:02d}-{day:02d}" if 1 <= day <= 31 else None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _clock(text: str) -> str:
    hours, _, rest = text.partition(":")
    minutes = rest[:2]
    hour = int(hours)
    lower = rest.lower()
    if "p" in lower and hour < 12:
        hour += 12
    elif "a" in lower and hour == 12:
        hour = 0
    return f"{hour:02d}:{minutes}"
