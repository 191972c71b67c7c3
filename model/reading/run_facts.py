"""What a whole run was: its input, final answer, status, outcome, task, usage, and the fingerprints of its set-up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import Any

from ..text.jsontext import canonical
from ..traces import (
    Annotation,
    AnnotatorKind,
    JsonValue,
    Outcome,
    OutcomeSource,
    Span,
    Status,
    Step,
    StepKind,
    TraceFacts,
    Usage,
)
from .calls import answer_by_tool
from .fields import FieldRule, RunFields, mapped, recognised, run_values, short_text
from .scores import said_by
from .unwrapping import main_text

_MODEL_CALLS = (StepKind.LLM, StepKind.EMBEDDING, StepKind.RERANKER)
_MOST_VALUES = 600
_HEAD = 100
_LOOK_UPS = (StepKind.RETRIEVER, StepKind.RERANKER, StepKind.TOOL)
_FEEDBACK = re.compile(r"feedback|thumb|rating|csat|complain", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The fields of a `TraceSummary` that follow from its spans and facts, plus fingerprints."""

    status: Status
    outcome: Outcome
    outcome_source: OutcomeSource
    task: str | None
    task_declared: bool
    run_id: str | None
    session: str | None
    user: str | None
    version: str | None
    environment: str | None
    agents: tuple[str, ...]
    models: tuple[str, ...]
    tags: tuple[str, ...]
    started_at_ns: int | None
    duration_ms: float | None
    input: str
    output: str
    usage: Usage
    cost_usd: float | None
    metadata: Mapping[str, JsonValue]
    tools: tuple[str, ...]
    prompt_fingerprint: str | None
    tools_fingerprint: str | None
    values: Sequence[tuple[str, str]]
    """Attributes and their short values, those of the run first; the same pair once."""

    def as_fields(self) -> dict[str, Any]:
        """The part that `TraceSummary` has."""
        own = {"tools", "values", "prompt_fingerprint", "tools_fingerprint"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in own}


def summarise(
    steps: Sequence[Step], spans: Sequence[Span], facts: TraceFacts, rules: Sequence[FieldRule] = ()
) -> RunFacts:
    """The run as one row.

    Usage sums model calls only, since agents and chains repeat the sum of their children. Session, user, version and
    environment are inherited over the trace from the first span that has them. What a person has mapped by `rules`
    comes first, but for a mark of this very run; then what was said of the run; what common names say fills gaps.
    """
    starts = [s.started_at_ns for s in spans if s.started_at_ns is not None]
    ends = [s.ended_at_ns for s in spans if s.ended_at_ns is not None]
    calls = [step for step in steps if step.kind in _MODEL_CALLS]
    costs = [step.cost_usd for step in calls if step.cost_usd is not None]
    text_in = _run_input(steps)
    tags = _distinct((*facts.tags, *(tag for span in spans for tag in span.tags)))
    values = run_values(first_spans(spans), facts)
    by_map, by_name = mapped(values, rules, spans), recognised(values, tags)

    def of(name: str) -> str | None:
        return _field(name, spans, facts, by_map, *by_name)

    task = of("task")
    outcome, source = _outcome(_of_the_run(facts, steps), by_map, by_name[0])
    return RunFacts(
        status=_run_status(steps, bool(starts)),
        outcome=outcome,
        outcome_source=source,
        task=task or _task_fingerprint(steps, text_in),
        task_declared=task is not None,
        run_id=by_map.run or by_name[0].run,
        session=of("session"),
        user=of("user"),
        version=of("version"),
        environment=of("environment"),
        agents=_distinct(step.agent for step in steps),
        models=_distinct(step.model for step in calls),
        tags=tags,
        started_at_ns=min(starts, default=None),
        duration_ms=max(max(ends) - min(starts), 0) / 1e6 if starts and ends else None,
        input=text_in,
        output=_run_output(steps),
        usage=sum((step.usage for step in calls if step.usage), Usage()),
        cost_usd=sum(costs) if costs else None,
        metadata=facts.metadata or {},
        values=_all_values(spans, values),
        tools=_distinct(name for step in steps for name in _tools(step)),
        prompt_fingerprint=_prompt_fingerprint(steps),
        tools_fingerprint=_tools_fingerprint(spans),
    )


def first_spans(spans: Sequence[Span]) -> list[Span]:
    """The spans with which a run begins: without a parent, or with one that is not of this trace."""
    known = {span.span_id for span in spans}
    return [span for span in spans if span.parent_span_id is None or span.parent_span_id not in known]


def _field(
    name: str,
    spans: Sequence[Span],
    facts: TraceFacts,
    by_map: RunFields,
    by_name: RunFields,
    plain: frozenset[str],
) -> str | None:
    """A field of the run by the strongest that says it: a mark, a mapping, the record, its spans, a common name."""
    said, named = getattr(facts, name), getattr(by_name, name)
    on_spans = _said(spans, name)
    told = (said if name in facts.marked else None, getattr(by_map, name), said)
    rest = (named, on_spans) if name in plain else (on_spans, named)
    return next((value for value in (*told, *rest) if value), None)


def _outcome(facts: TraceFacts, by_map: RunFields, by_name: RunFields) -> tuple[Outcome, OutcomeSource]:
    if by_map.outcome is not None and "outcome" not in facts.marked:
        return by_map.outcome, OutcomeSource.FIELD
    outcome, source = run_outcome(facts)
    if by_name.outcome is not None and source in (OutcomeSource.NONE, OutcomeSource.FEEDBACK):
        return by_name.outcome, OutcomeSource.FIELD
    return outcome, source


def _beginning(value: JsonValue) -> str | None:
    """The head of a text that is too long to be a value, so that its attribute is found at least."""
    return " ".join(value.split())[:_HEAD] + "…" if isinstance(value, str) and value.strip() else None


def _all_values(spans: Sequence[Span], of_run: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What attributes can be found by: the values of the run, then the plain ones of all spans, at most so many."""
    found = dict.fromkeys(of_run.items())
    for span in spans:
        for name, value in span.attributes.items():
            if (text := short_text(value) or _beginning(value)) is not None:
                found[name, text] = None
                if len(found) >= _MOST_VALUES:
                    return tuple(found)
    return tuple(found)


def _said(spans: Sequence[Span], name: str) -> str | None:
    return next((value for span in spans if (value := getattr(span, name))), None)


def _distinct(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _roots(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step.parent is None]


def _run_status(steps: Sequence[Step], timed: bool) -> Status:
    """The root's word counts: a tool error that the run handled is no failed run."""
    root = next((s for s in _roots(steps) if s.kind in (StepKind.AGENT, StepKind.CHAIN, StepKind.LLM)), None)
    if root is not None and root.status is Status.ERROR:
        return Status.ERROR
    last_call = next((s for s in reversed(steps) if s.kind is StepKind.LLM), None)
    if last_call is not None and last_call.status is Status.ERROR:
        return Status.ERROR
    return Status.OK if timed else Status.UNSET


def _run_input(steps: Sequence[Step]) -> str:
    roots = _roots(steps)
    for step in roots:
        if step.kind is StepKind.HUMAN and (text := _human_text(step)):
            return text
    for step in roots:
        if step.kind in (StepKind.AGENT, StepKind.CHAIN) and (text := main_text(step.inputs, "user")):
            return text
    for step in steps:
        for message in reversed(step.input_messages):
            if message.role == "user" and message.content:
                return message.content
    return next((text for step in roots if step.kind in _LOOK_UPS and (text := main_text(step.inputs, "user"))), "")


def _human_text(step: Step) -> str:
    return main_text(step.outputs, "user") or main_text(step.inputs, "user")


def _run_output(steps: Sequence[Step]) -> str:
    for step in _roots(steps):
        if step.kind in (StepKind.AGENT, StepKind.CHAIN) and (text := main_text(step.outputs, "assistant")):
            return text
    for step in reversed(steps):
        if step.kind is StepKind.LLM:
            last = step.output_messages[-1] if step.output_messages else None
            if last is None or not last.tool_calls:
                return last.content if last is not None else ""
            return answer_by_tool(step.output_messages, step.attributes) or ""
    return ""


def _tools(step: Step) -> Iterable[str | None]:
    """What a step called or asked to call; a call that never ran has no step of its own."""
    return (step.tool, *(call.name for message in step.output_messages for call in message.tool_calls))


def _task_fingerprint(steps: Sequence[Step], text_in: str) -> str | None:
    """Runs of one request share it: entry point and first input, blanks and case folded."""
    if not text_in:
        return None
    entry = next((step.agent or step.name for step in _roots(steps) if step.kind is not StepKind.HUMAN), "")
    folded = " ".join(text_in.lower().split())
    return "auto-" + blake2b(f"{entry}\n{folded}".encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _prompt_fingerprint(steps: Sequence[Step]) -> str | None:
    prompts = _distinct(
        m.content for s in steps if s.kind is StepKind.LLM for m in s.input_messages if m.role == "system"
    )
    return _fingerprint(list(prompts)) if prompts else None


def _tools_fingerprint(spans: Sequence[Span]) -> str | None:
    schemas = {canonical(span.tool_definitions) for span in spans if span.tool_definitions is not None}
    return _fingerprint([schema.decode() for schema in sorted(schemas)]) if schemas else None


def _fingerprint(value: JsonValue) -> str:
    return blake2b(canonical(value), digest_size=6).hexdigest()


def _of_the_run(facts: TraceFacts, steps: Sequence[Step]) -> TraceFacts:
    """Without judgements of what was looked up: an irrelevant passage is no failed run."""
    parts = {step.span_id for step in steps if step.kind in _LOOK_UPS and step.parent is not None}
    if parts.isdisjoint(note.span_id for note in facts.annotations):
        return facts
    return replace(facts, annotations=tuple(note for note in facts.annotations if note.span_id not in parts))


def run_outcome(facts: TraceFacts) -> tuple[Outcome, OutcomeSource]:
    """Pass or fail by the strongest that was said: evaluation, a mark, the import's field, user feedback.

    A human verdict is stronger than all of these and is laid over the row by the review queries.
    """
    evaluations = [a for a in facts.annotations if not _is_feedback(a)]
    feedback = [a for a in facts.annotations if _is_feedback(a)]
    if (outcome := _judged(evaluations)) is not None:
        return outcome, OutcomeSource.EVALUATION
    if facts.outcome is not None and facts.outcome is not Outcome.UNKNOWN:
        return facts.outcome, facts.outcome_source
    if (outcome := _judged(feedback)) is not None:
        return outcome, OutcomeSource.FEEDBACK
    return Outcome.UNKNOWN, OutcomeSource.NONE


def _is_feedback(annotation: Annotation) -> bool:
    return annotation.annotator_kind is AnnotatorKind.HUMAN and bool(_FEEDBACK.search(annotation.name))


def _judged(annotations: Sequence[Annotation]) -> Outcome | None:
    """What people said, else what models and code said: fail if any says fail, else pass if any says pass."""
    for by_people in (True, False):
        said = {said_by(note) for note in annotations if (note.annotator_kind is AnnotatorKind.HUMAN) is by_people}
        if said & {Outcome.FAIL, Outcome.PASS}:
            return Outcome.FAIL if Outcome.FAIL in said else Outcome.PASS
    return None
