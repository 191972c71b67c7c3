"""ShareGPT conversations: `{"conversations": [{"from": "human", "value": …}, …]}`, also with trainers' tool turns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text, canonical, parse_if_json
from ....model.traces import JsonValue, SpanBatch, StepKind
from ..evaluated import Evaluated, evaluated_batch
from ..fields import mapping, optional_text, sequence
from ..head import Head
from ..judgements import first_of
from ..records import ReadItem, Record, Source, each_record

CONVENTION = "sharegpt"
_LISTS = ("conversations", "conversation")
_ROLES = {
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "function_call": "call",
    "observation": "tool",
    "function_response": "tool",
}


def sniff(head: Head) -> bool:
    """Whether the first record has turns with `from` and `value`."""
    turns = next((found for name in _LISTS if (found := sequence(head.first.get(name)))), [])
    return bool(turns) and {"from", "value"} <= mapping(turns[0]).keys()


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per conversation."""
    return each_record(source, lambda record: _conversation(record, source))


def _conversation(record: Record, source: Source) -> SpanBatch:
    value = mapping(record.value)
    raw = next((found for name in _LISTS if (found := sequence(value.get(name)))), [])
    if not raw:
        raise BadInputError("Field 'conversations' is missing or empty.")
    system = optional_text(first_of(value, "system", "system_prompt"))
    turns: list[JsonValue] = [{"role": "system", "content": system}] if system else []
    turns += map(_turn, raw)
    key = optional_text(value.get("id")) or "chat-" + hashlib.sha256(canonical(value)).hexdigest()[:24]
    about = {name: value[name] for name in ("model", "title", "source", "dataset") if value.get(name)}
    batch = evaluated_batch(Evaluated(key, turns, metadata=about), CONVENTION, source, record.where)
    tools = value.get("tools")
    for span in batch.spans:
        if span.kind is StepKind.LLM:
            span.tool_definitions = parse_if_json(tools) if isinstance(tools, str) else tools
    return batch


def _turn(raw: JsonValue) -> JsonValue:
    value = mapping(raw)
    role = as_text(value.get("from")).lower()
    role, said = _ROLES.get(role, role), value.get("value")
    if role == "call":
        held = parse_if_json(said) if isinstance(said, str) else said
        calls: list[JsonValue] = held if isinstance(held, list) else [held]
        if all(isinstance(call, dict) and "name" in call for call in calls):
            return {"role": "assistant", "content": "", "tool_calls": calls}
        role = "assistant"
    return {"role": role, "content": said, "name": value.get("name"), "weight": value.get("weight")}
