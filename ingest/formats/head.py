"""The beginning of a file, read leniently, for formats to recognise themselves by."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...model.text.jsontext import parse
from ...model.traces import JsonValue
from .spreadsheet import frame_rows, head_records

HEAD_BYTES = 256 * 1024
_MAX_RECORDS = 20
_MAX_DEPTH = 64
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|"', re.DOTALL)
_CLOSER = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Head:
    """What a format may look at: the name, the first bytes, and the first records where they are JSON."""

    name: str
    """File name without its compression suffix."""
    data: bytes
    records: tuple[JsonValue, ...] = ()
    """The first records of JSON lines, items of an array or rows of a CSV, or the one document; the last may be cut
    short."""
    members: tuple[str, ...] = field(default=())
    """Names in the archive, for a zip file."""
    columns: tuple[str, ...] = field(default=())
    """Column names, for a CSV."""

    @property
    def first(self) -> dict[str, JsonValue]:
        """The first record that is an object; empty where there is none."""
        return next((record for record in self.records if isinstance(record, dict)), {})


def make_head(name: str, data: bytes, members: tuple[str, ...] = ()) -> Head:
    """The head of a file from its first bytes, at most `HEAD_BYTES` of which are looked at."""
    data = data[:HEAD_BYTES].removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] in (b"{", b"["):
        return Head(name, data, tuple(_first_records(data)), members)
    columns, rows = head_records(data, _MAX_RECORDS)
    return Head(name, data, tuple(rows), members, columns)


def _first_records(data: bytes) -> list[JsonValue]:
    start = data.lstrip()
    records: list[JsonValue] = []
    for line in start.splitlines()[:_MAX_RECORDS]:
        try:
            records.append(parse(line))
        except ValueError:
            break
    if not records:
        records = [completed_json(start.decode("utf-8", "replace"))]
    if isinstance(records[0], list):
        return records[0][:_MAX_RECORDS]
    rows = frame_rows(records[0]) if len(records) == 1 else None
    return records if rows is None else rows[:_MAX_RECORDS]


def completed_json(text: str) -> JsonValue:
    """The value of a JSON text that may be cut off: its complete parts, None where there are none.

    >>> completed_json('{"id": "a", "spans": [{"n": 1}, {"n')
    {'id': 'a', 'spans': [{'n': 1}]}

    Cost: linear in the text.
    """
    stack: list[str] = []
    safe_end, safe_stack = 0, ""
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in _CLOSER:
            if len(stack) >= _MAX_DEPTH:
                break
            stack.append(mark)
            safe_end, safe_stack = token.end(), "".join(stack)
        elif mark in ("}", "]"):
            if not stack or _CLOSER[stack.pop()] != mark:
                break
            safe_end, safe_stack = token.end(), "".join(stack)
            if not stack:
                break
        elif mark == ",":
            safe_end, safe_stack = token.start(), "".join(stack)
        elif mark == '"':
            break
    closers = "".join(_CLOSER[mark] for mark in reversed(safe_stack))
    try:
        return parse(text[:safe_end] + closers)
    except ValueError:
        return None
