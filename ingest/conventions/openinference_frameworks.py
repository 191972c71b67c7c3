"""What single frameworks do their own way under OpenInference: wrappers, roots, agents and machine state."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...store.models import Fold, JsonValue, Span, StepKind
from ..otlp.raw import RawSpan
from .base import is_named_agent
from .values import read_json, text_of

LANGCHAIN_PLUMBING = re.compile(
    r"Runnable(Sequence|Parallel|Assign|Passthrough|Map|Branch|WithFallbacks)\b.*|__start__"
)
"""Names of LangChain's spans that only hold others."""
_WRAPPERS = {
    "smolagents": re.compile(r"Step \d+"),
    "llama_index": re.compile(r"BaseWorkflowAgent\..*|.*\._prepare_chat_with_tools|AgentWorkflow\.(?!run$).*"),
    "langchain": LANGCHAIN_PLUMBING,
    "openai_agents": re.compile("turn"),
}
_LLAMA_AGENT = re.compile(r"(\w*Agent|AgentWorkflow)\.run")
_CREW_KICKOFF = re.compile(r"(.+)\.kickoff(_async|_for_each)?")
_METHOD = re.compile(r"\.(run|arun|kickoff|execute_task|_execute_core|__call__)$")


def framework_of(raw: RawSpan) -> str | None:
    """The instrumented framework: `langchain`, `llama_index`, `crewai`, …"""
    start, _, name = raw.scope.rpartition(".")
    return name if start.startswith("openinference") else None


def kind_in_framework(raw: RawSpan, kind: StepKind, found: Mapping[str, JsonValue]) -> StepKind:
    """The kind, corrected where a framework's spans do not mean what they say."""
    framework = framework_of(raw)
    if framework == "openai_agents" and kind is StepKind.AGENT and raw.parent_span_id is None and "agent" not in found:
        return StepKind.CHAIN  # the root stands for the workflow and bears its name; the agents lie below it
    if framework == "llama_index" and kind is StepKind.CHAIN and _LLAMA_AGENT.fullmatch(raw.name):
        return StepKind.AGENT
    return kind


def fold_in_framework(span: Span, raw: RawSpan) -> Fold | None:
    """Whether a span is known as a wrapper by its name. A model call with usage is none, nor is a chain at the root."""
    pattern = _WRAPPERS.get(framework_of(raw) or "")
    if pattern is None or span.parent_span_id is None or not pattern.fullmatch(raw.name):
        return None
    if span.kind is StepKind.LLM:
        return None if span.usage else Fold.WRAPPER
    return Fold.WRAPPER if span.kind is StepKind.CHAIN else None


def read_agent(span: Span, raw: RawSpan) -> None:
    """Name an agent, and give it the input and output that its framework hides in objects of its own."""
    if is_named_agent(span):
        span.kind = StepKind.AGENT
    if span.kind is StepKind.AGENT and span.agent is None:
        node = raw.attributes.get("graph.node.name") or raw.attributes.get("graph.node.id")
        span.agent = text_of(node) or _METHOD.sub("", raw.name)
    framework = framework_of(raw)
    if framework == "crewai":
        _read_crew(span, raw)
    elif framework == "llama_index" and isinstance(span.inputs, dict) and "init_state" in span.inputs:
        # The machine's state, and the answer as a cut-off repr; the model calls tell both.
        _keep(span, None, None)


def _read_crew(span: Span, raw: RawSpan) -> None:
    """A crew's output is an object with the text under `raw`; what it was asked is in its tasks."""
    made = span.outputs
    if not isinstance(made, dict) or not isinstance(made.get("raw"), str):
        return
    if span.kind is StepKind.AGENT:
        asked = made.get("description") or span.inputs
    elif _CREW_KICKOFF.fullmatch(raw.name):
        asked = read_json(raw.attributes.get("crew_inputs")) or _descriptions(raw) or span.inputs
    else:
        asked = span.inputs
    _keep(span, asked, made["raw"])


def _descriptions(raw: RawSpan) -> str | None:
    tasks = read_json(raw.attributes.get("crew_tasks"))
    texts = (
        [text_of(task.get("description")) for task in tasks if isinstance(task, dict)]
        if isinstance(tasks, list)
        else []
    )
    return "\n".join(filter(None, texts)) or None


def _keep(span: Span, inputs: JsonValue, outputs: JsonValue) -> None:
    if span.inputs is not None and span.inputs != inputs:
        span.attributes["inputs"] = span.inputs
    if span.outputs is not None:
        span.attributes["outputs"] = span.outputs
    span.inputs, span.outputs = inputs, outputs
