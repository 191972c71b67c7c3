"""A recorded run up to the turn that is blamed: what the application had been told, and what it did by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...model.reading.turns import as_chat, this_turn, told_before
from ...model.traces import JsonValue, Message, Step, StepKind, Trace
from ..protocol import RunResult
from ..recorded import recorded_calls


@dataclass(frozen=True, slots=True)
class BlamedTurn:
    """The part of a run that a case repeats."""

    input: JsonValue
    """One text, or the conversation as messages that end with the person's; None where nothing was asked."""
    steps: tuple[Step, ...]
    """Every step up to the end of the turn; the whole run where no step is blamed."""
    run: RunResult


def blamed_turn(trace: Trace, step: Step | None, earlier: Sequence[Message] = ()) -> BlamedTurn:
    """Cut a run after the turn in which a step lies.

    A turn ends where a person speaks again. Model calls inside a tool call or of an agent under the first one are
    not the conversation with the person, so their messages do not count.

    Args:
        trace: The run.
        step: Where it went wrong; None for the whole run.
        earlier: What was said and shown in the turns of its session before it, where its own messages do not tell.
    """
    spoken = [entry for entry in trace.steps if _is_conversation(entry, trace.steps)]
    end = _end(trace, spoken, step)
    steps = trace.steps[:end]
    until = [entry for entry in spoken if entry.index < end]
    before = told_before(until) or tuple(earlier)
    told = list(_told(until, before))
    while told and told[-1].role == "assistant":
        told.pop()
    models = sum(entry.kind is StepKind.LLM for entry in steps)
    calls = recorded_calls(steps)
    return BlamedTurn(
        _input(before, told, trace), tuple(steps), RunResult(_output(trace, steps), calls, len(calls) + models)
    )


def _end(trace: Trace, spoken: Sequence[Step], step: Step | None) -> int:
    if step is not None:
        for entry in spoken:
            if entry.index > step.index and any(message.role == "user" for message in _heard(entry)):
                return entry.index
    return len(trace.steps)


def _told(spoken: Sequence[Step], before: Sequence[Message]) -> Iterator[Message]:
    said = {message.content for message in before if message.role == "assistant"}
    first = next((entry for entry in spoken if entry.kind is StepKind.LLM), None)
    for entry in spoken:
        heard = this_turn(_heard(entry)) if entry is first else _heard(entry)
        for message in (*heard, *(entry.output_messages if entry.kind is StepKind.LLM else ())):
            # A model's answer stands among its outputs, and again in what the next call is given.
            again = message.role == "assistant" and message.content in said
            if message.role in ("user", "assistant") and message.content and not again:
                if message.role == "assistant":
                    said.add(message.content)
                yield message


def _heard(step: Step) -> tuple[Message, ...]:
    if step.kind is StepKind.HUMAN:
        value = step.inputs if step.inputs not in (None, "") else step.outputs
        return (Message("user", value),) if isinstance(value, str) else ()
    return step.new_messages


def _input(before: Sequence[Message], told: Sequence[Message], trace: Trace) -> JsonValue:
    own = told or ([Message("user", trace.summary.input)] if trace.summary.input else [])
    if not before and len(own) <= 1:
        return own[0].content if own else None
    return as_chat((*before, *own))


def _output(trace: Trace, steps: Sequence[Step]) -> JsonValue:
    if len(steps) == len(trace.steps):
        return trace.summary.output
    texts = [m.content for step in steps if _is_conversation(step, trace.steps) for m in step.output_messages]
    return next((text for text in reversed(texts) if text), "")


def _is_conversation(step: Step, steps: Sequence[Step]) -> bool:
    if step.kind not in (StepKind.LLM, StepKind.HUMAN):
        return False
    agents, parent = 0, step.parent
    while parent is not None:
        above = steps[parent]
        if above.kind is StepKind.TOOL:
            return False
        agents += above.kind is StepKind.AGENT
        parent = above.parent
    return agents <= 1
