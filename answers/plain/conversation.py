"""A run in plain reading: who said what, and tool calls as sentences; made for people who do not read traces."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ...model.traces import JsonValue, Message, Status, Step, StepKind, Trace
from .words import Tone, Words, laid_out, one_line, scalar_text, step_name

TURN_LIMIT = 3_000
"""Characters of one turn that are shown at once."""
RESULT_LIMIT = 1_200
_SHORT = 200
_ACTS = (StepKind.TOOL, StepKind.RETRIEVER)
_FEW = 12


class Speaker(StrEnum):
    """Whose turn it is."""

    PERSON = "person"
    AGENT = "agent"
    ACT = "act"
    """The agent does something: a tool, a search."""
    ASIDE = "aside"
    """Nobody's words: instructions, checks, a failed model call."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said or done."""

    step: int
    speaker: Speaker
    words: tuple[Words, ...]
    searches: bool = False
    """The agent looks something up."""
    instructions: bool = False
    """It tells that instructions were given; the step itself holds them."""

    @property
    def says(self) -> bool:
        """Whether the agent speaks here."""
        return self.speaker is Speaker.AGENT

    @property
    def acts(self) -> bool:
        """Whether the agent says or does something here."""
        return self.speaker in (Speaker.AGENT, Speaker.ACT)

    @property
    def text(self) -> str:
        """All words, without their tones and limits."""
        return "".join(part.text for part in self.words)


def conversation(trace: Trace) -> list[Turn]:
    """The turns of a run in order. A run that records no messages gives its first input and final answer."""
    recorded = {step.tool_call_id for step in trace.steps if step.kind in _ACTS and step.tool_call_id}
    tools = {step.tool for step in trace.steps if step.kind in _ACTS}
    turns = [turn for step in trace.steps for turn in _turns(step, recorded, tools)]
    summary = trace.summary
    if summary.input and not any(turn.speaker is Speaker.PERSON for turn in turns):
        turns.insert(0, Turn(0, Speaker.PERSON, (Words(summary.input, limit=TURN_LIMIT),)))
    if summary.output and not any(turn.says for turn in turns):
        turns.append(Turn(len(trace.steps) - 1, Speaker.AGENT, (Words(summary.output, limit=TURN_LIMIT),)))
    return turns


def _turns(step: Step, recorded: Collection[str], tools: Collection[str | None]) -> Iterator[Turn]:
    if step.kind in _ACTS:
        yield Turn(step.index, Speaker.ACT, tuple(_act(step)), searches=step.kind is StepKind.RETRIEVER)
    elif step.kind is StepKind.HUMAN:
        said = step.inputs if step.inputs not in (None, "") else step.outputs
        yield Turn(step.index, Speaker.PERSON, _value(said, TURN_LIMIT))
    elif step.input_messages or step.output_messages:
        for message in step.new_messages:
            yield from _heard(step, message)
        for message in step.output_messages:
            yield from _said(step, message, recorded, tools)
        if step.error:
            failed = Words(f"The model call failed: {step.error.message}", Tone.ERROR)
            yield Turn(step.index, Speaker.ASIDE, (failed,))
    elif step.kind is StepKind.LLM:
        yield Turn(step.index, Speaker.AGENT, _value(step.outputs, TURN_LIMIT))
    elif step.kind is StepKind.GUARDRAIL:
        verdict = one_line(step.outputs)[:_SHORT] if step.outputs is not None else step.status.value
        words = Words(f"The check {step_name(step)} said: {verdict or step.status.value}", Tone.QUIET)
        yield Turn(step.index, Speaker.ASIDE, (words,))


def _heard(step: Step, message: Message) -> Iterator[Turn]:
    if message.role == "user" and message.content:
        yield Turn(step.index, Speaker.PERSON, (Words(message.content, limit=TURN_LIMIT),))
    elif message.role == "system" and message.content:
        words = Words(f"The agent was given instructions ({len(message.content):,} characters).", Tone.QUIET)
        yield Turn(step.index, Speaker.ASIDE, (words,), instructions=True)


def _said(step: Step, message: Message, recorded: Collection[str], tools: Collection[str | None]) -> Iterator[Turn]:
    if message.content:
        yield Turn(step.index, Speaker.AGENT, (Words(message.content, limit=TURN_LIMIT),))
    for call in message.tool_calls:
        if call.id not in recorded and call.name not in tools:
            words = (Words("asks for "), Words(call.name, Tone.STRONG), *_with(call.arguments))
            yield Turn(step.index, Speaker.ACT, words)


def _act(step: Step) -> Iterator[Words]:
    yield Words("searches with " if step.kind is StepKind.RETRIEVER else "uses ")
    yield Words(step_name(step), Tone.STRONG)
    yield from _with(step.inputs)
    if step.error or step.status is Status.ERROR:
        yield Words("\nand it fails: ", Tone.ERROR)
        yield Words(step.error.message if step.error else one_line(step.outputs), limit=RESULT_LIMIT)
    elif step.documents:
        yield Words("\nand finds:", Tone.QUIET)
        for number, document in enumerate(step.documents, 1):
            yield Words(f"\n{number}. ", Tone.QUIET)
            yield Words(document.content, limit=RESULT_LIMIT)
    else:
        yield Words("\nand gets: ", Tone.QUIET)
        yield from _result(step.outputs)


def _result(value: JsonValue) -> Iterator[Words]:
    if isinstance(value, dict | list) and value:
        yield Words("\n")
        yield Words(laid_out(value), limit=RESULT_LIMIT)
    else:
        yield from _value(value, RESULT_LIMIT)


def _value(value: JsonValue, limit: int) -> tuple[Words, ...]:
    if isinstance(value, dict) and 0 < len(value) <= _FEW:
        return (Words(laid_out(value), limit=limit),)
    return (Words(value if isinstance(value, str) else scalar_text(value), limit=limit),)


def _with(arguments: JsonValue) -> Iterator[Words]:
    words = one_line(arguments) if arguments not in (None, "", {}, []) else ""
    if words:
        yield Words(" with ", Tone.QUIET)
        yield Words(words, limit=RESULT_LIMIT)
