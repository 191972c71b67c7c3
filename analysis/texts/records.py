"""Records in results: objects that stand beside each other in one list, each known by its ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ...model.text.jsontext import as_text, parse_if_json, scalars
from ...model.traces import JsonValue
from ..values import Value, ValueKind, values_in

_WORD = re.compile(r"[^\W\d_]{4,}")
_MOST_ROWS = 200
_DEEPEST = 5


@dataclass(frozen=True)
class Record:
    """One object of a list of alike objects."""

    row: JsonValue
    beside: tuple[JsonValue, ...]
    """The other objects of its list."""

    @cached_property
    def marks(self) -> frozenset[str]:
        """Words, dates, times and amounts by which a person may name it."""
        return marks_of(self.row)


def records_with(text: str, wanted: str) -> Iterator[Record]:
    """The objects of lists of two and more in a JSON text that hold a value, with those beside them."""
    if wanted not in text:
        return
    for rows in _lists(parse_if_json(text)):
        for i, row in enumerate(rows):
            if any(str(item) == wanted for path, item in scalars(row) if path.count(".") == 0):
                yield Record(row, tuple(rows[:i] + rows[i + 1 :]))


def marks_of(value: JsonValue) -> frozenset[str]:
    """What a person may call an object by: the words and values of its fields, its ids apart.

    >>> sorted(marks_of({"id": "A-7", "service": "Radiology", "at": "2026-12-14"}))
    ['2026-12-14', 'radiology']
    """
    return frozenset(
        mark for _, item in scalars(value) if not isinstance(item, bool) for mark in named_in(as_text(item))
    )


def named_in(text: str) -> frozenset[str]:
    """Words of four letters and more, and values that are no ids, in comparable form; a date also without its year."""
    found = {match.group().lower() for match in _WORD.finditer(text)}
    for value in values_in(text):
        found.update(_forms(value))
    return frozenset(found)


def _forms(value: Value) -> Iterator[str]:
    if value.kind is ValueKind.DATE:
        yield value.normal
        yield "-" + value.normal[4:] if not value.normal.startswith("--") else value.normal
    elif value.kind is ValueKind.TIME or (value.kind is ValueKind.NUMBER and len(value.normal) > 1):
        yield value.normal


def _lists(value: JsonValue, depth: int = 0) -> Iterator[list[JsonValue]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        if len(value) > 1 and all(isinstance(item, dict) for item in value):
            yield value[:_MOST_ROWS]
        for item in value[:_MOST_ROWS]:
            yield from _lists(item, depth + 1)
    elif isinstance(value, dict):
        objects = [item for item in value.values() if isinstance(item, dict)]
        if len(objects) > 1 and len(objects) == len(value) and _alike(objects):
            keyed: list[JsonValue] = [{"": key, **item} for key, item in value.items() if isinstance(item, dict)]
            yield keyed[:_MOST_ROWS]
        for item in value.values():
            yield from _lists(item, depth + 1)


def _alike(objects: list[dict[str, JsonValue]]) -> bool:
    """Do all have the same fields, so that their keys are ids rather than names of fields?"""
    return len({frozenset(item) for item in objects}) == 1
