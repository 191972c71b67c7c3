"""JSON that is not quite one document: cut off, one object after another, or with commas between lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from ...model.text.jsontext import finite
from ...model.traces import JsonValue

_BETWEEN = " \t\r\n,\x1e\ufeff"
"""Blanks, commas, and the record separator of RFC 7464."""


class Found(NamedTuple):
    """One whole value, or what is wrong where they end (`error`)."""

    where: str
    value: JsonValue = None
    error: str | None = None


def loose_values(text: str) -> Iterator[Found]:
    """The whole values of a text: items of an array, which may be cut off, or objects one after another.

    Cost: linear; each value is parsed once. Nothing after the first broken value is read.
    """
    decoder = json.JSONDecoder(parse_constant=str, parse_float=finite)
    place, number, in_array = 0, 0, False
    while True:
        place = _skip(text, place)
        if text[place : place + 1] == ("]" if in_array else "["):
            in_array, place = not in_array, place + 1
            continue
        what = "item" if in_array else "document"
        if place >= len(text):
            if in_array:
                yield Found("document", error=f"the array is not closed; its {number} whole items were read")
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except RecursionError:
            yield Found(f"{what} {number}", error="nested too deeply")
            return
        except ValueError as err:
            yield Found(f"{what} {number}", error=f"{err}; what comes after it was not read")
            return
        yield Found(f"{what} {number}", value)
        number += 1


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in _BETWEEN:
        place += 1
    return place
