"""JSON values, messages and documents as people read them, bounded so that a huge one does not hold up the screen."""

from __future__ import annotations

import json

from textual.content import Content

from ..answers.plain.words import one_line, scalar_text
from ..model.traces import Document, JsonValue, Message, ToolCall
from .gate import joined, lines, shown

BRIEF = 4_000
"""Characters of one text shown by default."""
WHOLE = 300_000
"""Characters shown on request; `retrospan trace show --full` has no bound."""
_FEW = 12


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
        return lines(*(joined(shown(f"{key}: ", "$quiet"), bounded(scalar_text(v), limit)) for key, v in value.items()))
    if isinstance(value, dict | list):
        return bounded(_indented(value), limit)
    return shown(scalar_text(value))


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


def _indented(value: JsonValue) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return scalar_text(value)
