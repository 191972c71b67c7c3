"""What Python frameworks write of their objects where no JSON was at hand: the `repr` of messages, nodes and events."""

from __future__ import annotations

import ast
import re

from ...model.traces import Document, JsonValue
from .values import number_of

_LITERAL = re.compile(r"'[^'\\]*(?:\\.[^'\\]*)*'|\"[^\"\\]*(?:\\.[^\"\\]*)*\"", re.DOTALL)
_NODE = re.compile(r"<NodeWithScore\(node=\w+\(id_=([^()]*)\), score=([^()]*)\)>")
_OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-fA-F]+>")


def quoted_after(text: str, marker: str) -> str | None:
    """The string literal that follows the first `marker`; None where there is none or it was cut off.

    >>> quoted_after("ChatMessage(role=<Role.USER: 'user'>, blocks=[TextBlock(text='Any slot?')])", "text=")
    'Any slot?'
    """
    start = text.find(marker)
    match = _LITERAL.match(text, start + len(marker)) if start >= 0 else None
    if match is None:
        return None
    try:
        value = ast.literal_eval(match[0])
    except (ValueError, SyntaxError, MemoryError):
        return None
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def is_object(value: JsonValue) -> bool:
    """Whether a value is the bare address of an object, which tells nothing and differs in every run."""
    return isinstance(value, str) and _OBJECT.fullmatch(value) is not None


def with_turns(value: JsonValue) -> JsonValue:
    """The value with each message in it that was written as a repr turned into `{"role", "content"}`.

    Known are `ChatMessage(…)` of Haystack and LlamaIndex, and AutoGen's `source='user' … content='Hi' type='…Message'`.
    """
    if isinstance(value, dict):
        return {key: with_turns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_turns(item) for item in value]
    return _turn(value) or value if isinstance(value, str) else value


def _turn(text: str) -> JsonValue:
    if text.startswith("ChatMessage("):
        role = quoted_after(text[text.find("role=<") :], ": ") or "user"
        said = quoted_after(text, "text=")
        if said is None:
            said = quoted_after(text, "ToolCallResult(result=") or ""
        return {"role": role, "content": said}
    if text.startswith("id=") and " source=" in text and "Message'" in text:
        said = quoted_after(text, " content=")
        return {"role": "user", "content": said} if said is not None else None
    return None


def scored_nodes(value: JsonValue) -> tuple[Document, ...]:
    """LlamaIndex's `<NodeWithScore(node=TextNode(id_=a), score=0.5)>` as documents without text."""
    matches = [_NODE.fullmatch(item) for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return tuple(Document("", match[1], number_of(match[2])) for match in matches if match)
