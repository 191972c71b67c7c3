"""What the model's messages tell of a tool call where its own span is silent or tells less."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..text.jsontext import as_text, canonical, parse_if_json
from ..traces import JsonValue, Message, Span, Status, StepError, StepKind, ToolCall

_CALLED = (StepKind.TOOL, StepKind.RETRIEVER)
_OUTPUT_TOOL = re.compile(
    r"(?:final|structured|formatted)_?(?:result|answer|output|response)s?(?:_\w+)?", re.IGNORECASE
)
"""Tools that frameworks offer to a model as the form of its answer; nothing runs when one is called."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What messages tell of one call; None for what they do not."""

    arguments: JsonValue = None
    result: Message | None = None


@dataclass(frozen=True, slots=True)
class CallsTold:
    """Arguments and results by tool call id, as the messages of a trace's model calls tell them."""

    arguments: dict[str, JsonValue] = field(default_factory=dict)
    results: dict[str, JsonValue] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    """Calls whose result the model was told is an error."""
    by_span: dict[str, _Told] = field(default_factory=dict)
    """By span id, for calls whose id is given out again in the same trace: those are paired by their order."""

    def complete(self, span: Span) -> tuple[Span, bytes]:
        """The span with arguments and result filled in, and the canonical JSON of what was added (b"" for nothing).

        LangChain writes the only argument of a tool without its name; the model's request has it. Anthropic's tracer
        says only `tool_error`; the model is told what went wrong. A tool has failed where the model was told so, also
        where its span knows nothing of it (one opened around the call) or says OK whatever happens (AutoGen's).
        """
        call = span.tool_call_id
        if span.kind not in _CALLED or call is None:
            return span, b""
        inputs, outputs = span.inputs, span.outputs
        asked, told, failed = self._of(span.span_id, call)
        if isinstance(asked, dict) and (inputs is None or _only_value(asked, inputs)):
            inputs = asked
        error = span.error
        if outputs is None and error is None:
            outputs = told
        elif error is not None and error.message == error.type and outputs is None and told:
            error = replace(error, message=as_text(told))
        status = span.status
        if failed and status is not Status.ERROR:
            status, error = Status.ERROR, error or StepError(as_text(told))
        if inputs is span.inputs and outputs is span.outputs and error is span.error and status is span.status:
            return span, b""
        completed = replace(span, inputs=inputs, outputs=outputs, error=error, status=status)
        return completed, canonical([inputs, outputs, error.message if error else None])

    def _of(self, span_id: str, call: str) -> tuple[JsonValue, JsonValue, bool]:
        """Arguments, result and whether it is an error."""
        if (own := self.by_span.get(span_id)) is None:
            return self.arguments.get(call), self.results.get(call), call in self.failed
        told = own.result
        return own.arguments, None if told is None else parse_if_json(told.content), bool(told and told.is_error)


def _only_value(asked: dict[str, JsonValue], inputs: JsonValue) -> bool:
    return len(asked) == 1 and not isinstance(inputs, dict) and next(iter(asked.values())) == inputs


def calls_told(spans: Sequence[Span], shown: Iterable[str] | None = None) -> CallsTold:
    """Collect the tool calls that the messages of a trace tell of.

    Args:
        spans: All spans of the trace.
        shown: The ids of those that are steps; None for all.

    Cost: O(messages); a message object that several spans share is looked at once, but for ids given out again.
    """
    told = CallsTold()
    seen: set[int] = set()
    for span in spans:
        for message in (*span.output_messages, *span.input_messages):
            if id(message) not in seen:
                seen.add(id(message))
                _collect(message, told)
    steps = None if shown is None else set(shown)
    if again := _given_out_again(spans, steps):
        told.by_span.update(_in_order(spans, again, steps))
    return told


def _collect(message: Message, told: CallsTold) -> None:
    for call in message.tool_calls:
        if call.id and call.arguments is not None:
            told.arguments.setdefault(call.id, call.arguments)
    if message.role == "tool" and message.tool_call_id and message.content:
        told.results.setdefault(message.tool_call_id, parse_if_json(message.content))
        if message.is_error:
            told.failed.add(message.tool_call_id)


def _given_out_again(spans: Sequence[Span], shown: set[str] | None) -> set[str]:
    """Ids that more than one tool step bears, or more than one call of a conversation.

    Some servers count their calls anew for every answer: `call_0`, `call_1`.
    """
    steps = Counter(
        span.tool_call_id
        for span in spans
        if span.kind in _CALLED and span.tool_call_id and (shown is None or span.span_id in shown)
    )
    found = {call for call, count in steps.items() if call and count > 1}
    for span in spans:
        if len(span.input_messages) > 1 and steps:
            results = Counter(m.tool_call_id for m in span.input_messages if m.role == "tool" and m.tool_call_id)
            found.update(call for call, count in results.items() if call and count > 1 and call in steps)
    return found


def _in_order(spans: Sequence[Span], again: set[str], shown: set[str] | None) -> dict[str, _Told]:
    """For each tool step whose call id is given out again: the arguments asked last before it, the result told next."""
    asked: dict[str, JsonValue] = {}
    waiting: dict[str, list[str]] = {}
    counted: dict[str, int] = {}
    found: dict[str, _Told] = {}
    for span in sorted(spans, key=lambda span: (span.started_at_ns or 0, span.sequence)):
        call = span.tool_call_id
        if span.kind in _CALLED and call in again and (shown is None or span.span_id in shown):
            found[span.span_id] = _Told(asked.get(call or ""))
            waiting.setdefault(call or "", []).append(span.span_id)
        elif span.input_messages or span.output_messages:
            _hear(span, again, waiting, counted, found)
            for request in _calls_in(span.output_messages):
                if request.id in again:
                    asked[request.id or ""] = request.arguments
    return found


def _hear(
    span: Span, again: set[str], waiting: dict[str, list[str]], counted: dict[str, int], found: dict[str, _Told]
) -> None:
    """Give the steps that wait for a result those that this model call is the first to be told."""
    told: dict[str, list[Message]] = {}
    for message in span.input_messages:
        if message.role == "tool" and message.tool_call_id in again:
            told.setdefault(message.tool_call_id or "", []).append(message)
    for call, results in told.items():
        steps = waiting.pop(call, [])
        before = counted.get(call, 0)
        fresh = results[before:] if len(results) > before else results[-len(steps) :] if steps else []
        for span_id, result in zip(steps, fresh[-len(steps) :] if steps else [], strict=False):
            found[span_id] = replace(found[span_id], result=result)
        counted[call] = len(results)


def _calls_in(messages: Iterable[Message]) -> Iterable[ToolCall]:
    return (call for message in messages for call in message.tool_calls)


def answer_by_tool(messages: Sequence[Message], parameters: Mapping[str, JsonValue]) -> str | None:
    """The answer that a model gives as the arguments of an output tool; None where its call is one to be run.

    Args:
        messages: What the model said.
        parameters: The attributes of its span; the choice of a tool may be forced there.
    """
    last = messages[-1] if messages else None
    if last is None or len(last.tool_calls) != 1:
        return None
    (call,) = last.tool_calls
    if _OUTPUT_TOOL.fullmatch(call.name) or _forced(parameters) == call.name:
        return as_text(call.arguments)
    return None


def _forced(parameters: Mapping[str, JsonValue]) -> str | None:
    """The tool that the request left the model no choice about."""
    for key, value in parameters.items():
        if key.endswith(("tool_choice", "toolChoice", "invocation_parameters", "model_request_parameters")):
            choice = parse_if_json(value) if isinstance(value, str) else value
            if isinstance(choice, dict):
                choice = choice.get("tool_choice", choice)
            if isinstance(choice, dict):
                inner = choice.get("function")
                name = inner.get("name") if isinstance(inner, dict) else choice.get("name", choice.get("toolName"))
                return name if isinstance(name, str) else None
    return None
