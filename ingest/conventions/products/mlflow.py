"""MLflow SDK spans (`mlflow.*`), whose values are all JSON text."""

from __future__ import annotations

from collections.abc import Mapping

from ....model.traces import Annotation, Fold, JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from ..attributes import Table
from ..base import begin, cost_of, is_named_agent, keep_events, speak
from ..documents import read_documents
from ..messages import read_messages, read_output
from ..names import is_part_of_framework, without_method
from ..results import read_result
from ..usage import read_usage
from ..values import read_any_json, read_arguments, text_of

KINDS = {
    "LLM": StepKind.LLM,
    "CHAT_MODEL": StepKind.LLM,
    "AGENT": StepKind.AGENT,
    "TOOL": StepKind.TOOL,
    "RETRIEVER": StepKind.RETRIEVER,
    "RERANKER": StepKind.RERANKER,
    "EMBEDDING": StepKind.EMBEDDING,
    "GUARDRAIL": StepKind.GUARDRAIL,
    "EVALUATOR": StepKind.EVALUATOR,
}
TABLE = Table(
    {
        "kind": ("mlflow.spanType",),
        "input": ("mlflow.spanInputs",),
        "output": ("mlflow.spanOutputs",),
        "model": ("mlflow.llm.model", "model"),
        "provider": ("mlflow.llm.provider",),
        "cost": ("mlflow.llm.cost", "response_cost"),
        "usage": ("mlflow.chat.tokenUsage",),
        "tools": ("mlflow.chat.tools",),
        "tool": ("mlflow.tool.name",),
        "function": ("mlflow.spanFunctionName",),
    }
)


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form."""
    attributes = TABLE.sort({key: _decoded(key, value) for key, value in raw.attributes.items()})
    found = attributes.found
    kind = _kind(raw, found, attributes.rest)
    span = begin(raw, attributes, kind=kind, convention="mlflow")
    given, made = found.get("input"), _made(found.get("output"))
    if kind in (StepKind.LLM, StepKind.EMBEDDING):
        span.model, span.provider = text_of(found.get("model")) or _model(given), text_of(found.get("provider"))
        span.usage, span.cost_usd = read_usage(found.get("usage")), cost_of(found.get("cost"))
    else:
        attributes.put_back("usage", "cost", "model", "provider")
    if kind is StepKind.LLM:
        span.input_messages, span.output_messages = read_messages(read_arguments(given)), read_output(made)
        span.tool_definitions = found.get("tools") or (given.get("tools") if isinstance(given, dict) else None)
        if isinstance(made, dict):
            span.response_id = text_of(made.get("id"))
    elif kind in (StepKind.TOOL, StepKind.RETRIEVER):
        span.tool = text_of(found.get("tool")) or text_of(span.attributes.get("name")) or without_method(raw.name)
        span.inputs, span.outputs = read_arguments(given), read_result(made).value
        if kind is StepKind.RETRIEVER:
            span.documents = read_documents(span.outputs)
    else:
        span.inputs, span.outputs = read_arguments(given), made
        if kind is StepKind.RERANKER:
            span.documents = read_documents(made)
        elif is_named_agent(span):
            span.kind = StepKind.AGENT
        elif kind is StepKind.AGENT:
            span.agent = text_of(span.attributes.get("name")) or span.agent or without_method(raw.name)
    if span.usage is None and raw.parent_span_id and is_part_of_framework(raw.name):
        span.fold = Fold.WRAPPER
    speak(span)
    keep_events(span, raw)
    return span


def _decoded(key: str, value: JsonValue) -> JsonValue:
    """Values of MLflow's own keys are JSON; so are an application's, but only a quoted text is surely so."""
    quoted = isinstance(value, str) and value[:1] == value[-1:] == '"'
    return read_any_json(value) if quoted or key.startswith("mlflow.") else value


def _kind(raw: RawSpan, found: Mapping[str, JsonValue], rest: Mapping[str, JsonValue]) -> StepKind:
    kind = KINDS.get(str(found.get("kind")).upper(), StepKind.CHAIN)
    if kind is StepKind.LLM and rest.get("call_type") in ("embedding", "aembedding"):
        return StepKind.EMBEDDING  # LiteLLM's call-back takes every request for a model call
    if kind is StepKind.CHAIN and raw.name.endswith("postprocess_nodes") and "rerank" in raw.name.lower():
        return StepKind.RERANKER
    return kind


def _made(value: JsonValue) -> JsonValue:
    """The output out of MLflow's envelope for plain values; a stream that was not read yet is none."""
    if isinstance(value, dict) and value.keys() == {"_value"}:
        value = value["_value"]
    return (
        None
        if isinstance(value, str) and value.startswith(("<async_generator object ", "<generator object "))
        else value
    )


def _model(given: JsonValue) -> str | None:
    return text_of(given.get("model")) if isinstance(given, dict) else None
