"""Spans of no known convention: a usable tree, with inputs and outputs from keys that say so."""

from __future__ import annotations

from ...model.traces import Annotation, Span, StepKind
from ..otlp.raw import RawSpan
from .attributes import Table
from .base import begin, keep_events, speak
from .genai_keys import framework_of
from .usage import USAGE, usage_of
from .values import read_arguments, read_json, text_of

KINDS = {kind.value: kind for kind in StepKind}
TABLE = Table(
    {
        "kind": ("retrospan.kind", "span.kind", "span_type", "type", "kind"),
        "input": ("input", "inputs", "input.value", "request", "query", "question", "arguments", "args", "prompt"),
        "output": ("output", "outputs", "output.value", "result", "response", "answer", "return", "completion"),
        "tool": ("tool.name", "tool_name", "tool", "function.name"),
        "model": ("model", "model_name", "llm.model", "llm.model_name"),
        "input_tokens": ("input_tokens", "prompt_tokens", "llm.usage.prompt_tokens"),
        "output_tokens": ("output_tokens", "completion_tokens", "llm.usage.completion_tokens"),
        "call_id": ("tool_call_id", "call_id"),
    }
)


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span as a chain, or as the kind that its attributes name."""
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
    else:
        attributes.put_back(*USAGE)
    speak(span)
    keep_events(span, raw)
    return span


def _convention(raw: RawSpan) -> str:
    logfire = any(key.startswith("logfire.") for key in raw.attributes)
    return framework_of(raw.scope) or ("logfire" if logfire else "unknown")
