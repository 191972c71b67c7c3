"""The one text that matters in an input or output: frameworks wrap a question and an answer in many shapes."""

from __future__ import annotations

from typing import Literal

from ..text.jsontext import as_text, parse_if_json
from ..traces import JsonValue

Speaker = Literal["user", "assistant"]

_USER_KEYS = (
    "question",
    "query",
    "input",
    "user_input",
    "user_prompt",
    "prompt",
    "request",
    "task",
    "message",
    "user_msg",
    "query_str",
    "query_bundle",
)
_ASSISTANT_KEYS = ("answer", "output", "final_output", "final_answer", "response", "result", "completion", "reply")
_TEXT_KEYS = ("content", "blocks", "text", "value")
_ROLES = {"user": ("user", "human"), "assistant": ("assistant", "ai", "model")}
_MAX_DEPTH = 6


def main_text(value: JsonValue, speaker: Speaker, depth: int = 0) -> str:
    """The user's question or the assistant's answer inside a framework's input or output value.

    >>> main_text({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}, "user")
    'Hi'
    >>> main_text({"kwargs": {"question": "Where is it?"}}, "user")
    'Where is it?'

    Returns:
        The text; what cannot be told apart is shown whole, as JSON. Empty where there is nothing.
    """
    if isinstance(value, str):
        parsed = parse_if_json(value)
        return value.strip() if isinstance(parsed, str) else main_text(parsed, speaker, depth + 1)
    if value is None or depth > _MAX_DEPTH:
        return ""
    if isinstance(value, list):
        return _from_list(value, speaker, depth)
    if isinstance(value, dict):
        return _from_dict(value, speaker, depth)
    return as_text(value)


def _from_list(items: list[JsonValue], speaker: Speaker, depth: int) -> str:
    turns = [item for item in items if isinstance(item, dict) and _role(item)]
    if turns:
        said = [turn for turn in turns if _role(turn) in _ROLES[speaker]]
        for turn in reversed(said):
            if text := _content(turn, speaker, depth):
                return text
        return ""
    if len(items) == 1:
        return main_text(items[0], speaker, depth + 1)
    texts = [_content(item, speaker, depth) if isinstance(item, dict) else as_text(item) for item in items]
    return "\n".join(text for text in texts if text)


def _role(turn: dict[str, JsonValue]) -> str:
    role = turn.get("role") or turn.get("type")
    return role.lower() if isinstance(role, str) and ("content" in turn or "parts" in turn or "blocks" in turn) else ""


def _content(turn: dict[str, JsonValue], speaker: Speaker, depth: int) -> str:
    for key in ("content", "parts", "blocks", "text"):
        if turn.get(key):
            return main_text(turn[key], speaker, depth + 1)
    return ""


def _from_dict(value: dict[str, JsonValue], speaker: Speaker, depth: int) -> str:
    if "messages" in value and (text := main_text(value["messages"], speaker, depth + 1)):
        return text
    keys = _USER_KEYS if speaker == "user" else _ASSISTANT_KEYS
    for key in (*keys, "kwargs", "args", *_TEXT_KEYS):
        if value.get(key) and (text := main_text(value[key], speaker, depth + 1)):
            return text
    if _role(value):
        return ""
    return as_text(value) if value and not {"messages", "kwargs", "args"} & value.keys() else ""
