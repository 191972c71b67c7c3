"""OTel GenAI (`gen_ai.*`), current and older, and its dialects: pydantic-ai, ADK, Strands, AutoGen, SDK tracers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...store.models import Annotation, Fold, JsonValue, Message, Span, StepKind
from ..otlp.raw import RawSpan
from .base import begin, cost_of, fail, keep_events, spoken_input, spoken_output
from .documents import read_documents
from .events import DETAILS, EVENT_NAMES, Conversation
from .messages import last_text, read_messages, read_output
from .results import error_text, read_result
from .table import Sorted, Table, by_index, nest
from .usage import USAGE, usage_of
from .values import read_arguments, read_json, text_of, texts_of

OPERATIONS = {
    "chat": StepKind.LLM,
    "text_completion": StepKind.LLM,
    "completion": StepKind.LLM,
    "generate_content": StepKind.LLM,
    "responses": StepKind.LLM,
    "message": StepKind.LLM,
    "embeddings": StepKind.EMBEDDING,
    "embedding": StepKind.EMBEDDING,
    "retrieval": StepKind.RETRIEVER,
    "search_memory": StepKind.RETRIEVER,
    "rerank": StepKind.RERANKER,
    "execute_tool": StepKind.TOOL,
    "create_memory": StepKind.TOOL,
    "update_memory": StepKind.TOOL,
    "upsert_memory": StepKind.TOOL,
    "delete_memory": StepKind.TOOL,
    "create_memory_store": StepKind.TOOL,
    "delete_memory_store": StepKind.TOOL,
    "invoke_agent": StepKind.AGENT,
    "create_agent": StepKind.AGENT,
    "guardrail": StepKind.GUARDRAIL,
    "apply_guardrail": StepKind.GUARDRAIL,
    "evaluate": StepKind.EVALUATOR,
}
_WRAPPING = frozenset({"agent_step", "execute_event_loop_cycle"})
_FIELDS = {
    "operation": ("gen_ai.operation.name", "llm.request.type"),
    "input_messages": (
        "gen_ai.input.messages",
        "gen_ai.prompt",
        "gcp.vertex.agent.llm_request",
        "events",
        "request_data",
    ),
    "output_messages": (
        "gen_ai.output.messages",
        "gen_ai.completion",
        "gcp.vertex.agent.llm_response",
        "response_data",
    ),
    "history": ("pydantic_ai.all_messages", "all_messages_events"),
    "history_start": ("pydantic_ai.new_message_index",),
    "final": ("final_result",),
    "system": ("gen_ai.system_instructions",),
    "tools": ("gen_ai.tool.definitions",),
    "model": ("gen_ai.response.model", "gen_ai.request.model", "model_name"),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "response_id": ("gen_ai.response.id",),
    "finish": ("gen_ai.response.finish_reasons", "anthropic.message.stop_reason", "gen_ai.response.finish_reason"),
    "input_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    "cache_read": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cached_tokens",
    ),
    "cache_write": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
    ),
    "cost": ("operation.cost", "gen_ai.usage.cost", "gen_ai.cost.total_cost"),
    "tool": ("gen_ai.tool.name",),
    "call_id": ("gen_ai.tool.call.id",),
    "arguments": (
        "gen_ai.tool.call.arguments",
        "tool_arguments",
        "gcp.vertex.agent.tool_call_args",
        "gen_ai.tool.arguments",
        "gen_ai.tool.input",
    ),
    "result": (
        "gen_ai.tool.call.result",
        "tool_response",
        "gcp.vertex.agent.tool_response",
        "gen_ai.tool.result",
        "gen_ai.tool.output",
    ),
    "tool_status": ("gen_ai.tool.status",),
    "query": ("gen_ai.retrieval.query.text", "gen_ai.retrieval.query"),
    "documents": ("gen_ai.retrieval.documents",),
    "data_source": ("gen_ai.data_source.id",),
    "mcp": ("mcp.method.name",),
}
TABLE = Table(_FIELDS, ("gen_ai.prompt.", "gen_ai.completion.", "llm.request.functions.", "gen_ai.input.messages."))
_DIALECTS = (
    ("com.anthropic.sdk", "anthropic_sdk"),
    ("pydantic-ai", "pydantic_ai"),
    ("gcp.vertex.agent", "google_adk"),
    ("strands", "strands"),
    ("autogen", "autogen"),
    ("opentelemetry.instrumentation.genai", "otel_genai"),
    ("opentelemetry.util.genai", "otel_genai"),
    ("opentelemetry.instrumentation", "openllmetry"),
    ("logfire", "logfire"),
    ("langsmith", "langsmith"),
    ("ai", "vercel_ai"),
    ("gen_ai", "vercel_ai"),
)


def read(raw: RawSpan, notes: list[Annotation]) -> Span:
    """The span in normal form. Content may be on it, in its events, or come later in log records."""
    said = Conversation()
    values = raw.attributes
    if raw.events:
        values = _with_events(raw, said)
    attributes = TABLE.sort(values)
    found = attributes.found
    operation = str(found.get("operation") or "").lower()
    span = begin(raw, attributes, kind=_kind(operation, found), convention=_convention(raw.scope))
    span.provider, span.model = text_of(found.get("provider")), text_of(found.get("model"))
    span.response_id, span.tool_call_id = text_of(found.get("response_id")), text_of(found.get("call_id"))
    if span.kind is StepKind.LLM:
        _read_call(span, attributes, said)
    else:
        _read_other(span, attributes, said)
    if operation in _WRAPPING or found.get("tool") == "(merged tools)":
        span.fold = Fold.WRAPPER
    keep_events(span, raw, *EVENT_NAMES, DETAILS)
    return span


def _convention(scope: str) -> str:
    return next(
        (name for start, name in _DIALECTS if scope == start or scope.startswith((start + ".", start + "-"))),
        "otel_genai",
    )


def _kind(operation: str, found: Mapping[str, JsonValue]) -> StepKind:
    if kind := OPERATIONS.get(operation):
        return kind
    if "mcp" in found:
        return StepKind.TOOL if found["mcp"] == "tools/call" else StepKind.CHAIN
    if operation in _WRAPPING or operation in ("invoke_workflow", "plan", "chain", "workflow", "task"):
        return StepKind.CHAIN
    if "query" in found or "documents" in found:
        return StepKind.RETRIEVER
    if "history" in found or "final" in found:
        return StepKind.AGENT
    if "call_id" in found or "arguments" in found or "result" in found or "tool" in found:
        return StepKind.TOOL
    if "input_tokens" in found or "output_messages" in found or ("model" in found and "provider" in found):
        return StepKind.LLM
    return StepKind.AGENT if "agent" in found and not operation else StepKind.CHAIN


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
    attributes.put_back("history", "final")
    span.usage = usage_of(found)
    span.cost_usd = cost_of(found.get("cost"))
    span.finish_reason = next(iter(texts_of(found.get("finish"))), None) or said.finish_reason
    span.tool_definitions = read_json(found.get("tools")) or _functions(indexed)
    given = read_messages(found.get("input_messages"))
    answer = read_output(found.get("output_messages"))
    if not answer and given and attributes.keys.get("input_messages") == "events":
        given, answer = _split_events(given, found["input_messages"])
    if indexed and not (given and answer):
        given = given or _indexed_messages(indexed, "gen_ai.prompt", "user")
        answer = answer or _indexed_messages(indexed, "gen_ai.completion", "assistant")
    span.input_messages = _with_system(found.get("system"), given or tuple(said.inputs))
    span.output_messages = answer or tuple(said.outputs)


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
            tree["content"] = (
                read_json(tree.get("content")) if str(tree.get("content"))[:2] in ("[{", "[ ") else tree.get("content")
            )
            made.extend(read_messages([tree], role))
    return tuple(made)


def _read_other(span: Span, attributes: Sorted, said: Conversation) -> None:
    found = attributes.found
    attributes.put_back(*(USAGE if span.kind is not StepKind.EMBEDDING else ()), "cost", "finish", "system", "tools")
    if span.kind is StepKind.EMBEDDING:
        span.usage = usage_of(found)
    if span.kind is StepKind.TOOL:
        _read_tool(span, attributes, said)
    elif span.kind is StepKind.RETRIEVER:
        _read_retriever(span, attributes)
    elif span.kind is StepKind.AGENT:
        _read_agent(span, attributes, said)
    else:
        span.inputs = spoken_input(_first(found, "input_messages", "arguments"))
        span.outputs = spoken_output(_first(found, "output_messages", "result", "final"))
    if span.kind is not StepKind.AGENT:
        attributes.put_back("history")


def _first(found: Mapping[str, JsonValue], *names: str) -> JsonValue:
    return next((found[name] for name in names if name in found), None)


def _read_tool(span: Span, attributes: Sorted, said: Conversation) -> None:
    found = attributes.found
    span.tool = text_of(found.get("tool")) or _tool_name(span.name)
    span.model = span.provider = None
    span.inputs = read_arguments(_first(found, "arguments", "input_messages"))
    result = read_result(_first(found, "result", "output_messages"))
    span.outputs = result.value
    if span.inputs is None and said.inputs:
        span.inputs = read_arguments(said.inputs[-1].content)
    if span.outputs is None and said.outputs:
        span.outputs = read_json(said.outputs[-1].content)
    if found.get("tool_status") == "error" or result.is_error:
        fail(span, result.text)
    elif span.error is not None and span.error.message == span.error.type:
        # ADK marks a tool that returned {"status": "error", …} and leaves the reason in the result.
        span.error = replace(span.error, message=error_text(span.outputs) or span.error.message)


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
    if span.agent is None:
        name = span.name.removeprefix("invoke_agent").removeprefix("create_agent").removesuffix(" run").strip()
        span.agent = name or None
    if "input_messages" in found:
        span.inputs = spoken_input(found["input_messages"])
    elif history is not None:
        start = found.get("history_start")
        turns = read_messages(history[start:] if isinstance(history, list) and isinstance(start, int) else history)
        span.inputs = next((turn.content for turn in turns if turn.role == "user"), None)
    elif said.inputs:
        span.inputs = last_text(said.inputs, "user")
    if "final" in found:
        span.outputs = read_json(found["final"])
    elif "output_messages" in found:
        span.outputs = spoken_output(found["output_messages"])
    elif history is not None:
        span.outputs = last_text(read_messages(history), "assistant")
    elif said.outputs:
        span.outputs = last_text(said.outputs, "assistant")
    attributes.put_back("history", "history_start")
