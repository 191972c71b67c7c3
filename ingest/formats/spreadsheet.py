"""CSV: the rows of an export as records, with the JSON and numbers in their cells read.

Platforms write nested values into cells as JSON, data frames as Python literals. The delimiter is told by the header;
text that is no UTF-8 is taken for Windows-1252, as spreadsheets write it.
"""

from __future__ import annotations

import ast
import csv
import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

import orjson

from ...model.traces import JsonValue

_DELIMITERS = ",;\t|"
_NO_NAME = frozenset('{}[]":\\<>')
_MAX_NAME = 128
_MAX_LITERAL = 1 << 18
_MAX_BRACKETS = 100
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?")
_WORDS: dict[str, JsonValue] = {"true": True, "false": False, "True": True, "False": False}
_NOTHING = ("", "null", "None", "NaN", "nan", "NaT", "<NA>")
_BOM = b"\xef\xbb\xbf"


class RowError(ValueError):
    """A row that cannot be read."""


def header_of(line: bytes) -> tuple[str, ...]:
    """The column names in the first line of a CSV file; empty where it is none."""
    text = decoded(line.removeprefix(_BOM)).strip("\r\n")
    names = next(csv.reader([text], delimiter=delimiter_of(text)), []) if _is_text(text) else []
    plausible = len(names) > 1 and all(len(name) <= _MAX_NAME and not _NO_NAME & set(name) for name in names)
    return tuple(name.strip() for name in names) if plausible and any(names) else ()


def _is_text(text: str) -> bool:
    return bool(text) and text[:1] not in "{[" and all(char.isprintable() or char == "\t" for char in text)


def delimiter_of(header: str) -> str:
    """The commonest delimiter outside quotes."""
    plain = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=plain.count)


def decoded(line: bytes) -> str:
    """Text of a line."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def rows(stream: BinaryIO, most: int) -> Iterator[tuple[int, list[str] | RowError]]:
    """Numbered rows of cells, the header as row 1; a row that is no CSV comes as its error.

    Args:
        stream: Bytes from the beginning of the file.
        most: Bytes of one line and characters of one cell.
    """
    first = stream.readline(most).removeprefix(_BOM)
    text = decoded(first)
    # The limit is one of the process; a cell of an export holds a whole conversation.
    csv.field_size_limit(max(most, csv.field_size_limit()))
    reader = csv.reader(_lines(text, stream, most), delimiter=delimiter_of(text))
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            yield number, RowError(f"Not valid CSV: {err}.")


def _lines(first: str, stream: BinaryIO, most: int) -> Iterator[str]:
    yield first.replace("\0", "␀")
    while line := stream.readline(most):
        yield decoded(line).replace("\0", "␀")


def records(stream: BinaryIO, most: int) -> Iterator[tuple[int, dict[str, JsonValue] | RowError]]:
    """Numbered rows as objects of the cells that hold something; row 2 is the first after the header."""
    found = rows(stream, most)
    names = header_of_cells(found)
    for number, cells in found:
        if isinstance(cells, RowError):
            yield number, cells
        elif cells:
            yield number, record(names, cells)


def header_of_cells(found: Iterator[tuple[int, list[str] | RowError]]) -> list[str]:
    """Column names from the first of `rows`, which is taken."""
    _, cells = next(found, (1, []))
    return [] if isinstance(cells, RowError) else [name.strip() for name in cells]


def too_many(names: Iterable[str], cells: list[str]) -> RowError | None:
    """The error of a row with more filled cells than there are columns."""
    columns = len(list(names))
    if not any(cell.strip() for cell in cells[columns:]):
        return None
    return RowError(
        f"The row has {len(cells)} cells, the header {columns}. "
        "Put cells that hold the delimiter or quotes into quotes."
    )


def record(names: list[str], cells: list[str]) -> dict[str, JsonValue] | RowError:
    """The cells that hold something, by column."""
    error = too_many(names, cells)
    if error:
        return error
    return {name: cell_value(cell) for name, cell in zip(names, cells, strict=False) if cell not in _NOTHING}


def head_records(data: bytes, most: int) -> tuple[tuple[str, ...], list[JsonValue]]:
    """Column names and first rows of the beginning of a file, whose last row may be cut off; both empty for no CSV."""
    first, _, rest = data.partition(b"\n")
    names = header_of(first)
    if not names:
        return (), []
    text = decoded(first.removeprefix(_BOM))
    reader = csv.reader(decoded(rest).replace("\0", "␀").splitlines(keepends=True), delimiter=delimiter_of(text))
    found: list[JsonValue] = []
    try:
        for cells in islice(reader, most):
            row = record(list(names), cells)
            if not isinstance(row, RowError):
                found.append(row)
    except csv.Error:
        return names, found
    return names, found


def frame_rows(value: JsonValue) -> list[JsonValue] | None:
    """The rows of a data frame that was written as one JSON object, by columns or split; None for anything else."""
    if not isinstance(value, dict) or not value:
        return None
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list):
        rows = [cells if isinstance(cells, list) else [] for cells in data]
        return [dict(zip(map(str, names), cells, strict=False)) for cells in rows]
    columns = {name: cells for name, cells in value.items() if isinstance(cells, dict) and cells}
    if len(columns) < len(value) or not all(key.isdigit() for cells in columns.values() for key in cells):
        return None
    first = next(iter(columns.values()))
    return [{name: cells.get(key) for name, cells in columns.items()} for key in first]


def cell_value(cell: str) -> JsonValue:
    """A cell as the value it was written from: JSON, a Python literal, a number, a truth value, else its text.

    Digits that are no plain number (leading zeros, an exponent, too many) are an id and stay text.
    """
    text = cell.strip()
    if text[:1] in ("{", "[") or (text[:1] == '"' and text[-1:] == '"' and len(text) > 1):
        return _nested(text, cell)
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        number = float(text) if "." in text else int(text)
        return number if math.isfinite(number) else cell
    return cell


def _nested(text: str, cell: str) -> JsonValue:
    try:
        value: JsonValue = orjson.loads(text)
    except ValueError:
        return _literal(text, cell)
    return value


def _literal(text: str, cell: str) -> JsonValue:
    """The value of a Python dict's or list's repr, as data frames write it."""
    if len(text) > _MAX_LITERAL or _brackets(text) > _MAX_BRACKETS:
        return cell
    try:
        value: JsonValue = orjson.loads(orjson.dumps(ast.literal_eval(text)))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return cell
    return value


def _brackets(text: str) -> int:
    """Deepest nesting; brackets inside strings count, so it is rather too high."""
    depth = deepest = 0
    for char in text:
        if char in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in ")]}":
            depth -= 1
    return deepest
