"""What the observations of one Langfuse trace are to each other: frames around model calls, tools recorded as spans.

Integrations write most of a framework's work as plain spans and generations; what they are follows from the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ....model.traces import JsonValue, Message, Span, SpanBatch, Status, StepError, StepKind, ToolCall
from ..fields import mapping, optional_text

if TYPE_CHECKING:
    from ...otlp.raw import RawSpan

_TYPE = "langfuse.observation.type"
_INPUT, _OUTPUT = "langfuse.observation.input", "langfuse.observation.output"
_MODEL = "langfuse.observation.model.name"
_METADATA = "langfuse.observation.metadata"
_USAGE, _COST = "langfuse.observation.usage_details", "langfuse.observation.cost_details"
_TOOL_NAMES = ("ai.toolCall.name", "gen_ai.tool.name", "tool.name")
_CALL_IDS = ("ai.toolCall.id", "gen_ai.tool.call.id")
_CALLS = ("ai.response.toolCalls", "ai.result.toolCalls")
_ROLES = frozenset({"system", "user", "assistant", "tool"})
_ERROR_TEXT = 2_000


def mended_batch(raw: list[RawSpan], trace: Mapping[str, JsonValue]) -> SpanBatch:
    """The observations as spans, each with the kind and the content that the whole tells.

    Args:
        raw: The observations of one trace, or one alone.
        trace: The trace's own record, whose input and output stand for a root that has none.
    """
    from ...conventions.registry import to_batch

    _tell_root(raw, trace)
    _frame(raw)
    batch = to_batch(raw, [])
    by_id = {span.span_id: span for span in batch.spans}
    for one in raw:
        if (span := by_id.get(one.span_id)) is not None:
            _recorded(span, mapping(mapping(one.attributes.get(_METADATA)).get("attributes")))
    asked = {call.name: call for span in batch.spans for said in span.output_messages for call in said.tool_calls}
    for one in raw:
        if (span := by_id.get(one.span_id)) is not None and span.kind is StepKind.CHAIN:
            _as_tool(span, one, asked)
    for span in batch.spans:
        if span.kind is StepKind.LLM:
            span.input_messages = tuple(_with_role(message, asked) for message in span.input_messages)
    return batch


def _frame(raw: Sequence[RawSpan]) -> None:
    """Makes agents and chains of generations that only hold the model's calls; one that holds one call and nothing else
    is that call told twice, and is folded when the trace is read."""
    children: dict[str | None, list[RawSpan]] = {}
    for span in raw:
        children.setdefault(span.parent_span_id, []).append(span)
    for span in raw:
        if not _is_call(span):
            continue
        below = list(_below(span, children))
        calls = sum(map(_is_call, below))
        if calls and (
            calls > 1 or calls < len(below) or (_MODEL not in span.attributes and span.parent_span_id is None)
        ):
            span.attributes[_TYPE] = "agent" if span.parent_span_id is None else "span"
            _spoken(span)
        elif calls == 1:
            _count_once(span, next(filter(_is_call, below)))


def _count_once(outer: RawSpan, inner: RawSpan) -> None:
    """Takes the counts from the outer recording of a call, some of which add up what the inner one was told."""
    if inner.attributes.get(_USAGE):
        for key in (_USAGE, _COST):
            outer.attributes.pop(key, None)


def _is_call(span: RawSpan) -> bool:
    return span.attributes.get(_TYPE) == "generation"


def _below(span: RawSpan, children: Mapping[str | None, Sequence[RawSpan]]) -> Iterator[RawSpan]:
    waiting, seen = list(children.get(span.span_id, ())), {span.span_id}
    while waiting:
        child = waiting.pop()
        if child.span_id not in seen:
            seen.add(child.span_id)
            waiting.extend(children.get(child.span_id, ()))
            yield child


def _spoken(span: RawSpan) -> None:
    """The answer of a frame in words; calls that the frame's last model call asked for are none."""
    from ...conventions.messages import read_output

    said = read_output(span.attributes.get(_OUTPUT))
    if said and all(message.tool_calls and not message.content for message in said):
        del span.attributes[_OUTPUT]


def _tell_root(raw: Sequence[RawSpan], trace: Mapping[str, JsonValue]) -> None:
    known = {span.span_id for span in raw}
    roots = [span for span in raw if span.parent_span_id is None or span.parent_span_id not in known]
    if len(roots) != 1:
        return
    for key, name in ((_INPUT, "input"), (_OUTPUT, "output")):
        if trace.get(name) not in (None, "") and roots[0].attributes.get(key) in (None, ""):
            roots[0].attributes[key] = trace[name]


def _recorded(span: Span, attributes: Mapping[str, JsonValue]) -> None:
    """What the attributes of the OpenTelemetry span tell, which Langfuse keeps among the metadata."""
    if span.kind is StepKind.TOOL:
        name = next((text for key in _TOOL_NAMES if (text := optional_text(attributes.get(key)))), None)
        span.tool = name or span.tool
        span.name = name or span.name
        span.tool_call_id = span.tool_call_id or next(
            (text for key in _CALL_IDS if (text := optional_text(attributes.get(key)))), None
        )
    elif span.kind is StepKind.LLM and not any(said.tool_calls for said in span.output_messages):
        calls = next((attributes[key] for key in _CALLS if attributes.get(key)), None)
        if calls is not None:
            span.output_messages = _asking(span.output_messages, calls)


def _asking(said: tuple[Message, ...], calls: JsonValue) -> tuple[Message, ...]:
    from ...conventions.messages import read_output

    asked = read_output(calls)
    made = tuple(call for message in asked for call in message.tool_calls)
    if not made:
        return said
    last = said[-1] if said else Message("assistant")
    return (*said[:-1], replace(last, tool_calls=made))


def _as_tool(span: Span, raw: RawSpan, asked: Mapping[str, ToolCall]) -> None:
    """Makes a tool call of a span that bears the name of a tool that a model asked for, or holds a tool's message."""
    from ...conventions.results import read_result
    from ...conventions.values import read_arguments, read_json

    result = read_result(raw.attributes.get(_OUTPUT))
    message = mapping(read_json(raw.attributes.get(_OUTPUT)))
    is_message = message.get("type") == "tool" and result.call_id is not None
    name = _asked_name(span.name, asked) or (optional_text(message.get("name")) if is_message else None)
    if name is None:
        return
    span.kind, span.tool, span.agent = StepKind.TOOL, name, None
    span.inputs, span.outputs = read_arguments(raw.attributes.get(_INPUT)), result.value
    span.tool_call_id = span.tool_call_id or result.call_id
    if result.is_error and span.status is not Status.ERROR:
        span.status, span.error = Status.ERROR, StepError(result.text[:_ERROR_TEXT])


def _asked_name(name: str, asked: Mapping[str, ToolCall]) -> str | None:
    """The tool that a span's name means: `track_parcel`, `track_parcel.run`, `execute_tool track_parcel`."""
    plain = name.strip()
    for known in (plain, plain.rsplit(".", 1)[0], plain.rsplit(" ", 1)[-1], plain.rsplit(".", 1)[-1]):
        if known in asked:
            return known
    return None


def _with_role(message: Message, asked: Mapping[str, ToolCall]) -> Message:
    """A turn whose role is a tool's name is that tool's result."""
    if message.role in _ROLES or message.role not in asked:
        return message
    call = asked[message.role]
    return replace(message, role="tool", name=message.role, tool_call_id=message.tool_call_id or call.id)
