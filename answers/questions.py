"""The answer to a question in SQL as text for a model: one line a row, inside a budget."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from ..model.text.budget import CHARACTERS_PER_TOKEN, MAX_BUDGET, clip
from ..model.text.fence import FENCE_COST, fenced, inert_line
from ..services.finding.asking import Asked

_NARROWEST = 12
"""Characters to which long values are cut before rows are left out."""
_HEAD = 200


def question_text(asked: Asked, *, budget: int) -> str:
    """How many rows, the columns, and the rows; what was left out and how to get it.

    Args:
        asked: The answer.
        budget: Tokens; long values are cut first, then rows are left out.
    """
    answer = asked.answer
    room = budget * CHARACTERS_PER_TOKEN - FENCE_COST - _HEAD
    columns = " | ".join(inert_line(name, 60) for name in answer.columns)
    told = [[_value(value) for value in row] for row in answer.rows]
    width = _width(told, room - len(columns))
    lines = _lines(told, width, room - len(columns))
    left = len(answer.rows) - len(lines)
    if not answer.rows:
        return f"No rows ({columns}).{_waiting(asked)}"
    more = "at least " if answer.more else ""
    head = f"{more}{len(answer.rows)} row{'' if len(answer.rows) == 1 else 's'}{_waiting(asked)}"
    text = f"{head}\n{fenced([columns, *lines])}"
    if left or answer.more:
        shown = f"{len(lines)} of {more}{len(answer.rows)} rows shown"
        text += f"\n{shown}. Aggregate, add WHERE, or go on with LIMIT 50 OFFSET {len(lines)} and an ORDER BY."
    if width < max(map(len, chain.from_iterable(told)), default=0):
        text += f"\nValues are cut to {width} characters: ask for fewer rows, substr(…), or budget={MAX_BUDGET}."
    return text


def _waiting(asked: Asked) -> str:
    return f" · {asked.waiting} runs wait to be looked at; ask again to count them" if asked.waiting else ""


def _width(rows: Sequence[Sequence[str]], room: int) -> int:
    """The width of values at which all rows fit, where there is one."""
    width = max(map(len, chain.from_iterable(rows)), default=0)
    while width > _NARROWEST and _size(rows, width) > room:
        width = max(width * 3 // 4, _NARROWEST)
    return width


def _lines(rows: Sequence[Sequence[str]], width: int, room: int) -> list[str]:
    """As many rows as there is room for, values cut to the width."""
    lines: list[str] = []
    for row in rows:
        line = " | ".join(clip(value, width) for value in row)
        room -= len(line) + 1
        if room < 0 and lines:
            break
        lines.append(line)
    return lines


def _size(rows: Sequence[Sequence[str]], width: int) -> int:
    return sum(min(len(value), width) + 3 for row in rows for value in row)


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return inert_line(str(value))
