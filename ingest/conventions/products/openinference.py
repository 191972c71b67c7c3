"""OpenInference: LangChain/LangGraph, LlamaIndex, OpenAI Agents, CrewAI, smolagents, DSPy, … instrumented by Arize."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ....model.traces import Annotation, AnnotatorKind, Document, JsonValue, Message, Span, StepKind, ToolCall
from ...otlp.raw import RawSpan
from ..attributes import Sorted, Table, by_index, nest
from ..base import begin, cost_of, fail, keep_events, speak
from ..documents import read_documents, with_listed_ids
from ..genai_keys import FIELDS as GENAI_FIELDS
from ..messages import ROLES, read_messages, read_output
from ..parts import Turn, add_call, add_part
from ..results import read_result
from ..usage import USAGE, usage_of
from ..values import first, number_of, read_any_json, read_arguments, read_json, text_of, texts_of
from .openinference_agents import read_agent
from .openinference_frameworks import fold_in_framework, kind_in_framework, read_in_framework

KINDS = {
    "LLM": StepKind.LLM,
    "EMBEDDING": StepKind.EMBEDDING,
    "RETRIEVER": StepKind.RETRIEVER,
    "RERANKER": StepKind.RERANKER,
    "TOOL": StepKind.TOOL,
    "AGENT": StepKind.AGENT,
    "GUARDRAIL": StepKind.GUARDRAIL,
    "EVALUATOR": StepKind.EVALUATOR,
}
TABLE = Table(
    {
        "kind": ("openinference.span.kind",),
        "input": ("input.value",),
        "input_type": ("input.mime_type",),
        "output": ("output.value",),
        "output_type": ("output.mime_type",),
        "input_messages": ("llm.input_messages",),
        "output_messages": ("llm.output_messages",),
        "documents": ("retrieval.documents", "reranker.output_documents", "output.documents"),
        "model": (
            "llm.response.model_name",
            "llm.model_name",
            "llm.request.model_name",
            "embedding.model_name",
            "reranker.model_name",
        ),
        "provider": ("llm.provider", "llm.system"),
        "input_tokens": ("llm.token_count.prompt",),
        "output_tokens": ("llm.token_count.completion",),
        "cache_read": (
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
            *GENAI_FIELDS["cache_read"],
        ),
        "cache_write": ("llm.token_count.prompt_details.cache_write", *GENAI_FIELDS["cache_write"]),
        "reasoning": ("llm.token_count.completion_details.reasoning", *GENAI_FIELDS["reasoning"]),
        "cost": ("llm.cost.total",),
        "finish": ("llm.finish_reasons", "llm.finish_reason"),
        "tool": ("tool.name", "tool_call.function.name"),
        "arguments": ("tool_call.function.arguments",),
        "query": ("reranker.query",),
        "call_id": ("tool_call.id", "tool.id", "gen_ai.tool.call.id"),
        "response_id": ("gen_ai.response.id", "llm.response.id"),
        "tools": ("llm.tools",),
    },
    (
        "llm.input_messages.",
        "llm.output_messages.",
        "llm.tools.",
        "llm.prompts.",
        "llm.choices.",
        "retrieval.documents.",
        "reranker.input_documents.",
        "reranker.output_documents.",
        "input.documents.",
        "output.documents.",
        "evaluations.",
        "annotations.",
        "trace.evaluations.",
        "trace.annotations.",
        "session.annotations.",
    ),
)
_NESTED = ("message.tool_calls.", "message.contents.")
_RESPONSE_ID = re.compile(r'"id"\s*:\s*"((?:msg|resp|chatcmpl|gen)[-_][\w.\-]{1,120})"')


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form; evaluations on it go to `notes`."""
    attributes = TABLE.sort(raw.attributes)
    found = attributes.found
    named = KINDS.get(str(found.get("kind")).upper(), StepKind.CHAIN) if "kind" in found else _kind_of(raw)
    kind = kind_in_framework(raw, named, found)
    span = begin(raw, attributes, kind=kind, convention="openinference")
    indexed = attributes.indexed
    if span.kind is StepKind.LLM:
        _read_call(span, attributes)
    else:
        if span.kind is StepKind.EMBEDDING:
            span.usage = usage_of(found)
        else:
            attributes.put_back(*USAGE)
        attributes.put_back("cost", "finish", "provider", "response_id")
        _read_values(span, found)
    if span.kind in (StepKind.EMBEDDING, StepKind.RERANKER):
        span.model = text_of(found.get("model"))
    if indexed:
        _read_indexed(span, indexed, raw, notes)
    if span.kind in (StepKind.RETRIEVER, StepKind.RERANKER):
        span.documents = with_listed_ids(span.documents, read_documents(span.outputs))
    span.tool_call_id = text_of(found.get("call_id"))
    if span.kind in (StepKind.TOOL, StepKind.RETRIEVER):
        _read_tool(span, found)
    elif span.kind in (StepKind.AGENT, StepKind.CHAIN):
        read_agent(span, raw)
    read_in_framework(span, raw)
    speak(span)
    span.fold = fold_in_framework(span, raw)
    keep_events(span, raw)
    return span


_BY_CONTENT = (
    ("embedding.", StepKind.EMBEDDING),
    ("reranker.", StepKind.RERANKER),
    ("retrieval.documents", StepKind.RETRIEVER),
    ("llm.output_messages", StepKind.LLM),
    ("llm.input_messages", StepKind.LLM),
    ("llm.token_count.", StepKind.LLM),
    ("llm.choices", StepKind.LLM),
    ("tool_call.function.", StepKind.TOOL),
)
"""Beginnings of keys that only one kind of span carries, the most telling first."""
_NAMES_OF_CONTENT = tuple(start for start, _ in _BY_CONTENT)


def is_without_kind(raw: RawSpan) -> bool:
    """Whether a span speaks OpenInference and forgets to say its kind, as LiteLLM's and hand-written spans may."""
    keys = raw.attributes
    if any(key.startswith(_NAMES_OF_CONTENT) for key in keys):
        return True
    return "input.value" in keys and ("tool.name" in keys or "llm.model_name" in keys)


def _kind_of(raw: RawSpan) -> StepKind:
    keys = raw.attributes
    for start, kind in _BY_CONTENT:
        if any(key.startswith(start) for key in keys):
            return kind
    return StepKind.TOOL if "tool.name" in keys else StepKind.LLM if "llm.model_name" in keys else StepKind.CHAIN


def _read_call(span: Span, attributes: Sorted) -> None:
    found, indexed = attributes.found, attributes.indexed
    span.model, span.provider = text_of(found.get("model")) or _model_asked(attributes), text_of(found.get("provider"))
    span.usage = usage_of(found)
    span.cost_usd = cost_of(found.get("cost"))
    span.finish_reason = next(iter(texts_of(found.get("finish"))), None)
    span.input_messages = _messages(indexed, "llm.input_messages", "user") or read_messages(found.get("input_messages"))
    span.output_messages = _messages(indexed, "llm.output_messages", "assistant") or read_messages(
        found.get("output_messages"), "assistant"
    )
    span.response_id = text_of(found.get("response_id")) or _response_id(found.get("output"))
    if not span.input_messages:
        span.input_messages = _prompts(indexed) or read_messages(read_arguments(found.get("input")))
    if not span.output_messages:
        span.output_messages = _choices(indexed) or read_output(found.get("output"))
    if span.error is not None and not any(message.content or message.tool_calls for message in span.output_messages):
        span.output_messages = ()  # LangChain writes an empty answer for a call that failed
    if "tools" in found:
        span.tool_definitions = read_json(found["tools"])


def _model_asked(attributes: Sorted) -> str | None:
    """The model of the request, all that a failed call tells."""
    for source in (attributes.rest.get("llm.invocation_parameters"), attributes.found.get("input")):
        asked = read_json(source)
        if isinstance(asked, dict) and (name := text_of(first(asked, "model", "model_name", "model_id", "modelId"))):
            return name
    return None


def _read_values(span: Span, found: Mapping[str, JsonValue]) -> None:
    span.inputs = _value(found.get("input"), found.get("input_type"))
    span.outputs = _value(found.get("output"), found.get("output_type"))
    if span.inputs is None:
        span.inputs = found.get("query")
    if "documents" in found:
        span.documents = read_documents(found["documents"])


def _value(value: JsonValue, mime_type: JsonValue) -> JsonValue:
    if mime_type == "application/json" and isinstance(value, str) and (value[:1] == '"' or value == "null"):
        return read_any_json(value)
    return value if mime_type == "text/plain" and not str(value).startswith('{"') else read_json(value)


def _read_tool(span: Span, found: Mapping[str, JsonValue]) -> None:
    span.tool = text_of(found.get("tool")) or span.name
    span.inputs = _named_arguments(found.get("arguments", span.inputs), span.attributes.get("tool.parameters"))
    if span.kind is StepKind.RETRIEVER:
        return
    result = read_result(span.outputs)
    span.outputs = result.value
    span.tool_call_id = span.tool_call_id or result.call_id
    if result.is_error:
        fail(span, result.text)


def _named_arguments(value: JsonValue, schema: JsonValue) -> JsonValue:
    """Arguments as an object where the tool's schema tells the names of those passed by place."""
    plain = read_arguments(value)
    call, known = read_json(value), read_json(schema)
    if plain == call or not isinstance(call, dict) or not isinstance(known, dict):
        return plain
    args, kwargs, names = call.get("args"), call.get("kwargs"), known.get("properties", known)
    if not args or not isinstance(args, list) or not isinstance(names, dict) or len(names) < len(args):
        return plain
    return dict(zip(names, args, strict=False)) | (kwargs if isinstance(kwargs, dict) else {})


def _response_id(output: JsonValue) -> str | None:
    """The provider's id of the response, which only the raw response tells: of the object itself, or of LangChain's."""
    if not isinstance(output, str) or '"id"' not in output:
        return None
    match = _RESPONSE_ID.search(output)
    return match[1] if match else None


def _messages(indexed: Mapping[str, JsonValue], prefix: str, role: str) -> tuple[Message, ...]:
    return tuple(message for fields in by_index(indexed, prefix) for message in _message(fields, role))


def _message(fields: Mapping[str, JsonValue], role: str) -> list[Message]:
    speaker = fields.get("message.role")
    speaker = ROLES.get(speaker.lower(), speaker) if isinstance(speaker, str) else role
    content = fields.get("message.content")
    if len(fields) == 2 and isinstance(content, str):
        return [Message(speaker, content)]
    turn = Turn(speaker, call_id=text_of(fields.get("message.tool_call_id")), name=text_of(fields.get("message.name")))
    tree: Any = nest({key: value for key, value in fields.items() if key.startswith(_NESTED)})
    inner = tree.get("message", {}) if isinstance(tree, dict) else {}
    for call in _listed(inner.get("tool_calls")):
        add_call(turn, call)
    if isinstance(name := fields.get("message.function_call_name"), str):
        turn.calls.append(ToolCall(name, read_arguments(fields.get("message.function_call_arguments_json"))))
    parts = _listed(inner.get("contents"))
    if isinstance(content, str):
        turn.texts.append(content)
        parts = [part for part in parts if not _is_text(part)]
    for part in parts:
        add_part(turn, part)
    for key in fields:
        if key.startswith("function.") and isinstance(result := read_json(fields[key]), dict):  # AutoGen
            add_part(turn, {"type": "tool_result", **result})
    return turn.messages()


def _is_text(part: JsonValue) -> bool:
    inner = part.get("message_content") if isinstance(part, dict) else None
    return isinstance(inner, dict) and inner.get("type") == "text"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _prompts(indexed: Mapping[str, JsonValue]) -> tuple[Message, ...]:
    return tuple(
        Message("user", text)
        for fields in by_index(indexed, "llm.prompts")
        if (text := text_of(fields.get("prompt.text")))
    )


def _choices(indexed: Mapping[str, JsonValue]) -> tuple[Message, ...]:
    texts = (text_of(fields.get("completion.text")) for fields in by_index(indexed, "llm.choices"))
    return tuple(Message("assistant", text) for text in texts if text)


def _read_indexed(span: Span, indexed: Mapping[str, JsonValue], raw: RawSpan, notes: list[Annotation]) -> None:
    names = "\n".join(("", *indexed))  # one search through the joined names rules out most of what may be there
    if "llm.tools.0.tool.json_schema" in indexed:
        span.tool_definitions = [read_json(tool.get("tool.json_schema")) for tool in by_index(indexed, "llm.tools")]
    for prefix in ("retrieval.documents", "reranker.output_documents", "output.documents"):
        if not span.documents and f"\n{prefix}." in names:
            span.documents = _documents(indexed, prefix)
    for prefix in ("reranker.input_documents", "input.documents"):
        if f"\n{prefix}." in names and (documents := by_index(indexed, prefix)):
            span.attributes[prefix] = [nest(fields) for fields in documents]
    if span.kind is not StepKind.LLM and span.inputs is None:
        messages = [nest(fields) for fields in by_index(indexed, "llm.input_messages")]
        span.inputs = messages or None
    if "evaluations." not in names and "annotations." not in names:
        return
    for subject in ("", "trace.", "session."):
        for word in ("evaluation", "annotation"):
            given = by_index(indexed, f"{subject}{word}s")
            notes.extend(filter(None, (_note(fields, word, None if subject else raw.span_id) for fields in given)))


def _documents(indexed: Mapping[str, JsonValue], prefix: str) -> tuple[Document, ...]:
    listed: list[JsonValue] = [
        nest({key.removeprefix("document."): value for key, value in fields.items()})
        for fields in by_index(indexed, prefix)
    ]
    return read_documents(listed)


def _note(fields: Mapping[str, JsonValue], word: str, span_id: str | None) -> Annotation | None:
    name = text_of(fields.get(f"{word}.name"))
    if name is None:
        return None
    kind = str(fields.get(f"{word}.annotator_kind")).upper()
    return Annotation(
        name,
        text_of(fields.get(f"{word}.label")),
        number_of(fields.get(f"{word}.score")),
        text_of(fields.get(f"{word}.explanation")),
        AnnotatorKind(kind) if kind in AnnotatorKind.__members__ else AnnotatorKind.CODE,
        span_id,
        text_of(fields.get(f"{word}.identifier")),
    )
