"""GenAI events: turns of a conversation told one by one, as span events or as log records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...model.traces import JsonValue, Message
from .messages import read_message, read_messages
from .parts import is_json_block, is_part
from .values import first, read_json, text_of

DETAILS = "gen_ai.client.inference.operation.details"
"""The event that carries a whole call as attributes."""
_ROLES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
    "gen_ai.content.prompt": "user",
    "gen_ai.content.completion": "assistant",
}
EVENT_NAMES = tuple(_ROLES)
_OUTPUTS = frozenset({"gen_ai.choice", "gen_ai.content.completion"})


@dataclass(slots=True)
class Conversation:
    """Turns collected from events, in order of arrival."""

    inputs: list[Message] = field(default_factory=list)
    outputs: list[Message] = field(default_factory=list)
    finish_reason: str | None = None
    given: JsonValue = None
    """What the latest input event holds, as it came; of a tool, its arguments."""
    made: JsonValue = None
    """What the latest output event holds, as it came; of a tool, its result."""

    def add(self, name: str, values: Mapping[str, JsonValue]) -> None:
        """Take in one event: its attributes, or the body of a log record. Other events are left alone."""
        role = _ROLES.get(name)
        if role is None:
            return
        held = _held(values)
        if name in _OUTPUTS:
            self.made = held
            self.finish_reason = text_of(values.get("finish_reason")) or self.finish_reason
            self.outputs.extend(_turns(values, held, role))
        else:
            self.given = held
            turns = _turns(values, held, role)
            told = {turn.tool_call_id for turn in turns if turn.role == "tool" and turn.tool_call_id}
            if told:  # Bedrock's recorder tells a result as a turn of the tool and again as one of the user.
                self.inputs = [turn for turn in self.inputs if turn.role != "tool" or turn.tool_call_id not in told]
            self.inputs.extend(turns)


def _held(values: Mapping[str, JsonValue]) -> JsonValue:
    content = values.get("content")
    if isinstance(content, str) and content and not values.get("message"):
        # What a tool found and what a person pasted may be JSON with a `content` or `text` of its own.
        read = read_json(content)
        return read if _is_structured(read) else content
    return read_json(first(values, "message", "content", "gen_ai.prompt", "gen_ai.completion", "gen_ai.event.content"))


def _is_structured(value: JsonValue) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_structured, value))
    return isinstance(value, dict) and ("role" in value or "parts" in value or is_part(value))


def _turns(values: Mapping[str, JsonValue], held: JsonValue, role: str) -> list[Message]:
    if isinstance(held, dict) and ("content" in held or "tool_calls" in held or "parts" in held):
        made = read_message({**values, "message": None, "role": role, **held}, role)
    elif isinstance(held, list) and any(map(is_json_block, held)):
        made = read_message({**values, "message": None, "role": role, "content": held, "type": None}, role)
    elif isinstance(held, dict | list):
        made = list(read_messages(held, role))
    else:
        made = read_message({**values, "role": role, "content": held, "type": None}, role)
    call_id = text_of(values.get("id")) if role == "tool" else None
    return [replace(turn, tool_call_id=turn.tool_call_id or call_id) if call_id else turn for turn in made]
