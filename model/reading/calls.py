"""What the model's messages tell of a tool call where its own span is silent or tells less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..text.jsontext import as_text, canonical, parse_if_json
from ..traces import JsonValue, Message, Span, Status, StepError, StepKind

_CALLED = (StepKind.TOOL, StepKind.RETRIEVER)


@dataclass(frozen=True, slots=True)
class CallsTold:
    """Arguments and results by tool call id, as the messages of a trace's model calls tell them."""

    arguments: dict[str, JsonValue] = field(default_factory=dict)
    results: dict[str, JsonValue] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    """Calls whose result the model was told is an error."""

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
        asked = self.arguments.get(call)
        if isinstance(asked, dict) and (inputs is None or _only_value(asked, inputs)):
            inputs = asked
        told, error = self.results.get(call), span.error
        if outputs is None and error is None:
            outputs = told
        elif error is not None and error.message == error.type and outputs is None and told:
            error = replace(error, message=as_text(told))
        status = span.status
        if call in self.failed and status is not Status.ERROR:
            status, error = Status.ERROR, error or StepError(as_text(told))
        if inputs is span.inputs and outputs is span.outputs and error is span.error and status is span.status:
            return span, b""
        completed = replace(span, inputs=inputs, outputs=outputs, error=error, status=status)
        return completed, canonical([inputs, outputs, error.message if error else None])


def _only_value(asked: dict[str, JsonValue], inputs: JsonValue) -> bool:
    return len(asked) == 1 and not isinstance(inputs, dict) and next(iter(asked.values())) == inputs


def calls_told(spans: Sequence[Span]) -> CallsTold:
    """Collect the tool calls that the messages of a trace tell of.

    Cost: O(messages); a message object that several spans share is looked at once.
    """
    told = CallsTold()
    seen: set[int] = set()
    for span in spans:
        for message in (*span.output_messages, *span.input_messages):
            if id(message) not in seen:
                seen.add(id(message))
                _collect(message, told)
    return told


def _collect(message: Message, told: CallsTold) -> None:
    for call in message.tool_calls:
        if call.id and call.arguments is not None:
            told.arguments.setdefault(call.id, call.arguments)
    if message.role == "tool" and message.tool_call_id and message.content:
        told.results.setdefault(message.tool_call_id, parse_if_json(message.content))
        if message.is_error:
            told.failed.add(message.tool_call_id)
