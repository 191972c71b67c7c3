"""What a run had seen up to a step, and whether a value follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from ..values import Value, ValueKind, decimals, number_of, values_in
from .derived import Calendar, number_words, totals_of

_DAY = "day"
"""Key of a full date seen, for a later mention without its year."""
_PLAIN = 100
"""Smaller whole numbers without a currency sign equal some sum by chance; they have to be shown themselves."""
_BESIDE = 12
"""So many numbers of one text are tried with each other."""
_SUM_LIMIT = 160
"""Pairs of at most this many numbers are tried for sums, differences and products."""


@dataclass
class Sources:
    """Values seen so far, with the step that showed each first."""

    first_seen: dict[tuple[str, str], int] = field(default_factory=dict)
    numbers: list[float] = field(default_factory=list)
    _number_set: set[float] = field(default_factory=set)
    _texts: list[str] = field(default_factory=list)
    _totals: set[float] = field(default_factory=set)
    _uncounted: list[str] = field(default_factory=list)
    """Texts whose totals nobody has asked for yet."""
    calendar: Calendar = field(default_factory=Calendar)

    def add(self, step: int, text: str) -> None:
        """Take in what a step shows."""
        if not text:
            return
        self._texts.append(text.lower())
        self._uncounted.append(text)
        self.calendar.read(text)
        for value in values_in(text):
            self.first_seen.setdefault(value.key, step)
            if value.kind is ValueKind.DATE and not value.normal.startswith("--"):
                self.first_seen.setdefault((_DAY, "-" + value.normal[4:]), step)
                self.calendar.dates.setdefault(date.fromisoformat(value.normal))
            elif value.kind is ValueKind.TIME:
                self.calendar.times.setdefault(_minutes(value.normal))
            number = number_of(value.normal) if value.kind is ValueKind.NUMBER else None
            if number is not None and number not in self._number_set:
                self._number_set.add(number)
                self.numbers.append(number)

    def introducer(self, value: Value) -> int | None:
        """The step that first showed the value; None where none did in that form."""
        return self.first_seen.get(value.key)

    def holds(self, value: Value) -> bool:
        """Was the value shown, in any of its usual forms?"""
        if value.key in self.first_seen:
            return True
        if value.kind is ValueKind.DATE:
            return self._date_known(value.normal)
        if value.kind is ValueKind.TIME and self.calendar.yields_time(_minutes(value.normal)):
            return True
        if value.kind is ValueKind.NUMBER:
            return self._number_known(value)
        return any(value.text.lower() in text for text in self._texts)

    def _date_known(self, normal: str) -> bool:
        day = normal[2:] if normal.startswith("--") else normal[5:]
        key = (_DAY, normal) if normal.startswith("--") else (ValueKind.DATE.value, "-" + normal[4:])
        return key in self.first_seen or self.calendar.yields_day(day, None if normal[0] == "-" else int(normal[:4]))

    def _number_known(self, value: Value) -> bool:
        number = number_of(value.normal)
        if number is None:
            return False
        size = abs(number)
        if size in self._number_set or -size in self._number_set or size in self._known_totals():
            return True
        places = decimals(value.normal)
        if any(round(known, places) == number for known in self.numbers):
            return True
        if value.text.endswith("%") and any(round(known * 100, places) == number for known in self.numbers):
            return True
        adds_up = places > 0 or abs(number) >= _PLAIN or not value.text[0].isdigit()
        return adds_up and self._derived(number, places)

    def _known_totals(self) -> set[float]:
        for text in self._uncounted:
            self._totals.update(totals_of(text))
        self._uncounted.clear()
        return self._totals

    def _derived(self, number: float, places: int) -> bool:
        recent = list(islice(reversed(self.numbers), _SUM_LIMIT))
        known = {round(value, places) for value in recent}
        for value in recent:
            if round(number - value, places) in known or round(value - number, places) in known:
                return True
            if value and abs(value) > 1 and round(number / value, 6) in known and abs(number) > 1:
                return True
        return False


def worked_out(value: Value, beside: list[Value], text: str) -> bool:
    """Is a number the sum, difference, product or ratio of numbers of the same text, or the sum of some in a row?"""
    wanted = number_of(value.normal)
    if wanted is None or value.kind is not ValueKind.NUMBER:
        return False
    others = [n for v in beside if v.start != value.start and v.kind is ValueKind.NUMBER and (n := number_of(v.normal))]
    known = [n for n in (*others[-_BESIDE:], *islice(number_words(text), _BESIDE)) if n != wanted]
    places = decimals(value.normal)
    for i, one in enumerate(known):
        for other in known[i + 1 :]:
            yields = [one + other, abs(one - other), one * other, one / other, other / one]
            if any(round(result, places) == wanted for result in yields):
                return True
    before = [n for v in beside if v.end <= value.start and v.kind is ValueKind.NUMBER and (n := number_of(v.normal))]
    return any(round(sum(before[-count:]), places) == wanted for count in range(2, min(len(before), _BESIDE) + 1))


def _minutes(normal: str) -> int:
    hours, _, minutes = normal.partition(":")
    return 60 * int(hours) + int(minutes)
