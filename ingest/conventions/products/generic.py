"""Spans of no known convention: a usable tree, with inputs and outputs from keys that say so or by their shape."""

from __future__ import annotations

from collections.abc import Mapping

from ....model.reading.doubles import BY_SHAPE
from ....model.traces import Annotation, JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from ..attributes import Fields, Table
from ..base import begin, keep_events, speak
from ..documents import read_documents
from ..genai_keys import framework_of
from ..messages import read_messages, read_output
from ..shapes import Shape, shape_of
from ..usage import USAGE, usage_of
from ..values import read_arguments, read_json, text_of

KINDS = {kind.value: kind for kind in StepKind}
_FIELDS: Fields = {
    "kind": ("retrospan.kind", "span.kind", "span_type", "type", "kind"),
    "input": ("input", "inputs", "input.value", "request", "query", "question", "arguments", "args", "prompt"),
    "output": ("output", "outputs", "output.value", "result", "response", "answer", "return", "completion"),
    "tool": ("tool.name", "tool_name", "tool", "function.name"),
    "model": ("model", "model_name", "llm.model", "llm.model_name"),
    "input_tokens": ("input_tokens", "prompt_tokens", "llm.usage.prompt_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens", "llm.usage.completion_tokens"),
    "call_id": ("tool_call_id", "call_id"),
}
TABLE = Table(_FIELDS)
_IDENTITY = Table({})


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span as the kind that its attributes name, else as what its values show, else as a chain."""
    shape = None if any(key in raw.attributes for key in _FIELDS["kind"]) else shape_of(raw.attributes, raw.name)
    if shape and (shape.kind is not StepKind.CHAIN or not _is_told(raw.attributes)):
        return _shaped(raw, shape)
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    named = KINDS.get(str(found.get("kind")).lower())
    if named is None:
        attributes.put_back("kind")
    kind = named or (StepKind.TOOL if "tool" in found else StepKind.CHAIN)
    span = begin(raw, attributes, kind=kind, convention=_convention(raw))
    span.inputs, span.outputs = read_json(found.get("input")), read_json(found.get("output"))
    span.model = text_of(found.get("model"))
    span.tool_call_id = text_of(found.get("call_id"))
    if kind in (StepKind.TOOL, StepKind.RETRIEVER):
        span.tool = text_of(found.get("tool")) or span.name
        span.inputs = read_arguments(span.inputs)
    if kind is StepKind.LLM:
        span.usage = usage_of(found)
        span.input_messages, span.output_messages = read_messages(span.inputs), read_output(span.outputs)
        span.inputs = span.outputs = None
    else:
        attributes.put_back(*USAGE)
    speak(span)
    keep_events(span, raw)
    return span


def _is_told(attributes: Mapping[str, JsonValue]) -> bool:
    """Whether one of the plain names that `TABLE` knows holds what went in or came out."""
    return any(key in attributes for name in ("input", "output") for key in _FIELDS[name])


def _shaped(raw: RawSpan, shape: Shape) -> Span:
    rest = {key: value for key, value in raw.attributes.items() if key not in shape.used}
    convention = _convention(raw) if shape.kind is StepKind.CHAIN else BY_SHAPE  # a person's own marks stay theirs
    span = begin(raw, _IDENTITY.sort(rest), kind=shape.kind, convention=convention)
    if shape.kind is StepKind.LLM:
        span.model, span.usage = shape.model, shape.usage
        span.input_messages, span.output_messages = shape.input_messages, shape.output_messages
    else:
        span.inputs = read_arguments(shape.given) if shape.given is not None else None
        span.outputs = shape.made
    if shape.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        span.tool = shape.tool or span.name
    if shape.kind is StepKind.RETRIEVER:
        span.documents = read_documents(span.outputs)
    if shape.kind is StepKind.AGENT:
        span.agent = span.agent or shape.agent
    speak(span)
    keep_events(span, raw)
    return span


def _convention(raw: RawSpan) -> str:
    logfire = any(key.startswith("logfire.") for key in raw.attributes)
    return framework_of(raw.scope) or ("logfire" if logfire else "unknown")
