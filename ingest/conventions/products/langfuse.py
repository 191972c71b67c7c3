"""Langfuse SDK spans (`langfuse.*`)."""

from __future__ import annotations

from ....model.traces import Annotation, JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from ..attributes import Table
from ..base import begin, cost_of, fail, keep_events, speak
from ..documents import read_documents
from ..messages import read_messages, read_output
from ..results import read_result
from ..usage import read_usage
from ..values import read_arguments, read_json, text_of

KINDS = {
    "generation": StepKind.LLM,
    "agent": StepKind.AGENT,
    "tool": StepKind.TOOL,
    "retriever": StepKind.RETRIEVER,
    "evaluator": StepKind.EVALUATOR,
    "embedding": StepKind.EMBEDDING,
    "guardrail": StepKind.GUARDRAIL,
}
TABLE = Table(
    {
        "kind": ("langfuse.observation.type",),
        "input": ("langfuse.observation.input",),
        "output": ("langfuse.observation.output",),
        "trace_input": ("langfuse.trace.input",),
        "trace_output": ("langfuse.trace.output",),
        "model": ("langfuse.observation.model.name", "gen_ai.response.model", "gen_ai.request.model"),
        "usage": ("langfuse.observation.usage_details",),
        "cost": ("langfuse.observation.cost_details",),
        "level": ("langfuse.observation.level",),
        "call_id": ("gen_ai.tool.call.id",),
    }
)
_CALLS = (StepKind.LLM, StepKind.EMBEDDING)


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The observation in normal form."""
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    span = begin(raw, attributes, kind=KINDS.get(str(found.get("kind")).lower(), StepKind.CHAIN), convention="langfuse")
    if found.get("level") == "ERROR" and span.error is None:
        fail(span, text_of(attributes.rest.pop("langfuse.observation.status_message", None)))
    else:
        attributes.put_back("level")
    span.tool_call_id = text_of(found.get("call_id"))
    span.model = text_of(found.get("model"))
    if span.kind in _CALLS:
        span.usage, span.cost_usd = read_usage(found.get("usage")), cost_of(found.get("cost"))
    else:
        attributes.put_back("usage", "cost")
    if raw.parent_span_id is None:
        found.setdefault("input", found.pop("trace_input", None))
        found.setdefault("output", found.pop("trace_output", None))
    attributes.put_back("trace_input", "trace_output")
    _read_content(span, found.get("input"), found.get("output"))
    speak(span)
    keep_events(span, raw)
    return span


def _read_content(span: Span, given: JsonValue, made: JsonValue) -> None:
    if span.kind is StepKind.LLM:
        request = read_json(given)
        span.input_messages, span.output_messages = read_messages(request), read_output(made)
        if isinstance(request, dict):
            span.tool_definitions = request.get("tools")
        return
    if span.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        span.tool = span.name
        span.inputs = read_arguments(given)
        span.outputs = read_result(made).value
        if span.kind is StepKind.RETRIEVER:
            span.documents = read_documents(span.outputs)
        return
    span.inputs, span.outputs = read_arguments(given), read_json(made)
    if span.kind is StepKind.AGENT:
        span.agent = span.agent or span.name
