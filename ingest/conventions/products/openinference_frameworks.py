"""What single frameworks mean by their spans under OpenInference: kinds, names of tools and agents, wrappers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ....model.traces import Fold, JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from ..names import is_part_of_framework, without_method
from ..reprs import is_object, quoted_after, scored_nodes, with_turns
from ..values import read_json, text_of

LANGCHAIN_PLUMBING = re.compile(
    r"Runnable(Sequence|Parallel|Assign|Passthrough|Map|Branch|WithFallbacks)\b.*|__start__"
)
"""Names of LangChain's spans that only hold others."""
_WRAPPERS = {
    "smolagents": re.compile(r"Step \d+"),
    "langchain": LANGCHAIN_PLUMBING,
    "openai_agents": re.compile("turn"),
}
_AGENTS = {
    "llama_index": re.compile(r"(\w*Agent|AgentWorkflow)\.run"),
    "dspy": re.compile(r"(ReAct|CodeAct)\.(a?forward|__call__|acall)"),
    "haystack": re.compile(r"Agent\.run(_async)?"),
}
_HOOKS = (".before_model", ".after_model", ".before_agent", ".after_agent")
"""Ends of the names of LangChain's middleware."""
_GUARDS = ("guard", "pii", "moderation", "safety")
_NAMED_BY_CLASS = frozenset({"llama_index", "haystack", "dspy", "crewai"})
"""Frameworks that name a span by class and method."""
_REACT_NODES = frozenset({"agent", "tools"})
"""Nodes of LangGraph's ready-made agent."""


def framework_of(raw: RawSpan) -> str | None:
    """The instrumented framework: `langchain`, `llama_index`, `crewai`, …"""
    start, _, name = raw.scope.rpartition(".")
    return name if start.startswith("openinference") else None


def kind_in_framework(raw: RawSpan, kind: StepKind, found: Mapping[str, JsonValue]) -> StepKind:
    """The kind, corrected where a framework's spans do not mean what they say."""
    framework = framework_of(raw)
    if framework == "openai_agents" and kind is StepKind.AGENT and raw.parent_span_id is None and "agent" not in found:
        return StepKind.CHAIN  # the root stands for the workflow and bears its name; the agents lie below it
    if framework == "langchain" and raw.name.endswith(_HOOKS):
        return StepKind.GUARDRAIL if any(word in raw.name.lower() for word in _GUARDS) else StepKind.CHAIN
    if framework == "langchain" and kind is StepKind.AGENT:
        return _langchain_kind(raw)
    if kind is StepKind.CHAIN and framework in _AGENTS and _AGENTS[framework].fullmatch(raw.name):
        return StepKind.AGENT
    if kind is StepKind.CHAIN and framework == "llama_index" and raw.name.endswith("postprocess_nodes"):
        return StepKind.RERANKER if "rerank" in raw.name.lower() else kind
    return kind


def _langchain_kind(raw: RawSpan) -> StepKind:
    """The kind of a run that counts as an agent only because its name has the word in it."""
    if "tool.name" in raw.attributes:
        return StepKind.TOOL
    if "llm.invocation_parameters" in raw.attributes:
        return StepKind.LLM
    if any(key.startswith("retrieval.documents.") for key in raw.attributes):
        return StepKind.RETRIEVER
    metadata = read_json(raw.attributes.get("metadata"))
    node = metadata.get("langgraph_node") if isinstance(metadata, dict) else None
    if raw.name == node:
        return StepKind.CHAIN if node == "agent" else StepKind.AGENT
    made = raw.attributes.get("output.value")
    routed = node is not None and isinstance(made, str) and not made.startswith("{")
    return StepKind.CHAIN if routed else StepKind.AGENT  # a router gives names of nodes, an agent its state


def fold_in_framework(span: Span, raw: RawSpan) -> Fold | None:
    """Whether a span is known as a wrapper by its name. A model call with usage is none, nor is a chain at the root."""
    framework = framework_of(raw)
    if framework == "langchain" and span.kind is StepKind.CHAIN and span.name.endswith(_HOOKS):
        return Fold.WRAPPER if span.outputs is None and span.error is None else None  # it changed nothing
    if span.parent_span_id is None or not _is_wrapper(framework, raw.name):
        return None
    if span.kind is StepKind.LLM:
        return None if span.usage else Fold.WRAPPER
    return Fold.WRAPPER if span.kind is StepKind.CHAIN else None


def _is_wrapper(framework: str | None, name: str) -> bool:
    if framework in _NAMED_BY_CLASS:
        return is_part_of_framework(name)
    pattern = _WRAPPERS.get(framework or "")
    return pattern is not None and pattern.fullmatch(name) is not None


def read_in_framework(span: Span, raw: RawSpan) -> None:
    """Put right what a framework says its own way of a span that has been read, whatever its kind."""
    framework = framework_of(raw)
    if framework in _NAMED_BY_CLASS and span.tool == raw.name:
        span.tool = without_method(raw.name)
    if framework == "langchain" and span.agent is None:
        span.agent = _agent_of_graph(span.attributes.get("metadata"))
    elif framework == "llama_index":
        _read_llama_index(span)
    elif framework == "haystack" and span.kind is StepKind.LLM:
        _fill_results(span, raw)


def _agent_of_graph(metadata: JsonValue) -> str | None:
    """The node that holds a ready-made agent, by the path of nodes: `desk:5f…|agent:2c…`."""
    if not isinstance(metadata, dict) or metadata.get("langgraph_node") not in _REACT_NODES:
        return None
    *_, holder, _ = ("", *str(metadata.get("langgraph_checkpoint_ns")).split("|"))
    return holder.partition(":")[0] or None


def _read_llama_index(span: Span) -> None:
    """Addresses of objects among arguments, nodes as reprs, and the agent whose turn an event tells of."""
    if not isinstance(span.inputs, dict):
        return
    if span.kind is StepKind.TOOL:
        span.inputs = {key: value for key, value in span.inputs.items() if not is_object(value)}
    elif span.kind is StepKind.RERANKER:
        span.documents = scored_nodes(span.outputs) or span.documents
    elif span.kind is StepKind.CHAIN and isinstance(turn := span.inputs.get("ev"), str):
        span.agent = span.agent or quoted_after(turn[turn.rfind("current_agent_name=") :], "current_agent_name=")


def _fill_results(span: Span, raw: RawSpan) -> None:
    """Tool results in a Haystack conversation, which only the reprs of its messages tell."""
    if not any(message.role == "tool" and not message.content for message in span.input_messages):
        return
    asked = with_turns(read_json(raw.attributes.get("input.value")))
    turns = asked.get("messages") if isinstance(asked, dict) else None
    if not isinstance(turns, list) or len(turns) != len(span.input_messages):
        return
    span.input_messages = tuple(
        replace(message, content=text_of(turn.get("content")) or "")
        if message.role == "tool" and not message.content and isinstance(turn, dict)
        else message
        for message, turn in zip(span.input_messages, turns, strict=True)
    )
