"""MLflow SDK spans (`mlflow.*`), whose values are all JSON text."""

from __future__ import annotations

from ...store.models import Annotation, JsonValue, Span, StepKind
from ..otlp.raw import RawSpan
from .base import begin, cost_of, is_named_agent, keep_events, speak
from .documents import read_documents
from .messages import read_messages, read_output
from .results import read_result
from .table import Table
from .usage import read_usage
from .values import read_any_json, read_arguments, text_of

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
        "model": ("mlflow.llm.model",),
        "provider": ("mlflow.llm.provider",),
        "cost": ("mlflow.llm.cost",),
        "usage": ("mlflow.chat.tokenUsage",),
        "tools": ("mlflow.chat.tools",),
        "tool": ("mlflow.tool.name",),
        "function": ("mlflow.spanFunctionName",),
    }
)


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form."""
    values: dict[str, JsonValue] = {
        key: read_any_json(value) if key.startswith("mlflow.") else value for key, value in raw.attributes.items()
    }
    attributes = TABLE.sort(values)
    found = attributes.found
    kind = KINDS.get(str(found.get("kind")).upper(), StepKind.CHAIN)
    span = begin(raw, attributes, kind=kind, convention="mlflow")
    given, made = found.get("input"), found.get("output")
    if kind in (StepKind.LLM, StepKind.EMBEDDING):
        span.model, span.provider = text_of(found.get("model")) or _model(given), text_of(found.get("provider"))
        span.usage, span.cost_usd = read_usage(found.get("usage")), cost_of(found.get("cost"))
    else:
        attributes.put_back("usage", "cost")
    if kind is StepKind.LLM:
        span.input_messages, span.output_messages = read_messages(given), read_output(made)
        span.tool_definitions = found.get("tools") or (given.get("tools") if isinstance(given, dict) else None)
        if isinstance(made, dict):
            span.response_id = text_of(made.get("id"))
    elif kind in (StepKind.TOOL, StepKind.RETRIEVER):
        span.tool = text_of(found.get("tool")) or raw.name
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
            span.agent = span.agent or raw.name
    speak(span)
    keep_events(span, raw)
    return span


def _model(given: JsonValue) -> str | None:
    return text_of(given.get("model")) if isinstance(given, dict) else None
