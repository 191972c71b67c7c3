"""The dialects: which keys each framework writes, after its sources and documentation as of November 2026."""

from __future__ import annotations

from collections.abc import Mapping

from ....model.traces import JsonValue, StepKind
from ...otlp.raw import RawSpan
from .dialects import Dialect

_MODEL_CALLS = ("llm_node", "llm_request", "llm_request_run", "realtime_assistant_turn")
_AGENTOPS_KINDS = ("agent", "tool", "task", "operation", "session", "workflow", "llm", "chain", "guardrail")


def _livekit_kind(raw: RawSpan, found: Mapping[str, JsonValue]) -> StepKind:
    """LiveKit names no kinds; its spans are told by what they hold."""
    if "tool" in found or "arguments" in found:
        return StepKind.TOOL
    if raw.name in _MODEL_CALLS or not found.keys().isdisjoint(("input", "calls", "tools", "usage")):
        return StepKind.LLM
    if raw.name == "user_turn" and "said" in found:
        return StepKind.HUMAN
    return StepKind.AGENT if "said" in found and "text" in found else StepKind.CHAIN


GENKIT = Dialect(
    "genkit",
    ("genkit:",),
    {
        "model": StepKind.LLM,
        "background-model": StepKind.LLM,
        "tool": StepKind.TOOL,
        "tool.v2": StepKind.TOOL,
        "agent": StepKind.AGENT,
        "retriever": StepKind.RETRIEVER,
        "reranker": StepKind.RERANKER,
        "embedder": StepKind.EMBEDDING,
        "evaluator": StepKind.EVALUATOR,
        "flow": StepKind.CHAIN,
        "util": StepKind.CHAIN,
    },
    {
        "kind": ("genkit:metadata:subtype", "genkit:type"),
        "name": ("genkit:name",),
        "input": ("genkit:input",),
        "output": ("genkit:output",),
        "state": ("genkit:state",),
        "error": ("genkit:error",),
        "session": ("genkit:sessionId",),
        "call_id": ("genkit:metadata:ref",),
    },
    wrappers=frozenset({"util"}),
    named_by_model=True,
)
LAMINAR = Dialect(
    "laminar",
    ("lmnr.",),
    {
        "llm": StepKind.LLM,
        "cached": StepKind.LLM,
        "tool": StepKind.TOOL,
        "evaluator": StepKind.EVALUATOR,
        "human_evaluator": StepKind.EVALUATOR,
        "default": StepKind.CHAIN,
        "executor": StepKind.CHAIN,
        "evaluation": StepKind.CHAIN,
    },
    {
        "kind": ("lmnr.span.type",),
        "input": ("lmnr.span.input",),
        "output": ("lmnr.span.output",),
        "call_id": ("lmnr.association.properties.metadata.tool_call_id",),
        "session": ("lmnr.association.properties.session_id",),
        "user": ("lmnr.association.properties.user_id",),
        "tags": ("lmnr.association.properties.tags",),
    },
)
LIVEKIT = Dialect(
    "livekit",
    ("lk.",),
    {},
    {
        "input": ("lk.chat_ctx", "lk.pii.chat_ctx"),
        "text": ("lk.response.text", "lk.pii.response.text"),
        "calls": ("lk.response.function_calls", "lk.pii.response.function_calls"),
        "tools": ("lk.function_tools",),
        "usage": ("lk.llm_metrics",),
        "tool": ("lk.function_tool.name",),
        "call_id": ("lk.function_tool.id",),
        "arguments": ("lk.function_tool.arguments", "lk.pii.function_tool.arguments"),
        "result": ("lk.function_tool.output", "lk.pii.function_tool.output"),
        "is_error": ("lk.function_tool.is_error",),
        "said": ("lk.user_transcript", "lk.pii.user_transcript", "lk.user_input", "lk.pii.user_input"),
        "agent": ("lk.agent_name", "lk.agent_label"),
        "user": ("lk.participant_identity",),
        "session": ("lk.session_id", "lk.room_name"),
    },
    _livekit_kind,
)
AGENTOPS = Dialect(
    "agentops",
    ("agentops.",),
    {
        "agent": StepKind.AGENT,
        "llm": StepKind.LLM,
        "tool": StepKind.TOOL,
        "guardrail": StepKind.GUARDRAIL,
        "session": StepKind.CHAIN,
        "workflow": StepKind.CHAIN,
        "task": StepKind.CHAIN,
        "operation": StepKind.CHAIN,
        "chain": StepKind.CHAIN,
    },
    {
        "kind": ("agentops.span.kind",),
        "name": ("agentops.entity.name", "operation.name"),
        "input": ("agentops.entity.input", *(f"agentops.{kind}.input" for kind in _AGENTOPS_KINDS), "input.value"),
        "output": ("agentops.entity.output", *(f"agentops.{kind}.output" for kind in _AGENTOPS_KINDS), "output.value"),
        "tool": ("tool.name", "gen_ai.tool.name"),
        "call_id": ("tool.call_id", "gen_ai.tool.call.id"),
        "arguments": ("tool.parameters", "tool.arguments", "gen_ai.tool.call.arguments"),
        "result": ("tool.result", "tool.output", "gen_ai.tool.call.result"),
        "state": ("tool.status",),
        "session": ("agentops.session_id", "agentops.session.id"),
        "tags": ("agentops.tags", "core.tags"),
    },
)
SPRING_AI = Dialect(
    "spring_ai",
    ("spring.ai.",),
    {
        "tool_call": StepKind.TOOL,
        "vector_store": StepKind.RETRIEVER,
        "chat_client": StepKind.CHAIN,
        "advisor": StepKind.CHAIN,
        "agent": StepKind.AGENT,
    },
    {
        "kind": ("spring.ai.kind",),
        "input": (
            "spring.ai.chat.client.input",
            "spring.ai.chat.client.user.text",
            "spring.ai.model.request.messages",
            "db.vector.query.content",
        ),
        "output": (
            "spring.ai.chat.client.output",
            "spring.ai.model.response.messages",
            "db.vector.query.response.documents",
        ),
        "tool": ("spring.ai.tool.definition.name", "db.collection.name"),
        "call_id": ("spring.ai.tool.call.id",),
        "arguments": ("spring.ai.tool.call.arguments",),
        "result": ("spring.ai.tool.call.result",),
        "session": ("spring.ai.chat.client.conversation.id",),
    },
    wrappers=frozenset({"advisor"}),
)
DIALECTS: tuple[Dialect, ...] = (GENKIT, LAMINAR, LIVEKIT, AGENTOPS, SPRING_AI)
_MARKERS = tuple(marker for dialect in DIALECTS for marker in dialect.markers)


def dialect_of(raw: RawSpan) -> Dialect | None:
    """The framework whose own keys tell what a span is; None where they only say whose it is."""
    keys = [key for key in raw.attributes if key.startswith(_MARKERS)]
    if not keys:
        return None
    for dialect in DIALECTS:
        if any(key.startswith(dialect.markers) for key in keys) and (
            dialect.kind_of is not None or any(key in raw.attributes for key in dialect.fields["kind"])
        ):
            return dialect
    return None
