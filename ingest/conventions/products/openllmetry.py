"""OpenLLMetry (Traceloop): decorated workflows, tasks, agents and tools, and vector store queries.

Its model spans speak `gen_ai.*` and are read by `genai`.
"""

from __future__ import annotations

from ....model.traces import Annotation, Document, Fold, JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from ..attributes import Table
from ..base import begin, fail, keep_events, speak
from ..documents import read_documents
from ..results import read_result
from ..values import first, number_of, read_any_json, read_arguments, read_json, text_of
from . import openllmetry_llama_index
from .openinference_frameworks import LANGCHAIN_PLUMBING

KINDS = {"agent": StepKind.AGENT, "tool": StepKind.TOOL}
TABLE = Table(
    {
        "kind": ("traceloop.span.kind",),
        "name": ("traceloop.entity.name",),
        "input": (
            "traceloop.entity.input",
            "gen_ai.tool.call.arguments",
            "gen_ai.task.input",
            "gen_ai.input.messages",
            "crewai.task.description",
        ),
        "output": (
            "traceloop.entity.output",
            "gen_ai.tool.call.result",
            "gen_ai.task.output",
            "gen_ai.output.messages",
            "crewai.crew.result",
        ),
        "tool": ("gen_ai.tool.name",),
        "call_id": ("gen_ai.tool.call.id",),
    }
)
_CALLBACK_INPUTS = ("inputs", "input_str")
_CALLBACK = frozenset({*_CALLBACK_INPUTS, "tags", "metadata", "kwargs"})
_UNNAMED_GRAPH = "LangGraph"
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
    if raw.scope == openllmetry_llama_index.SCOPE:
        return openllmetry_llama_index.read(raw, notes)
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    kind = KINDS.get(str(found.get("kind")).lower(), StepKind.CHAIN)
    span = begin(raw, attributes, kind=kind, convention="openllmetry")
    span.tool_call_id = text_of(found.get("call_id"))
    name = text_of(found.get("name"))
    given, made = _given(found.get("input")), _made(found.get("output"))
    if kind is StepKind.TOOL:
        span.tool = text_of(found.get("tool")) or name or raw.name.removesuffix(".tool")
        _read_tool(span, given, made)
    else:
        span.inputs, span.outputs = given, made
    if kind is StepKind.AGENT:
        span.agent = span.agent or name
    elif kind is StepKind.CHAIN and name:
        _read_runnable(span, name)
        attributes.put_back("name")
    speak(span)
    keep_events(span, raw)
    return span


def _read_tool(span: Span, given: JsonValue, made: JsonValue) -> None:
    result = read_result(made)
    span.inputs, span.outputs = given, result.value
    span.tool_call_id = span.tool_call_id or result.call_id
    if result.is_error:
        fail(span, result.text)


def _read_runnable(span: Span, name: str) -> None:
    """LangChain's instrumentation calls every root an agent; one is so that bears a name of its own."""
    if LANGCHAIN_PLUMBING.fullmatch(name) or name == _UNNAMED_GRAPH:
        span.agent = None if span.agent == name else span.agent
        if span.parent_span_id is not None and name != _UNNAMED_GRAPH:
            span.fold = Fold.WRAPPER
    elif span.agent == name:
        span.kind = StepKind.AGENT


def _given(value: JsonValue) -> JsonValue:
    """What a runnable or a tool was given, out of the arguments of LangChain's callback."""
    value = read_arguments(value)
    if not isinstance(value, dict) or not value.keys() <= _CALLBACK or value.keys().isdisjoint(_CALLBACK_INPUTS):
        return value
    return read_arguments(first(value, *_CALLBACK_INPUTS))


def _made(value: JsonValue) -> JsonValue:
    value = read_any_json(value)
    if isinstance(value, dict) and value.keys() in ({"outputs", "kwargs"}, {"output", "kwargs"}):
        return read_json(first(value, "outputs", "output"))
    return value


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
