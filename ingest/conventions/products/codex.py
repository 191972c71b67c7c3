"""Codex's log events, keyed by conversation; it tells of no answers of the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Span, StepKind, Usage
from ...otlp.raw import RawLog
from ..base import fail, identity_of
from ..logs import event_name
from ..values import count_of, read_arguments, read_json, text_of
from .agent_logs import derived_id, is_false, step_of, time_of

PREFIX = "codex."
_AGENT = "codex"
_EXIT_CODE = re.compile(r"(?:[Ee]xited with code|[Ee]xit code:?|\"exit_code\":)\s*([1-9]\d{0,9})\b")
_SEARCHED = 2_000


def is_event(record: RawLog) -> bool:
    """Whether a record is one of Codex's events."""
    return event_name(record).startswith(PREFIX)


def read(records: Iterable[RawLog]) -> list[Span]:
    """Steps of the conversations that the records tell of; a conversation is one run."""
    made: list[Span] = []
    roots: dict[str, Span] = {}
    for record in records:
        reader = _READERS.get(event_name(record).removeprefix(PREFIX))
        conversation = text_of(record.attributes.get("conversation.id"))
        if reader is None or conversation is None:
            continue
        key = f"{_AGENT}/{conversation}"
        root = roots.get(key)
        if root is None:
            root = roots[key] = _root(record, key)
            made.append(root)
        span = reader(record, root)
        if span is not None:
            span.convention, span.agent, span.parent_span_id = _AGENT, _AGENT, root.span_id
            made.append(span)
    return made


def _root(record: RawLog, key: str) -> Span:
    span = Span(key, derived_id(key), "codex.conversation", StepKind.AGENT, agent=_AGENT, convention=_AGENT)
    identity_of(span, record.attributes, record.resource)
    span.started_at_ns, span.sequence = time_of(record), record.sequence
    return span


def _step(record: RawLog, root: Span, kind: StepKind, name: str, identity: object) -> Span:
    return step_of(record, root.trace_key, derived_id(root.trace_key, kind, identity), kind, name)


def _prompt(record: RawLog, root: Span) -> Span | None:
    prompt = text_of(record.attributes.get("prompt"))
    if prompt is None:
        return None
    if root.inputs is None:
        root.inputs = prompt
    span = _step(record, root, StepKind.HUMAN, "codex.user_prompt", time_of(record))
    span.outputs = prompt
    return span


def _response(record: RawLog, root: Span) -> Span | None:
    values = record.attributes
    failed = text_of(values.get("event.kind")) == "response.failed" or "error.message" in values
    if text_of(values.get("event.kind")) != "response.completed" and not failed:
        return None
    span = _step(record, root, StepKind.LLM, "codex.response", (time_of(record), record.sequence))
    span.model = text_of(values.get("model"))
    span.usage = Usage(
        count_of(values.get("input_token_count")),
        count_of(values.get("output_token_count")),
        count_of(values.get("cached_token_count")),
        0,
        count_of(values.get("reasoning_token_count")),
    )
    if failed:
        fail(span, text_of(values.get("error.message")))
    return span


def _tool_result(record: RawLog, root: Span) -> Span:
    values = record.attributes
    call = text_of(values.get("call_id"))
    span = _step(record, root, StepKind.TOOL, "codex.tool_result", call or (time_of(record), record.sequence))
    span.tool, span.tool_call_id = text_of(values.get("tool_name")), call
    span.inputs, span.outputs = read_arguments(values.get("arguments")), read_json(values.get("output"))
    code = _EXIT_CODE.search(as_text(span.outputs)[:_SEARCHED])
    if is_false(values.get("success")):
        fail(span, as_text(span.outputs)[:_SEARCHED] or None)
    elif code:
        fail(span, f"Process exited with code {code[1]}", "exit_code")
    return span


def _decision(record: RawLog, root: Span) -> Span | None:
    values: dict[str, JsonValue] = record.attributes
    if str(values.get("decision")).lower() not in ("denied", "abort", "reject", "rejected"):
        return None
    call = text_of(values.get("call_id"))
    span = _step(record, root, StepKind.TOOL, "codex.tool_result", call)
    span.tool, span.tool_call_id = text_of(values.get("tool_name")), call
    fail(span, "The user rejected this tool call.", "rejected")
    return span


_READERS: dict[str, Callable[[RawLog, Span], Span | None]] = {
    "user_prompt": _prompt,
    "sse_event": _response,
    "tool_result": _tool_result,
    "tool_decision": _decision,
    "conversation_starts": lambda record, root: None,
}
