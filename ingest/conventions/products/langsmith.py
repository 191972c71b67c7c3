"""LangSmith SDK in OTel mode (`langsmith.*`); inputs and outputs are whole JSON objects under `gen_ai.*` keys."""

from __future__ import annotations

import re

from ....model.traces import Annotation, JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from ..attributes import Table
from ..base import begin, is_named_agent, keep_events, speak
from ..documents import read_documents
from ..messages import read_messages, read_output
from ..results import read_result
from ..usage import USAGE, read_usage, usage_of
from ..values import read_arguments, read_json, text_of, texts_of

KINDS = {
    "llm": StepKind.LLM,
    "tool": StepKind.TOOL,
    "retriever": StepKind.RETRIEVER,
    "embedding": StepKind.EMBEDDING,
}
_MACHINE_TAG = re.compile(r"(graph|seq|map):(step|key)|$")
_NOTHING: tuple[JsonValue, ...] = ({}, {"output": None}, {"outputs": None})
"""What a run that failed is said to have given back."""
TABLE = Table(
    {
        "kind": ("langsmith.span.kind",),
        "input": ("gen_ai.prompt", "langsmith.span.inputs", "inputs"),
        "output": ("gen_ai.completion", "langsmith.span.outputs", "outputs"),
        "model": ("gen_ai.response.model", "gen_ai.request.model", "langsmith.metadata.ls_model_name"),
        "provider": ("gen_ai.provider.name", "gen_ai.system", "langsmith.metadata.ls_provider"),
        "input_tokens": ("gen_ai.usage.input_tokens",),
        "output_tokens": ("gen_ai.usage.output_tokens",),
        "cache_read": ("gen_ai.usage.input_token_details.cache_read", "gen_ai.usage.cache_read.input_tokens"),
        "cache_write": ("gen_ai.usage.input_token_details.cache_creation",),
        "reasoning": ("gen_ai.usage.output_token_details.reasoning",),
        "usage": ("langsmith.metadata.usage_metadata",),
        "response_id": ("gen_ai.response.id",),
        "finish": ("gen_ai.response.finish_reasons", "gen_ai.response.finish_reason"),
        "tool": ("gen_ai.tool.name",),
        "call_id": ("gen_ai.tool.call.id", "langsmith.metadata.tool_call_id"),
    }
)


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The run in normal form."""
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    kind = KINDS.get(str(found.get("kind")).lower(), StepKind.CHAIN)
    span = begin(raw, attributes, kind=kind, convention="langsmith")
    span.tags = tuple(tag for tag in ",".join(span.tags).replace(" ", "").split(",") if not _MACHINE_TAG.match(tag))
    if is_named_agent(span):
        span.kind = kind = StepKind.AGENT
    given, made = read_json(found.get("input")), read_json(found.get("output"))
    if made in _NOTHING:
        made = None
    if kind is StepKind.LLM:
        span.model, span.provider = text_of(found.get("model")), text_of(found.get("provider"))
        span.usage, span.response_id = (
            read_usage(found.get("usage")) or usage_of(found),
            text_of(found.get("response_id")),
        )
        span.finish_reason = next(iter(texts_of(found.get("finish"))), None)
        span.input_messages, span.output_messages = read_messages(given), read_output(made)
        span.tool_definitions = given.get("tools") if isinstance(given, dict) else None
        keep_events(span, raw)
        return span
    attributes.put_back(*USAGE)
    span.tool_call_id = text_of(found.get("call_id"))
    if kind is StepKind.TOOL:
        _read_tool(span, given, made)
        span.tool = text_of(found.get("tool")) or raw.name
    elif kind is StepKind.RETRIEVER:
        span.tool, span.inputs = raw.name, given
        span.outputs = _only(made, "output")
        span.documents = read_documents(made)
    else:
        span.inputs, span.outputs = given, made
    speak(span)
    keep_events(span, raw)
    return span


def _read_tool(span: Span, given: JsonValue, made: JsonValue) -> None:
    span.inputs = read_arguments(_only(given, "input"))
    result = read_result(_only(made, "output"))
    span.outputs = result.value
    span.tool_call_id = span.tool_call_id or result.call_id


def _only(value: JsonValue, key: str) -> JsonValue:
    """LangSmith boxes plain values as `{"input": …}` and `{"output": …}`."""
    return value[key] if isinstance(value, dict) and value.keys() == {key} else value
