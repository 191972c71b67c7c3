"""OTel GenAI (`gen_ai.*`), current and older, and its dialects: pydantic-ai, ADK, Strands, AutoGen, SDK tracers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ...model.text.jsontext import as_text
from ...model.traces import Annotation, Fold, JsonValue, Message, Span, StepKind
from ..otlp.raw import RawSpan
from .attributes import Sorted, by_index, nest
from .base import begin, cost_of, fail, keep_events, speak
from .documents import read_documents
from .events import DETAILS, EVENT_NAMES, Conversation
from .genai_keys import PARAMETERS, TABLE, WRAPPING, convention_of, kind_of, unused_by
from .messages import last_text, read_messages, read_output
from .parts import Turn, add_call, result_text
from .results import error_text, read_result
from .usage import USAGE, usage_of
from .values import read_arguments, read_json, text_of, texts_of

_AGENT_NAME = re.compile(r"(?:invoke_agent|create_agent|agent) (\S.*)")


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form. Content may be on it, in its events, or come later in log records."""
    said = Conversation()
    values = raw.attributes
    if raw.events:
        values = _with_events(raw, said)
    attributes = TABLE.sort(values)
    found = attributes.found
    operation = str(found.get("operation") or "").lower()
    span = begin(raw, attributes, kind=kind_of(operation, found), convention=convention_of(raw.scope))
    if span.kind is not StepKind.TOOL:
        span.provider, span.model = text_of(found.get("provider")), text_of(found.get("model"))
    span.response_id, span.tool_call_id = text_of(found.get("response_id")), text_of(found.get("call_id"))
    if span.kind is StepKind.LLM:
        _read_call(span, attributes, said)
    else:
        _read_other(span, attributes, said)
    attributes.put_back(*unused_by(span.kind))
    if operation in WRAPPING or found.get("tool") == "(merged tools)":
        span.fold = Fold.WRAPPER
    speak(span)
    keep_events(span, raw, *EVENT_NAMES, DETAILS)
    return span


def _with_events(raw: RawSpan, said: Conversation) -> dict[str, JsonValue]:
    values = raw.attributes
    for event in raw.events:
        if event.name == DETAILS:
            values = {**event.attributes, **values}
        else:
            said.add(event.name, event.attributes)
    return values


def _read_call(span: Span, attributes: Sorted, said: Conversation) -> None:
    found, indexed = attributes.found, attributes.indexed
    span.usage = usage_of(found)
    span.cost_usd = cost_of(found.get("cost"))
    span.finish_reason = next(iter(texts_of(found.get("finish"))), None) or said.finish_reason
    span.tool_definitions = read_json(found.get("tools")) or _functions(indexed)
    given = read_messages(found.get("input_messages"))
    answer = read_output(found.get("output_messages")) or _answer(found)
    if not answer and given and attributes.keys.get("input_messages") == "events":
        given, answer = _split_events(given, found["input_messages"])
    if indexed and not (given and answer):
        given = given or _indexed_messages(indexed, "gen_ai.prompt", "user")
        answer = answer or _indexed_messages(indexed, "gen_ai.completion", "assistant")
    span.input_messages = _with_system(found.get("system"), given or tuple(said.inputs))
    span.output_messages = answer or tuple(said.outputs)


def _answer(found: Mapping[str, JsonValue]) -> tuple[Message, ...]:
    """An answer told as texts beside a list of calls, as Sentry's SDKs do."""
    turn = Turn("assistant")
    turn.texts.extend(texts_of(found.get("output_text")))
    calls = read_json(found.get("output_calls"))
    for call in calls if isinstance(calls, list) else []:
        add_call(turn, read_json(call))
    return tuple(turn.messages()) if turn.texts or turn.calls else ()


def _with_system(system: JsonValue, given: tuple[Message, ...]) -> tuple[Message, ...]:
    if system is None or any(message.role == "system" for message in given):
        return given
    return (*read_messages(system, "system"), *given)


def _split_events(given: tuple[Message, ...], events: JsonValue) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Older pydantic-ai lists the response among the events of a call, as `gen_ai.choice`."""
    said = Conversation()
    listed = read_json(events)
    for event in listed if isinstance(listed, list) else []:
        if isinstance(event, dict):
            said.add(str(event.get("event.name")), event)
    return (tuple(said.inputs), tuple(said.outputs)) if said.outputs else (given, ())


def _functions(indexed: Mapping[str, JsonValue]) -> JsonValue:
    return [
        {key: read_json(value) for key, value in fields.items()}
        for fields in by_index(indexed, "llm.request.functions")
    ] or None


def _indexed_messages(indexed: Mapping[str, JsonValue], prefix: str, role: str) -> tuple[Message, ...]:
    made: list[Message] = []
    for fields in by_index(indexed, prefix):
        tree = nest(fields)
        if isinstance(tree, dict):
            tree.pop("finish_reason", None)
            if tree.get("content") == '""':  # OpenLLMetry's LangChain writes no text as JSON
                tree["content"] = ""
            made.extend(read_messages([tree], role))
    return tuple(made)


def _read_other(span: Span, attributes: Sorted, said: Conversation) -> None:
    found = attributes.found
    if span.kind is StepKind.EMBEDDING:
        span.usage = usage_of(found)
    else:
        attributes.put_back(*USAGE)
    if span.kind is StepKind.TOOL:
        _read_tool(span, attributes, said)
    elif span.kind is StepKind.RETRIEVER:
        _read_retriever(span, attributes)
    elif span.kind is StepKind.AGENT:
        _read_agent(span, attributes, said)
    else:
        span.inputs = read_json(_first(found, "input_messages", "arguments"))
        span.outputs = read_json(_first(found, "output_messages", "result", "final"))
        if span.inputs is None and "gen_ai.operation.name" in attributes.rest:
            span.inputs = last_text(said.inputs, "user")
        if span.outputs is None and "gen_ai.operation.name" in attributes.rest:
            span.outputs = last_text(said.outputs, "assistant")


def _first(found: Mapping[str, JsonValue], *names: str) -> JsonValue:
    return next((found[name] for name in names if name in found), None)


def _read_tool(span: Span, attributes: Sorted, said: Conversation) -> None:
    found = attributes.found
    span.tool = text_of(found.get("tool")) or _tool_name(span.name)
    span.inputs = read_arguments(found["arguments"] if "arguments" in found else _asked(found.get("input_messages")))
    if span.inputs is None and attributes.indexed:
        span.inputs = _parameters(attributes.indexed)
    result = read_result(found["result"] if "result" in found else _answered(found.get("output_messages")))
    span.outputs = result.value
    if span.inputs is None:
        span.inputs = read_arguments(said.given)
    if span.outputs is None and said.made is not None:
        span.outputs = read_json(result_text(said.made) if isinstance(said.made, list) else said.made)
    if found.get("tool_status") == "error" or result.is_error:
        fail(span, result.text or as_text(span.outputs))
    elif span.error is not None and span.error.message == span.error.type:
        # ADK marks a tool that returned {"status": "error", …} and leaves the reason in the result.
        span.error = replace(span.error, message=error_text(span.outputs) or span.error.message)


def _parameters(indexed: Mapping[str, JsonValue]) -> JsonValue:
    return {
        key.removeprefix(PARAMETERS).removesuffix(".value"): read_json(value)
        for key, value in indexed.items()
        if key.startswith(PARAMETERS) and key.endswith(".value")
    } or None


def _asked(messages: JsonValue) -> JsonValue:
    """Arguments of a tool told as a conversation: those of the call in it, else its text."""
    turns = read_messages(messages)
    calls = [call.arguments for turn in turns for call in turn.tool_calls]
    return calls[-1] if calls else turns[-1].content if turns else None


def _answered(messages: JsonValue) -> JsonValue:
    """Result of a tool told as a conversation: its last turn."""
    turns = read_messages(messages, "tool")
    return turns[-1].content if turns else None


def _tool_name(name: str) -> str:
    for start in ("execute_tool ", "running tool: ", "running tool ", "tools/call ", "tool "):
        if name.startswith(start):
            return name[len(start) :]
    return name


def _read_retriever(span: Span, attributes: Sorted) -> None:
    found = attributes.found
    span.tool = text_of(found.get("tool")) or text_of(found.get("data_source"))
    if span.tool is None and span.name.startswith("retrieval "):
        span.tool = span.name.removeprefix("retrieval ")
    query = found.get("query")
    span.inputs = (
        {"query": query} if query is not None else read_arguments(_first(found, "arguments", "input_messages"))
    )
    span.outputs = read_json(_first(found, "documents", "result", "output_messages"))
    span.documents = read_documents(span.outputs)


def _read_agent(span: Span, attributes: Sorted, said: Conversation) -> None:
    found = attributes.found
    history = read_json(found.get("history"))
    if span.agent is None and (named := _AGENT_NAME.fullmatch(span.name)):
        span.agent = named[1]
    if "input_messages" in found:
        span.inputs = found["input_messages"]
    elif history is not None:
        start = found.get("history_start")
        if isinstance(history, list) and isinstance(start, int):
            turns = read_messages(history[start:])
            span.inputs = next((turn.content for turn in turns if turn.role == "user"), None)
        else:  # Older versions do not say where a run begins in the conversation: what was asked last began it.
            span.inputs = last_text(read_messages(history), "user")
    elif said.inputs:
        span.inputs = last_text(said.inputs, "user")
    if "final" in found:
        span.outputs = read_json(found["final"])
    elif "output_messages" in found:
        span.outputs = found["output_messages"]
    elif "output_text" in found:
        span.outputs = "\n".join(texts_of(found["output_text"])) or None
    elif history is not None:
        span.outputs = last_text(read_messages(history), "assistant")
    elif said.outputs:
        span.outputs = last_text(said.outputs, "assistant")
    attributes.put_back("history", "history_start")
