"""CSV that spreadsheets show as text: a cell that a program would run as a formula is made inert."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from .display import safe_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def csv_cell(value: object) -> str:
    """A value as the text of a cell.

    Hidden characters become visible; text that begins like a formula, also after blanks, gets an apostrophe in front,
    as spreadsheets write text themselves. Numbers stay numbers.

    >>> csv_cell('=HYPERLINK("https://evil.example")')[:4], csv_cell(-1.5), csv_cell(None)
    ("'=HY", '-1.5', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    text = safe_text(str(value))
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV document: a header and rows, every text quoted, lines ended as RFC 4180 has it."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([csv_cell(value) for value in row])
    return out.getvalue()
