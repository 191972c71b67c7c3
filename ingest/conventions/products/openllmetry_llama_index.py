"""LlamaIndex under OpenLLMetry, which calls every step a task: what each is, by its class and by what it holds."""

from __future__ import annotations

from ....model.traces import Annotation, Fold, JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from .. import genai
from ..attributes import Table
from ..base import begin, fail, keep_events, speak
from ..documents import read_documents
from ..messages import last_text, read_messages, read_output
from ..results import read_result
from ..values import read_any_json, read_arguments, text_of

SCOPE = "opentelemetry.instrumentation.llamaindex"
_INPUT, _OUTPUT, _NAME = "traceloop.entity.input", "traceloop.entity.output", "traceloop.entity.name"
_TABLE = Table({"kind": ("traceloop.span.kind",), "name": (_NAME,), "input": (_INPUT,), "output": (_OUTPUT,)})
_RESULT_OF_CALL = frozenset({"tool_name", "tool_kwargs", "tool_id", "tool_output"})
_QUERIES = ("query", "query_str", "str_or_query_bundle", "query_bundle")


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The task in normal form."""
    if "gen_ai.operation.name" in raw.attributes:
        return _read_call(raw, notes)
    attributes = _TABLE.sort(raw.attributes)
    found = attributes.found
    name = (text_of(found.get("name")) or raw.name).partition(".")[0]
    given, made = read_arguments(found.get("input")), read_any_json(found.get("output"))
    span = begin(raw, attributes, kind=_kind(name, made), convention="openllmetry")
    span.inputs, span.outputs = given, made
    if span.kind is StepKind.TOOL:
        _read_tool(span, made)
    elif span.kind is StepKind.RETRIEVER:
        span.tool, span.inputs = name, _query(given)
        span.documents = read_documents(made)
    elif span.kind is StepKind.AGENT:
        _read_agent(span, name, made)
    elif span.kind is StepKind.CHAIN and raw.parent_span_id is not None and _only_holds_a_call(name, made):
        span.fold = Fold.WRAPPER
    speak(span)
    keep_events(span, raw)
    return span


def _kind(name: str, made: JsonValue) -> StepKind:
    if isinstance(made, dict) and made.keys() >= _RESULT_OF_CALL:
        return StepKind.TOOL
    if name == "BaseWorkflowAgent":
        return StepKind.CHAIN
    endings = (
        ("Tool", StepKind.TOOL),
        ("Retriever", StepKind.RETRIEVER),
        ("Embedding", StepKind.EMBEDDING),
        ("Agent", StepKind.AGENT),
        ("AgentWorkflow", StepKind.AGENT),
    )
    return next((kind for ending, kind in endings if name.endswith(ending)), StepKind.CHAIN)


def _only_holds_a_call(name: str, made: JsonValue) -> bool:
    """Whether a chain is a step of the agent's machine, or a layer around a model call, which lies below it."""
    return name == "BaseWorkflowAgent" or (
        isinstance(made, dict) and (isinstance(made.get("messages"), list) or isinstance(made.get("message"), dict))
    )


def _read_call(raw: RawSpan, notes: list[Annotation]) -> Span:
    """A model call; the tools that it asks for are in the whole response only."""
    span = genai.read(raw, notes)
    answer = read_output(raw.attributes.get(_OUTPUT))
    if any(turn.tool_calls for turn in answer) and not any(turn.tool_calls for turn in span.output_messages):
        span.output_messages = answer
    asked = read_messages(raw.attributes.get(_INPUT))
    if len(asked) == len(span.input_messages) and any(turn.tool_calls for turn in asked):
        span.input_messages = asked
    for key in (_INPUT, _OUTPUT):
        span.attributes.pop(key, None)
    return span


def _read_tool(span: Span, made: JsonValue) -> None:
    if not isinstance(made, dict):
        return
    span.tool = text_of(made.get("tool_name"))
    if "tool_output" in made:
        span.inputs, span.tool_call_id = made.get("tool_kwargs"), text_of(made.get("tool_id"))
    result = read_result(made.get("tool_output", made))
    span.outputs = result.value
    if result.is_error:
        fail(span, result.text)


def _query(given: JsonValue) -> JsonValue:
    while isinstance(given, dict):
        key = next((key for key in _QUERIES if key in given), None)
        if key is None:
            return given
        given = given[key]
    return {"query": given}


def _read_agent(span: Span, name: str, made: JsonValue) -> None:
    result = made.get("result") if isinstance(made, dict) else None
    if isinstance(result, dict) and "response" in result:
        span.agent = text_of(result.get("current_agent_name"))
        span.outputs = last_text(read_messages(result["response"], "assistant"), "assistant") or result["response"]
    span.agent = span.agent or name
