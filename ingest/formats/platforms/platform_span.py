"""A span from the record of a tracing platform: kind, content and counts told by names that the platforms share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, Span, Status, StepError, StepKind
from ..fields import optional_text

KINDS = {
    "llm": StepKind.LLM,
    "generation": StepKind.LLM,
    "chat": StepKind.LLM,
    "completion": StepKind.LLM,
    "tool": StepKind.TOOL,
    "function_call": StepKind.TOOL,
    "agent": StepKind.AGENT,
    "retriever": StepKind.RETRIEVER,
    "retrieval": StepKind.RETRIEVER,
    "search": StepKind.RETRIEVER,
    "embedding": StepKind.EMBEDDING,
    "rerank": StepKind.RERANKER,
    "reranker": StepKind.RERANKER,
    "guardrail": StepKind.GUARDRAIL,
    "evaluator": StepKind.EVALUATOR,
    "score": StepKind.EVALUATOR,
    "scorer": StepKind.EVALUATOR,
}
"""Kinds by the platforms' words; what is not here is a chain."""


@dataclass(slots=True)
class PlatformSpan:
    """What a platform's record says, under one name each."""

    trace_key: str
    span_id: str
    name: str
    kind: StepKind
    parent: str | None = None
    started_at_ns: int | None = None
    ended_at_ns: int | None = None
    input: JsonValue = None
    output: JsonValue = None
    model: str | None = None
    provider: str | None = None
    usage: JsonValue = None
    cost_usd: float | None = None
    error: str | None = None
    error_type: str | None = None
    tools: JsonValue = None
    session: str | None = None
    user: str | None = None
    tags: tuple[str, ...] = ()
    attributes: dict[str, JsonValue] = field(default_factory=dict)


def platform_span(said: PlatformSpan, convention: str, sequence: int = 0) -> Span:
    """The span in normal form: the conversation of a model call read, arguments and results of the others."""
    span = Span(
        said.trace_key,
        said.span_id,
        said.name or "span",
        said.kind,
        parent_span_id=said.parent,
        started_at_ns=said.started_at_ns,
        ended_at_ns=said.ended_at_ns,
        sequence=sequence,
        session=said.session,
        user=said.user,
        tags=said.tags,
        convention=convention,
        attributes=said.attributes,
    )
    if said.error:
        span.status, span.error = Status.ERROR, StepError(said.error, said.error_type)
    elif said.ended_at_ns is not None:
        span.status = Status.OK
    if said.kind in (StepKind.LLM, StepKind.EMBEDDING):
        _call(span, said)
    else:
        _work(span, said)
    return span


def _call(span: Span, said: PlatformSpan) -> None:
    from ...conventions.messages import read_messages, read_output
    from ...conventions.usage import read_usage

    span.model, span.provider = said.model, said.provider
    span.usage, span.cost_usd = read_usage(said.usage), said.cost_usd
    if said.kind is StepKind.EMBEDDING:
        span.inputs = said.input
        return
    span.input_messages, span.output_messages = read_messages(said.input), read_output(said.output)
    given = said.input if isinstance(said.input, Mapping) else {}
    span.tool_definitions = said.tools or given.get("tools") or None


def _work(span: Span, said: PlatformSpan) -> None:
    from ...conventions.base import speak
    from ...conventions.documents import read_documents
    from ...conventions.results import read_result
    from ...conventions.values import read_arguments, read_json

    if said.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        span.tool = span.name
        result = read_result(said.output)
        span.inputs, span.outputs, span.tool_call_id = read_arguments(said.input), result.value, result.call_id
        if result.is_error and span.status is not Status.ERROR:
            span.status, span.error = Status.ERROR, StepError(result.text[:2_000])
        if said.kind is StepKind.RETRIEVER:
            span.documents = read_documents(span.outputs)
        return
    span.inputs, span.outputs = read_json(said.input), read_json(said.output)
    if said.kind is StepKind.AGENT:
        span.agent = span.name
    speak(span)


def error_of(value: JsonValue) -> tuple[str | None, str | None]:
    """Message and type of an error that a platform writes as text or as an object."""
    if isinstance(value, dict):
        message = next((value[key] for key in ("message", "error", "traceback") if value.get(key)), value)
        kind = next((value[key] for key in ("exception_type", "type", "name") if value.get(key)), None)
        return as_text(message) or "no message given", optional_text(kind)
    return optional_text(value), None
