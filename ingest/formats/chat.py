"""Chat messages as files write them, OpenAI and Anthropic style, turned into `Message`.

One raw message can become several: an Anthropic user turn may carry tool results beside its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...model.errors import BadInputError, TooLargeError
from ...model.text.jsontext import as_text, canonical, parse_if_json
from ...model.traces import JsonValue, Message, ToolCall
from ..conventions.parts import is_thought, thought_text
from ..limits import MOST_CALLS, deeper_than
from .fields import mapping, shortened

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "agent": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "tool": "tool",
    "function": "tool",
    "environment": "tool",
    "observation": "tool",
}
_MAX_DEPTH = 64
MEDIA_BYTES = 2 << 20
"""Bytes of pictures and files that are kept of one message."""
_MEDIA = ("image", "audio", "video", "document", "file")


def json_or_text(value: JsonValue) -> JsonValue:
    """A string that holds a JSON object or array as its value; anything else, and what nests too deeply, unchanged."""
    if not isinstance(value, str):
        return value
    parsed = parse_if_json(value)
    return value if deeper_than(parsed, _MAX_DEPTH) else parsed


def to_messages(raw: JsonValue, *, where: str = "message") -> list[Message]:
    """The messages of one raw chat message, in order; at least one.

    Args:
        raw: An object with `role` and `content`; content is text, null or a list of parts.
        where: Place for the error text.

    Raises:
        BadInputError: if it is no object or its role is unknown.
    """
    if not isinstance(raw, dict):
        raise BadInputError(f"A message is an object with a role, not {_kind_of(raw)}.", where=where)
    role = ROLES.get(str(raw.get("role") or raw.get("type") or "").lower())
    if role is None:
        raise BadInputError(
            f"Unknown role {shortened(as_text(raw.get('role')), 40)!r} (known: system, user, assistant, tool). "
            "Give each message one of them.",
            where=where,
        )
    content = raw.get("content")
    results = [Message(**fields) for fields in _tool_results(content)] if role in ("user", "tool") else []
    text, reasoning, calls = _parts(content)
    text = text or _text(raw.get("refusal")) or _text(mapping(raw.get("audio")).get("transcript"))
    calls += tuple(_tool_calls(raw.get("tool_calls"), where)) + tuple(_function_call(raw.get("function_call")))
    reasoning = reasoning or _text(raw.get("reasoning_content") or raw.get("reasoning")) or None
    if results and not text:
        return results
    message = Message(
        role=role,
        content=text,
        tool_calls=calls,
        tool_call_id=_text(raw.get("tool_call_id") or raw.get("toolCallId") or _own_call_id(raw, role)) or None,
        name=_text(raw.get("name")) or None,
        reasoning=reasoning,
        is_error=bool(raw.get("is_error")) or raw.get("status") == "error" or bool(raw.get("error")),
    )
    return [*results, message]


def _own_call_id(raw: Mapping[str, JsonValue], role: str) -> JsonValue:
    """tau2 gives a tool's message the id of the call that it answers."""
    return raw.get("id") if role == "tool" and "requestor" in raw else None


def content_text(content: JsonValue) -> str:
    """The text of a content value: parts joined by newlines, media as `[image image/png]`."""
    return _parts(content)[0]


def _parts(content: JsonValue) -> tuple[str, str | None, tuple[ToolCall, ...]]:
    if isinstance(content, str):
        return content, None, ()
    if content is None:
        return "", None, ()
    if not isinstance(content, list):
        return (_part_text(content) if isinstance(content, dict) else as_text(content)), None, ()
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    for part in content:
        if isinstance(part, dict):
            kind = part.get("type")
            if kind in ("tool_use", "server_tool_use", "tool_call"):
                calls.append(_call(part))
            elif is_thought(kind):
                thoughts.append(thought_text(part))
            elif kind != "tool_result":
                texts.append(_part_text(part))
        else:
            texts.append(as_text(part))
    return "\n".join(t for t in texts if t), "\n".join(t for t in thoughts if t) or None, tuple(calls)


def _part_text(part: Mapping[str, JsonValue]) -> str:
    text = next((part[key] for key in ("text", "refusal") if part.get(key) is not None), None)
    if isinstance(text, str):
        return text
    if isinstance(text, dict):
        return _text(text.get("value"))
    kind = _text(part.get("type"))
    for word in _MEDIA:
        if word in kind:
            return f"[{word} {media_type(part)}]".replace(" ]", "]")
    inner = part.get("content")
    if isinstance(inner, str):
        return inner
    return as_text(dict(part))


def media_parts(content: JsonValue) -> list[JsonValue]:
    """The pictures and files of a content value as they came, those too large to keep left out.

    They stand as `[image image/png]` in the text; a face that can show them finds them here.
    """
    kept: list[JsonValue] = []
    left = MEDIA_BYTES
    for part in _media(content):
        left -= len(canonical(part))
        if left >= 0:
            kept.append(part)
    return kept


def _media(content: JsonValue) -> Iterator[JsonValue]:
    for part in content if isinstance(content, list) else []:
        if isinstance(part, dict) and part.get("type") == "tool_result":
            yield from _media(part.get("content"))
        elif isinstance(part, dict) and _is_media(part):
            yield part


def _is_media(part: Mapping[str, JsonValue]) -> bool:
    kind = _text(part.get("type"))
    return part.get("text") is None and any(word in kind for word in _MEDIA)


def media_type(part: Mapping[str, JsonValue]) -> str:
    """The declared MIME type of a media part, empty where none is given."""
    source = part.get("source")
    holder: Mapping[str, Any] = source if isinstance(source, dict) else part
    declared = _text(holder.get("media_type") or holder.get("mime_type"))
    url = part.get("image_url") or part.get("url")
    if isinstance(url, dict):
        url = url.get("url")
    if not declared and isinstance(url, str) and url.startswith("data:"):
        declared = url[5:].split(";", 1)[0].split(",", 1)[0]
    return declared[:80]


def _tool_results(content: JsonValue) -> Iterator[dict[str, Any]]:
    for part in content if isinstance(content, list) else []:
        if isinstance(part, dict) and part.get("type") == "tool_result":
            yield {
                "role": "tool",
                "content": content_text(part.get("content")),
                "tool_call_id": _text(part.get("tool_use_id") or part.get("tool_call_id")) or None,
                "is_error": bool(part.get("is_error")),
            }


def _tool_calls(raw: JsonValue, where: str) -> Iterator[ToolCall]:
    if raw is None:
        return
    if not isinstance(raw, list):
        raise BadInputError(f"tool_calls is a list of calls, not {_kind_of(raw)}.", where=where)
    if len(raw) > MOST_CALLS:
        raise TooLargeError(
            f"A message with {len(raw):,} tool calls (limit: {MOST_CALLS:,}). Split it, as no model asks for so many.",
            where=where,
        )
    for call in raw:
        if not isinstance(call, dict):
            raise BadInputError(f"A tool call is an object, not {_kind_of(call)}.", where=where)
        yield _call(call)


def _function_call(raw: JsonValue) -> Iterator[ToolCall]:
    if isinstance(raw, dict):
        yield _call(raw)


def _call(raw: Mapping[str, JsonValue]) -> ToolCall:
    function = raw.get("function")
    inner: Mapping[str, JsonValue] = function if isinstance(function, dict) else raw
    name = inner.get("name") or (function if isinstance(function, str) else None) or raw.get("tool_name")
    arguments = next((inner[key] for key in ("arguments", "input", "args") if inner.get(key) is not None), None)
    return ToolCall(
        name=_text(name) or "unknown",
        arguments=json_or_text(arguments),
        id=_text(raw.get("id") or raw.get("call_id")) or None,
    )


def _text(value: JsonValue) -> str:
    return as_text(value)


def _kind_of(value: JsonValue) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")
