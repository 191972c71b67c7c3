"""Agents and roots of single frameworks under OpenInference: their names, and what was asked and answered."""

from __future__ import annotations

import re
from dataclasses import replace

from ....model.traces import JsonValue, Span, StepKind
from ...otlp.raw import RawSpan
from ..base import is_named_agent
from ..names import without_method
from ..reprs import quoted_after, with_turns
from ..values import read_json, text_of
from .openinference_frameworks import framework_of

_CREW_KICKOFF = re.compile(r"(.+)\.kickoff(_async|_for_each)?")
_COMMAND = {"graph", "update", "resume", "goto"}
_STEPS_OF_STREAM = ("ChatMessageStreamDelta(", "ActionStep(", "ToolCall(", "PlanningStep(")
_FINAL = "FinalAnswerStep(output="
_RUN_STATUS = "run status: "


def read_agent(span: Span, raw: RawSpan) -> None:
    """Name an agent, and give it the input and output that its framework hides in objects of its own."""
    if is_named_agent(span):
        span.kind = StepKind.AGENT
    if span.kind is StepKind.AGENT and span.agent is None:
        node = raw.attributes.get("graph.node.name") or raw.attributes.get("graph.node.id")
        span.agent = text_of(node) or without_method(raw.name)
    framework = framework_of(raw)
    if framework == "crewai":
        _read_crew(span, raw)
    elif framework == "llama_index" and isinstance(span.inputs, dict) and "init_state" in span.inputs:
        # The machine's state, and the answer in a repr that may be cut off; the model calls tell both.
        _keep(span, None, quoted_after(str(span.outputs), "TextBlock(block_type='text', text="))
    elif framework == "smolagents" and span.kind is StepKind.AGENT:
        _read_smolagents(span)
    elif framework == "agno" and span.error is not None and span.error.message.startswith(_RUN_STATUS):
        span.error, span.outputs = replace(span.error, message=text_of(span.outputs) or span.error.message), None
    elif framework == "langchain" and isinstance(span.inputs, dict) and span.inputs.keys() == _COMMAND:
        _keep(span, span.inputs["resume"] or span.inputs, span.outputs)
    elif framework == "haystack":
        _keep(span, _only_text(asked := with_turns(span.inputs)) or asked, with_turns(span.outputs))
    elif framework == "autogen_agentchat":
        _keep(span, with_turns(span.inputs), with_turns(span.outputs))


def _read_smolagents(span: Span) -> None:
    """The arguments of `run` as the task, and a stream of events as the answer it ends in."""
    asked, made = span.inputs, span.outputs
    task = asked.get("task") if isinstance(asked, dict) else None
    if isinstance(made, str) and made.startswith(_STEPS_OF_STREAM) and _FINAL in made:
        made = quoted_after(made[made.rindex(_FINAL) :], _FINAL) or made
    _keep(span, asked if task is None else task, made)


def _only_text(value: JsonValue) -> str | None:
    """The one question that all components of a Haystack pipeline are given, if there is but one text."""
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict) or not all(isinstance(given, dict) for given in data.values()):
        return None
    given = [item for fields in data.values() if isinstance(fields, dict) for item in fields.values()]
    texts = {item for item in given if isinstance(item, str)}
    return texts.pop() if len(texts) == 1 and not any(isinstance(item, dict | list) for item in given) else None


def _read_crew(span: Span, raw: RawSpan) -> None:
    """A crew's output is an object with the text under `raw`; what it was asked is in its tasks."""
    made = span.outputs
    answer = made.get("raw") if isinstance(made, dict) else None
    if span.kind is StepKind.AGENT:
        asked = made.get("description") if isinstance(made, dict) else None
        if asked is None and not (isinstance(span.inputs, dict) and "agent" in span.inputs):
            asked = span.inputs  # else its own settings, and nothing of the task
    elif _CREW_KICKOFF.fullmatch(raw.name):
        asked = read_json(raw.attributes.get("crew_inputs")) or _descriptions(raw) or span.inputs
    else:
        asked = span.inputs
    _keep(span, asked, answer if isinstance(answer, str) else made)


def _descriptions(raw: RawSpan) -> str | None:
    tasks = read_json(raw.attributes.get("crew_tasks"))
    texts = (
        [text_of(task.get("description")) for task in tasks if isinstance(task, dict)]
        if isinstance(tasks, list)
        else []
    )
    return "\n".join(filter(None, texts)) or None


def _keep(span: Span, inputs: JsonValue, outputs: JsonValue) -> None:
    """Show other values, and keep what they were made of among the attributes."""
    for name, value in (("inputs", inputs), ("outputs", outputs)):
        recorded = getattr(span, name)
        if recorded is not None and recorded != value:
            span.attributes[name] = recorded
        setattr(span, name, value)
