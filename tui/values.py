"""JSON values, messages and documents as people read them, bounded so that a huge one does not hold up the screen."""

from __future__ import annotations

import json
from collections.abc import Iterator

from textual.content import Content

from ..model.text.jsontext import as_text
from ..model.traces import Document, JsonValue, Message, ToolCall
from .gate import joined, lines, shown

BRIEF = 4_000
"""Characters of one text shown by default."""
WHOLE = 300_000
"""Characters shown on request; `retrospan trace show --full` has no bound."""
_FEW = 12
_DEEP = 5
"""Nesting that is still laid out line by line; what lies deeper stays JSON."""


def bounded(text: str, limit: int, style: str = "") -> Content:
    """A text, cut at `limit` characters with a word on what is left out."""
    if len(text) <= limit:
        return shown(text, style)
    how = "x shows it all" if limit < WHOLE else "`retrospan trace show --full` prints it all"
    return joined(shown(text[:limit], style), shown(f" … {len(text) - limit:,} more characters; {how}", "$quiet"))


def value_content(value: JsonValue, limit: int) -> Content:
    """A JSON value: text as it is, a small flat object a line a field, anything else as indented JSON."""
    if isinstance(value, str):
        return bounded(value, limit)
    if (
        isinstance(value, dict)
        and 0 < len(value) <= _FEW
        and not any(isinstance(v, dict | list) for v in value.values())
    ):
        return lines(*(joined(shown(f"{key}: ", "$quiet"), bounded(_scalar(v), limit)) for key, v in value.items()))
    if isinstance(value, dict | list):
        return bounded(_indented(value), limit)
    return shown(_scalar(value))


def one_line(value: JsonValue) -> str:
    """A value inside a sentence: `order_id: A-1002, amount: 300`."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_scalar(part)}" for key, part in value.items())
    return _scalar(value)


def plain_content(value: JsonValue, limit: int) -> Content:
    """A value without braces and quotes, for readers who know no JSON: a line a field, a number an item."""
    return bounded("\n".join(_plain_lines(value, 0)), limit)


def call_line(call: ToolCall) -> str:
    """A tool call as one line of code: `lookup_order(order_id: A-1002)`."""
    return f"{call.name}({one_line(call.arguments)})"


def message_content(message: Message, limit: int) -> Content:
    """One turn of a conversation, with who speaks above."""
    who = message.role if not message.name else f"{message.role} {message.name}"
    parts = [shown(who, "bold $error" if message.is_error else "bold")]
    if message.reasoning:
        parts.append(joined(shown("thinks: ", "$quiet"), bounded(message.reasoning, limit, "italic $quiet")))
    if message.content:
        parts.append(bounded(message.content, limit))
    parts += [joined(shown("→ ", "$accent"), bounded(call_line(call), limit)) for call in message.tool_calls]
    return lines(*parts)


def document_content(number: int, document: Document, limit: int) -> Content:
    """A retrieved passage with its number, id and score."""
    score = "" if document.score is None else f" · score {document.score:.3g}"
    head = shown(f"passage {number}{f' · {document.id}' if document.id else ''}{score}", "$quiet")
    return lines(head, bounded(document.content, limit))


def _plain_lines(value: JsonValue, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if depth >= _DEEP or not isinstance(value, dict | list) or not value:
        yield indent + _scalar(value)
        return
    named = value.items() if isinstance(value, dict) else ((f"{i}.", part) for i, part in enumerate(value, 1))
    for name, part in named:
        head = f"{indent}{name}" if name.endswith(".") else f"{indent}{name}:"
        if isinstance(part, dict | list) and part and depth + 1 < _DEEP:
            yield head
            yield from _plain_lines(part, depth + 1)
        else:
            yield f"{head} {_scalar(part)}"


def _scalar(value: JsonValue) -> str:
    if value is None:
        return "–"
    try:
        return as_text(value)
    except RecursionError:
        return "(nested too deeply to show)"


def _indented(value: JsonValue) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return _scalar(value)
