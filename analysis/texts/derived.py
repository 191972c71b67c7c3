"""Dates, times and totals that follow from what was read, though they stand nowhere themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice

from ...model.text.jsontext import parse_if_json
from ...model.traces import JsonValue

_NUMBER_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "one a an ein eine einem einen un une una uno",
            "two zwei deux dos",
            "three drei trois tres",
            "four vier quatre cuatro",
            "five fünf cinq cinco",
            "six sechs seis",
            "seven sieben sept siete",
            "eight acht huit ocho",
            "nine neun neuf nueve",
            "ten zehn dix diez",
            "eleven elf onze once",
            "twelve zwölf douze doce",
        ),
        start=1,
    )
    for word in words.split()
}
_UNITS = {
    "day": ["days?", "tag", "tage", "tagen", "jour", "jours", "día", "días", "dia", "dias", "night", "nights"],
    "week": ["weeks?", "woche", "wochen", "semaines?", "semanas?"],
    "month": ["months?", "monate?n?", "mois", "mes", "meses"],
    "hour": ["hours?", "hrs?", "h", "stunden?", "heures?", "horas?"],
    "minute": ["minutes?", "mins?", "minuten", "minutos?"],
}
_UNIT_OF = [(re.compile(rf"(?:{'|'.join(words)})\Z", re.IGNORECASE), unit) for unit, words in _UNITS.items()]
_SPAN = re.compile(
    rf"(?i)(?<![\w.])(\d{{1,3}}|{'|'.join(sorted(_NUMBER_WORDS, key=len, reverse=True))})"
    r"[\s-](?:(working|business|work|week|calendar|full|consecutive)[\s-]?)?([^\W\d_]{1,8})\b"
)
_FIELD_SPAN = re.compile(r"(?i)(day|week|month|hour|minute|min)s?\w{0,12}[\"']?\s{0,2}[:=]\s{0,2}[\"']?(\d{1,3})\b")
_RELATIVE = re.compile(
    r"(?i)\b(?:today|tomorrow|yesterday|tonight|next|this week|weekend|(?:mon|tues|wednes|thurs|fri|satur|"
    r"sun)day|heute|morgen|"
    r"gestern|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|demain|hier|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|"
    r"mañana|ayer|lunes|martes|miércoles|jueves|viernes|sábado|domingo)\b"
)
_WEEK = 7
_WORKDAY = "workday"
_ON_WORKDAYS = frozenset({"working", "business", "work", "week"})
_MOST_DATES = 60
_MOST_ROWS = 400
_MONTH_DAYS = (28, 29, 30, 31)


@dataclass
class Calendar:
    """Dates, times of day, and lengths of time that a run has read."""

    dates: dict[date, None] = field(default_factory=dict)
    times: dict[int, None] = field(default_factory=dict)
    """Minutes since midnight."""
    _spans: set[tuple[int, str]] = field(default_factory=set)
    _relative: bool = False
    _unread: list[str] = field(default_factory=list)

    def read(self, text: str) -> None:
        """Take in the lengths of time of a text; it is looked through once something asks for one."""
        self._unread.append(text)

    @property
    def spans(self) -> set[tuple[int, str]]:
        """The lengths of time that were read: how many, of what unit."""
        self._catch_up()
        return self._spans

    @property
    def relative(self) -> bool:
        """Whether weekdays, or words like tomorrow, were said."""
        self._catch_up()
        return self._relative

    def _catch_up(self) -> None:
        for text in self._unread:
            self._look_through(text)
        self._unread.clear()

    def _look_through(self, text: str) -> None:
        for match in _SPAN.finditer(text):
            unit = _unit(match[3])
            if unit:
                unit = _WORKDAY if unit == "day" and (match[2] or "").lower() in _ON_WORKDAYS else unit
                said = match[1].lower()
                self._spans.add((int(said) if said.isdigit() else _NUMBER_WORDS[said], unit))
        for match in _FIELD_SPAN.finditer(text):
            self._spans.add((int(match[2]), "minute" if match[1].lower() == "min" else match[1].lower()))
        self._relative = self._relative or bool(_RELATIVE.search(text))

    def yields_day(self, month_day: str, year: int | None) -> bool:
        """Is this day (`MM-DD`) a length of time away from a date that was read, or near one and told by weekday?"""
        for known in islice(reversed(self.dates), _MOST_DATES):
            for around in (year,) if year else (known.year - 1, known.year, known.year + 1):
                day = _day(around, month_day)
                if day is not None and self._away(known, day):
                    return True
        return False

    def yields_time(self, minutes: int) -> bool:
        """Is this time of day a length of time away from one that was read?"""
        steps = {n if unit == "minute" else 60 * n for n, unit in self.spans if unit in ("minute", "hour")}
        return any((minutes - known) % 1440 in steps or (known - minutes) % 1440 in steps for known in self.times)

    def yields_length(self, days: int) -> bool:
        """Do two dates lie that many days apart?"""
        known = list(islice(reversed(self.dates), _MOST_DATES))
        return any(abs((one - other).days) in (days, days - 1) for one in known for other in known if one < other)

    def _away(self, known: date, day: date) -> bool:
        gap = abs((day - known).days)
        if self.relative and gap <= _WEEK:
            return True
        working = _working_days(min(known, day), max(known, day)) if gap <= 100 else -1
        return any(_covers(n, unit, gap, working) for n, unit in self.spans)


def _covers(n: int, unit: str, gap: int, working: int) -> bool:
    """Is a length of time that was read the way from one day to another?"""
    if unit == "month":
        return min(_MONTH_DAYS) * n <= gap <= max(_MONTH_DAYS) * n
    days = {"day": n, "week": _WEEK * n, "hour": n / 24}
    return working == n if unit == _WORKDAY else days.get(unit, -1) == gap


def totals_of(text: str) -> Iterator[float]:
    """How many rows the lists of a JSON result have, and the sum of each of their columns of numbers."""
    for rows in _lists(parse_if_json(text)):
        yield float(len(rows))
        columns: dict[str, list[float]] = {}
        for row in rows[:_MOST_ROWS]:
            if isinstance(row, dict):
                for name, item in row.items():
                    if isinstance(item, int | float) and not isinstance(item, bool):
                        columns.setdefault(name, []).append(float(item))
        yield from (round(sum(column), 6) for column in columns.values() if len(column) > 1)


def number_words(text: str) -> Iterator[float]:
    """Small numbers written as words.

    >>> list(number_words("for three hours"))
    [3.0]
    """
    words = (match.group().lower() for match in re.finditer(r"[^\W\d_]+", text))
    return (float(number) for word in words if (number := _NUMBER_WORDS.get(word, 0)) > 1)


def _lists(value: JsonValue, depth: int = 0) -> Iterator[list[JsonValue]]:
    if isinstance(value, list):
        if value:
            yield value
    elif isinstance(value, dict) and depth < 3:
        for item in value.values():
            yield from _lists(item, depth + 1)


def _unit(word: str) -> str | None:
    return next((unit for pattern, unit in _UNIT_OF if pattern.match(word)), None)


def _day(year: int, month_day: str) -> date | None:
    try:
        return date(year, int(month_day[:2]), int(month_day[3:5]))
    except ValueError:
        return None


def _working_days(start: date, end: date) -> int:
    return sum((start + timedelta(days=i)).weekday() < 5 for i in range(1, (end - start).days + 1))
