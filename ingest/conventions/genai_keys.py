"""The keys of OTel GenAI and its dialects, and what a span is by its operation, scope and keys."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.traces import JsonValue, StepKind
from .attributes import Table

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
WRAPPING = frozenset({"agent_step", "execute_event_loop_cycle"})
FIELDS = {
    "operation": ("gen_ai.operation.name", "llm.request.type", "sentry.op"),
    "input_messages": (
        "gen_ai.input.messages",
        "gen_ai.request.messages",
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
    "output_text": ("gen_ai.response.text",),
    "output_calls": ("gen_ai.response.tool_calls",),
    "history": ("pydantic_ai.all_messages", "all_messages_events"),
    "history_start": ("pydantic_ai.new_message_index",),
    "final": ("final_result",),
    "system": ("gen_ai.system_instructions",),
    "tools": ("gen_ai.tool.definitions", "gen_ai.request.available_tools"),
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
        "gen_ai.usage.input_tokens.cached",
    ),
    "cache_write": (
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.input_tokens.cache_write",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
        "gen_ai.usage.output_tokens.reasoning",
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
        "code.function.return.value",
    ),
    "tool_status": ("gen_ai.tool.status", "tool.status"),
    "query": ("gen_ai.retrieval.query.text", "gen_ai.retrieval.query"),
    "documents": ("gen_ai.retrieval.documents",),
    "data_source": ("gen_ai.data_source.id",),
    "mcp": ("mcp.method.name",),
}
PARAMETERS = "code.function.parameters."
"""What Google's SDK gave a function that it called by itself: a value and a type for each name."""
TABLE = Table(
    FIELDS,
    ("gen_ai.prompt.", "gen_ai.completion.", "llm.request.functions.", "gen_ai.input.messages.", PARAMETERS),
)
_DIALECTS = (
    ("com.anthropic.sdk", "anthropic_sdk"),
    ("pydantic-ai", "pydantic_ai"),
    ("gcp.vertex.agent", "google_adk"),
    ("strands", "strands"),
    ("autogen", "autogen"),
    ("agent_framework", "agent_framework"),
    ("semantic_kernel", "semantic_kernel"),
    ("opentelemetry.instrumentation.genai", "otel_genai"),
    ("opentelemetry.util.genai", "otel_genai"),
    ("opentelemetry.instrumentation", "openllmetry"),
    ("logfire", "logfire"),
    ("langsmith", "langsmith"),
    ("ai", "vercel_ai"),
    ("gen_ai", "vercel_ai"),
)
UNUSED = {
    StepKind.LLM: ("history", "final", "arguments", "result", "query", "documents", "data_source", "tool", "call_id"),
    StepKind.AGENT: ("finish", "system", "tools", "cost", "arguments", "result", "query", "documents", "response_id"),
    StepKind.TOOL: ("finish", "system", "tools", "cost", "history", "final", "model", "provider", "query", "documents"),
}
"""Fields that a kind of step does not hold; they stay attributes."""
_UNUSED_ELSEWHERE = ("finish", "system", "tools", "cost", "history", "final", "call_id", "response_id")


def unused_by(kind: StepKind) -> tuple[str, ...]:
    """Fields to put back for a kind of step."""
    return UNUSED.get(kind, _UNUSED_ELSEWHERE)


def framework_of(scope: str) -> str | None:
    """The agent framework that records its own works under a scope; None for a person's marks and other recorders."""
    found = convention_of(scope)
    return None if found in ("otel_genai", "openllmetry", "logfire") else found


def convention_of(scope: str) -> str:
    """The dialect that an instrumentation scope speaks."""
    return next(
        (name for start, name in _DIALECTS if scope == start or scope.startswith((start + ".", start + "-"))),
        "otel_genai",
    )


def kind_of(operation: str, found: Mapping[str, JsonValue]) -> StepKind:
    """What a span does: by its operation, else by the keys that only such spans carry."""
    operation = operation.removeprefix("gen_ai.")  # Sentry's `op` of a span
    if kind := OPERATIONS.get(operation):
        return kind
    if "mcp" in found:
        return StepKind.TOOL if found["mcp"] == "tools/call" else StepKind.CHAIN
    if operation in WRAPPING or operation in ("invoke_workflow", "plan", "chain", "workflow", "task"):
        return StepKind.CHAIN
    if "query" in found or "documents" in found:
        return StepKind.RETRIEVER
    if "history" in found or "final" in found:
        return StepKind.AGENT
    if "call_id" in found or "arguments" in found or "result" in found or "tool" in found:
        return StepKind.TOOL
    answered = "output_messages" in found or "output_text" in found or "output_calls" in found
    if "input_tokens" in found or answered or ("model" in found and "provider" in found):
        return StepKind.LLM
    return StepKind.AGENT if "agent" in found and not operation else StepKind.CHAIN
