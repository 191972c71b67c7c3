"""OpenAI Agents through Logfire, which names spans by template and keeps the SDK's own fields beside `gen_ai.*`."""

from __future__ import annotations

from dataclasses import replace

from ....model.traces import Annotation, Fold, JsonValue, Message, Span, StepError, StepKind
from ...otlp.raw import RawSpan
from .. import genai
from ..attributes import Table
from ..base import begin, error_in_object, keep_events, speak
from ..messages import read_messages, read_output
from ..results import read_result
from ..usage import read_usage
from ..values import read_arguments, read_json, text_of

SCOPE = "logfire.openai_agents"
_TABLE = Table(
    {
        "template": ("logfire.msg_template",),
        "step": ("sdk_span_type",),
        "name": ("name",),
        "input": ("input",),
        "output": ("output",),
        "error": ("error",),
        "session": ("group_id",),
    }
)
_KINDS = {"Agent run": StepKind.AGENT, "Function": StepKind.TOOL, "Guardrail": StepKind.GUARDRAIL}
_CALLS = ("Responses API", "Chat completion")
_CONTENT = ("raw_input", "response", "events", "input", "output", "usage")


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The SDK's span in normal form; turns and tasks hold others only."""
    attributes = _TABLE.sort(raw.attributes)
    found = attributes.found
    template, name = text_of(found.get("template")) or raw.name, text_of(found.get("name"))
    if template.startswith(_CALLS):
        return _read_call(raw, notes)
    kind = next((kind for start, kind in _KINDS.items() if template.startswith(start)), StepKind.CHAIN)
    span = begin(raw, attributes, kind=kind, convention="logfire")
    span.inputs, span.outputs = read_arguments(found.get("input")), read_result(found.get("output")).value
    if kind is StepKind.TOOL:
        span.tool = name or raw.name
    elif kind is StepKind.AGENT:
        span.agent = name
    elif "step" in found and raw.parent_span_id is not None:
        span.fold = Fold.WRAPPER
    if kind is StepKind.CHAIN:
        attributes.put_back("name")
    _explain(span, found.get("error"))
    speak(span)
    keep_events(span, raw)
    return span


def _read_call(raw: RawSpan, notes: list[Annotation]) -> Span:
    """A model call, told by a request and a response of either API."""
    values = raw.attributes
    plain = {key: value for key, value in values.items() if key not in _CONTENT}
    span = genai.read(replace(raw, attributes={"gen_ai.operation.name": "chat", **plain}), notes)
    response = read_json(values.get("response"))
    given = read_messages(values["raw_input"] if "raw_input" in values else values.get("input"))
    span.input_messages = (*_instructions(response), *given)
    span.output_messages = read_output(response if isinstance(response, dict) else values.get("output"))
    if isinstance(response, dict):
        span.tool_definitions = span.tool_definitions or response.get("tools")
    span.usage = read_usage(values.get("usage")) or span.usage
    _explain(span, span.attributes.pop("error", None))
    return span


def _instructions(response: JsonValue) -> tuple[Message, ...]:
    said = text_of(response.get("instructions")) if isinstance(response, dict) else None
    return (Message("system", said),) if said else ()


def _explain(span: Span, error: JsonValue) -> None:
    """Say what went wrong where the status does not."""
    if span.error is not None and span.error.type is None and isinstance(error, str):
        span.error = StepError(error_in_object(error))
