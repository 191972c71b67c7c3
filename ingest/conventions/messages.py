"""Conversation turns of every shape in use, as `Message`.

Understood: OTel GenAI parts, OpenAI chat and Responses items, Anthropic blocks, Gemini contents, Bedrock blocks,
Vercel parts, LangChain dumps and tuples, OpenInference objects. A shape is told by its keys, so a framework that was
never seen but speaks one of these is read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...model.text.jsontext import as_text
from ...model.traces import JsonValue, Message
from .parts import ITEM_TYPES, Turn, add_call, add_part, is_part, thought_text, type_of
from .values import first, read_json, text_of

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "aimessagechunk": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "agent": "assistant",
    "tool": "tool",
    "function": "tool",
    "environment": "tool",
    "tool-response": "tool",
    "tool-call": "assistant",
    "tool_call": "assistant",
    "tool_response": "tool",
    "ipython": "tool",
    "thought": "assistant",
}
_HOLDERS = ("messages", "input", "contents", "prompt", "chat_history", "message", "choices", "generations", "items")
_OUTPUTS = ("choices", "candidates", "generations", "messages", "output", "message", "response", "text", "content")
_SAID = frozenset({"content", "contents", "text", "message", "tool_calls", "data", "kwargs", "function_call"})
_MAX_UNWRAP = 8


def read_messages(value: JsonValue, role: str = "user") -> tuple[Message, ...]:
    """The turns of a conversation.

    Args:
        value: One message, a list of them, a request or response that holds them, or JSON text of any of these.
        role: Speaker of a turn that names none.

    Cost: O(size); about 3 µs a message.
    """
    found: list[Message] = []
    _read(read_json(value), role, found, 0)
    return tuple(found)


def read_output(value: JsonValue) -> tuple[Message, ...]:
    """The turns of a model's response: `choices`, `candidates`, `generations`, `output`, blocks or plain text."""
    value = read_json(value)
    if isinstance(value, dict) and "role" not in value:
        for key in _OUTPUTS:
            if value.get(key):
                found = read_messages(value[key], "assistant")
                if found:
                    return found
    return read_messages(value, "assistant")


def read_message(value: Mapping[str, Any], role: str = "user") -> list[Message]:
    """The turns that one message object holds: tool results come apart from the text beside them."""
    kind = type_of(value)
    if kind == "constructor" or (isinstance(value.get("data"), dict) and kind):
        return _langchain(value, role)
    if kind in ITEM_TYPES and "parts" not in value:
        return _item(value, role)
    speaker = value.get("role") or (kind if kind and kind.lower() in ROLES else None) or source_of(value)
    turn = Turn(ROLES.get(speaker.lower(), speaker) if isinstance(speaker, str) else role)
    body = value.get("parts")
    if body is None:
        body = first(value, "content", "contents", "blocks", "text", "message")
    _fill(turn, body)
    extra = value.get("additional_kwargs")
    calls = value.get("tool_calls") or value.get("toolCalls") or value.get("tool_invocations")
    if not calls and isinstance(extra, dict):
        calls = extra.get("tool_calls")
    if calls:
        for call in _listed(read_json(calls)):
            add_call(turn, call)
    if isinstance(value.get("function_call"), dict):
        add_call(turn, value["function_call"])
    turn.call_id = text_of(first(value, "tool_call_id", "toolCallId", "tool_use_id"))
    if turn.call_id is None and turn.role == "tool" and isinstance(extra, dict):
        turn.call_id = text_of(extra.get("tool_call_id"))
    turn.name = text_of(value.get("name"))
    if turn.role == "tool" and turn.call_id is None:
        turn.call_id = text_of(value.get("id"))
    if value.get("status") == "error" or value.get("is_error") is True:
        turn.is_error = True
    if thought := value.get("reasoning_content") or value.get("reasoning"):
        turn.thoughts.append(thought_text(thought))
    if refusal := text_of(value.get("refusal")):
        turn.texts.append(refusal)
    return turn.messages()


def source_of(value: Mapping[str, Any]) -> str | None:
    """The role of one of AutoGen's messages, which name their speaker and have a type such as `TextMessage`."""
    source = value.get("source")
    if not isinstance(source, str) or not str(value.get("type")).endswith("Message"):
        return None
    return "user" if source == "user" else "assistant"


def last_text(messages: Iterable[Message], role: str) -> str | None:
    """Text of the last turn of `role` that has one."""
    return next(
        (message.content for message in reversed(tuple(messages)) if message.role == role and message.content), None
    )


def _read(value: JsonValue, role: str, found: list[Message], depth: int) -> None:
    if depth > _MAX_UNWRAP or value is None or value == "":
        return
    if isinstance(value, dict):
        _read_object(value, role, found, depth)
    elif isinstance(value, list):
        _read_list(value, role, found, depth)
    else:
        found.append(Message(role, as_text(value)))


def _read_object(value: dict[str, JsonValue], role: str, found: list[Message], depth: int) -> None:
    if "role" in value or "parts" in value or type_of(value) in ITEM_TYPES:
        found.extend(read_message(value, role))
        return
    instructions = first(value, "system", "instructions", "system_instruction", "systemInstruction")
    for key in _HOLDERS:
        inner = read_json(value.get(key))
        if isinstance(inner, dict | list) or (isinstance(inner, str) and inner and key in ("input", "prompt")):
            if instructions is not None:
                _read(read_json(instructions), "system", found, depth + 1)
            _read(inner, "assistant" if key in ("choices", "generations") else role, found, depth + 1)
            return
    if is_part(value):
        _read_list([value], role, found, depth)
    elif value.keys().isdisjoint(_SAID):
        found.append(Message(role, as_text(value)))
    else:
        found.extend(read_message(value, role))


def _read_list(items: list[JsonValue], role: str, found: list[Message], depth: int) -> None:
    if len(items) == 2 and isinstance(items[0], str) and items[0].lower() in ROLES and isinstance(items[1], str):
        found.append(Message(ROLES[items[0].lower()], items[1]))
        return
    if items and all(isinstance(item, dict) and is_part(item) for item in items):
        turn = Turn(role)
        _fill(turn, items)
        found.extend(turn.messages())
        return
    for item in items:
        _read(item, role, found, depth + 1)


def _fill(turn: Turn, body: JsonValue) -> None:
    if isinstance(body, str):
        if body[:1] == "[" and is_part_list(body):
            _fill(turn, read_json(body))
        else:
            turn.texts.append(body)
    elif isinstance(body, list):
        for part in body:
            add_part(turn, part)
    elif isinstance(body, dict):
        if "role" in body or "parts" in body:
            turn.absorb(read_message(body, turn.role))
        elif is_part(body):
            add_part(turn, body)
        else:
            turn.texts.append(as_text(body))
    elif body is not None:
        turn.texts.append(as_text(body))


def is_part_list(text: str) -> bool:
    """Whether text is a JSON array of content blocks, as Bedrock-style events hold it."""
    value = read_json(text)
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) and is_part(item) for item in value)


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]


def _langchain(value: Mapping[str, Any], role: str) -> list[Message]:
    kind = type_of(value)
    if kind == "constructor":
        inner = value.get("kwargs")
        names = value.get("id")
        name = str(names[-1]) if isinstance(names, list) and names else ""
        speaker = name.removesuffix("Chunk").removesuffix("Message").lower()
    else:
        inner, speaker = value.get("data"), str(kind)
    if not isinstance(inner, dict):
        return []
    extra = inner.get("additional_kwargs")
    extra = extra if isinstance(extra, dict) else {}
    merged = {**inner, "role": ROLES.get(speaker.lower(), role), "type": None}
    if not merged.get("tool_calls") and extra.get("tool_calls"):
        merged["tool_calls"] = extra["tool_calls"]
    if merged.get("tool_calls") and isinstance(merged.get("content"), list):
        merged["content"] = [
            part for part in merged["content"] if not (isinstance(part, dict) and part.get("type") == "tool_use")
        ]
    return read_message(merged, role)


def _item(value: Mapping[str, Any], role: str) -> list[Message]:
    """A Responses-style item that is a turn of its own."""
    kind = value["type"]
    turn = Turn("assistant")
    if kind == "message":
        turn.role = ROLES.get(str(value.get("role")).lower(), role)
        _fill(turn, value.get("content"))
    elif kind.endswith("_output"):
        turn.role = "tool"
        turn.call_id = text_of(value.get("call_id"))
        turn.is_error = value.get("status") in ("incomplete", "failed")
        _fill(turn, value.get("output"))
    elif kind == "reasoning":
        turn.thoughts.append(_summary(value))
    else:
        add_call(turn, {**value, "id": first(value, "call_id", "id")})
    return turn.messages()


def _summary(value: Mapping[str, Any]) -> str:
    turn = Turn("assistant")
    for key in ("summary", "content"):
        for part in value.get(key) or () if isinstance(value.get(key), list) else ():
            add_part(turn, part)
    return "\n".join(turn.texts + turn.thoughts)
