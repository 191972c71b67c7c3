"""What a run had seen up to a step, and whether a value follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from .values import Value, ValueKind, decimals, number_of, values_in

_DAY = "day"
"""Key of a full date seen, for a later mention without its year."""
_PLAIN = 100
"""Smaller whole numbers without a currency sign equal some sum by chance; they have to be shown themselves."""
_SUM_LIMIT = 160
"""Pairs of at most this many numbers are tried for sums, differences and products."""


@dataclass
class Sources:
    """Values seen so far, with the step that showed each first."""

    first_seen: dict[tuple[str, str], int] = field(default_factory=dict)
    numbers: list[float] = field(default_factory=list)
    _number_set: set[float] = field(default_factory=set)
    _texts: list[str] = field(default_factory=list)

    def add(self, step: int, text: str) -> None:
        """Take in what a step shows."""
        if not text:
            return
        self._texts.append(text.lower())
        for value in values_in(text):
            self.first_seen.setdefault(value.key, step)
            if value.kind is ValueKind.DATE and not value.normal.startswith("--"):
                self.first_seen.setdefault((_DAY, "-" + value.normal[4:]), step)
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
            if value.normal.startswith("--"):
                return (_DAY, value.normal) in self.first_seen
            return (ValueKind.DATE.value, "-" + value.normal[4:]) in self.first_seen
        if value.kind is ValueKind.NUMBER:
            return self._number_known(value)
        return any(value.text.lower() in text for text in self._texts)

    def _number_known(self, value: Value) -> bool:
        number = number_of(value.normal)
        if number is None:
            return False
        size = abs(number)
        if size in self._number_set or -size in self._number_set:
            return True
        places = decimals(value.normal)
        if any(round(known, places) == number for known in self.numbers):
            return True
        if value.text.endswith("%") and any(round(known * 100, places) == number for known in self.numbers):
            return True
        adds_up = places > 0 or abs(number) >= _PLAIN or not value.text[0].isdigit()
        return adds_up and self._derived(number, places)

    def _derived(self, number: float, places: int) -> bool:
        recent = list(islice(reversed(self.numbers), _SUM_LIMIT))
        known = {round(value, places) for value in recent}
        for value in recent:
            if round(number - value, places) in known or round(value - number, places) in known:
                return True
            if value and abs(value) > 1 and round(number / value, 6) in known and abs(number) > 1:
                return True
        return False
