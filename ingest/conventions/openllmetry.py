"""OpenLLMetry (Traceloop): decorated workflows, tasks, agents and tools, and vector store queries.

Its model spans speak `gen_ai.*` and are read by `genai`.
"""

from __future__ import annotations

from ...store.models import Annotation, Document, JsonValue, Span, StepKind
from ..otlp.raw import RawSpan
from .base import begin, keep_events, speak
from .documents import read_documents
from .results import read_result
from .table import Table
from .values import first, number_of, read_any_json, read_arguments, read_json, text_of

KINDS = {"agent": StepKind.AGENT, "tool": StepKind.TOOL}
TABLE = Table(
    {
        "kind": ("traceloop.span.kind",),
        "name": ("traceloop.entity.name",),
        "input": ("traceloop.entity.input",),
        "output": ("traceloop.entity.output",),
        "tool": ("gen_ai.tool.name",),
        "call_id": ("gen_ai.tool.call.id",),
    }
)
_STORE_TABLE = Table(
    {
        "store": ("db.system", "db.system.name"),
        "query": ("db.query.text", "db.statement"),
        "collection": ("db.collection.name", "db.vector.collection"),
    }
)
_RESULT_EVENTS = ("db.query.result", "db.search.result", "db.query.embeddings")


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """A decorated function's span in normal form."""
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    kind = KINDS.get(str(found.get("kind")).lower(), StepKind.CHAIN)
    span = begin(raw, attributes, kind=kind, convention="openllmetry")
    span.tool_call_id = text_of(found.get("call_id"))
    if kind is StepKind.TOOL:
        span.tool = text_of(found.get("tool")) or text_of(found.get("name")) or raw.name.removesuffix(".tool")
        span.inputs = read_arguments(found.get("input"))
        span.outputs = read_result(found.get("output"), encoded=True).value
    else:
        span.inputs = read_arguments(found.get("input"))
        span.outputs = read_any_json(found.get("output"))
    if kind is StepKind.AGENT:
        span.agent = span.agent or text_of(found.get("name"))
    speak(span)
    keep_events(span, raw)
    return span


def is_vector_query(raw: RawSpan) -> bool:
    """Whether a database span holds what a vector store found."""
    return any(event.name in _RESULT_EVENTS for event in raw.events)


def read_vector_query(raw: RawSpan, notes: list[Annotation]) -> Span:
    """A vector store's query as a retriever step; each result is one span event."""
    attributes = _STORE_TABLE.sort(raw.attributes)
    span = begin(raw, attributes, kind=StepKind.RETRIEVER, convention="openllmetry")
    found = attributes.found
    span.tool = text_of(found.get("collection")) or text_of(found.get("store")) or raw.name
    span.inputs = read_json(found.get("query"))
    results: list[JsonValue] = [
        {key.rsplit(".", 1)[-1]: value for key, value in event.attributes.items()}
        for event in raw.events
        if event.name in ("db.query.result", "db.search.result")
    ]
    span.documents = tuple(made for item in results if isinstance(item, dict) and (made := _document(item)))
    span.outputs = results or None
    keep_events(span, raw, *_RESULT_EVENTS)
    return span


def _document(item: dict[str, JsonValue]) -> Document | None:
    text = text_of(first(item, "document", "content", "text"))
    if text is None:
        return next(iter(read_documents([item])), None)
    score = number_of(first(item, "score", "distance"))
    return Document(text, text_of(item.get("id")), score, read_json(item.get("metadata")))
