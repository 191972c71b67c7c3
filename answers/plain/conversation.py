"""A run in plain reading: who said what, and tool calls as sentences; made for people who do not read traces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...model.reading.turns import this_turn
from ...model.text.jsontext import parse_if_json
from ...model.traces import JsonValue, Message, Status, Step, StepKind, ToolCall, Trace
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
    earlier: bool = False
    """The run was only told of it: it was said or done in a turn before."""

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
    """What was said and done in a run, in order; what it was told of earlier turns is in `earlier.told`.

    A run that records no messages gives its first input and final answer.
    """
    known = _Recorded(trace.steps)
    turns = [turn for step in trace.steps for turn in _turns(step, known)]
    summary = trace.summary
    if summary.input and not any(turn.speaker is Speaker.PERSON for turn in turns):
        turns.insert(0, Turn(0, Speaker.PERSON, (Words(summary.input, limit=TURN_LIMIT),)))
    if summary.output and not any(turn.says for turn in turns):
        turns.append(Turn(len(trace.steps) - 1, Speaker.AGENT, (Words(summary.output, limit=TURN_LIMIT),)))
    return turns


class _Recorded:
    """The calls that have steps of their own, so that no message need tell of them."""

    def __init__(self, steps: Sequence[Step]) -> None:
        acts = [step for step in steps if step.kind in _ACTS]
        self._ids = {step.tool_call_id for step in acts if step.tool_call_id}
        self._tools = {step.tool for step in acts}
        self._asked = {call.id: call.name for step in steps for m in step.output_messages for call in m.tool_calls}

    def asks(self, call: ToolCall) -> bool:
        return call.id in self._ids or call.name in self._tools

    def shows(self, message: Message) -> bool:
        name = message.name or self._asked.get(message.tool_call_id)
        return message.tool_call_id in self._ids or name in self._tools


def _turns(step: Step, known: _Recorded) -> Iterator[Turn]:
    if step.kind in _ACTS:
        yield Turn(step.index, Speaker.ACT, tuple(_act(step)), searches=step.kind is StepKind.RETRIEVER)
    elif step.kind is StepKind.HUMAN:
        said = step.inputs if step.inputs not in (None, "") else step.outputs
        yield Turn(step.index, Speaker.PERSON, _value(said, TURN_LIMIT))
    elif step.input_messages or step.output_messages:
        instructions = [message for message in step.new_messages if message.role == "system"]
        own = [message for message in this_turn(step.new_messages) if message.role != "system"]
        for message in (*instructions, *own):
            yield from _heard(step, message, known)
        for message in step.output_messages:
            yield from _said(step, message, known)
        if step.error:
            failed = Words(f"The model call failed: {step.error.message}", Tone.ERROR)
            yield Turn(step.index, Speaker.ASIDE, (failed,))
    elif step.kind is StepKind.LLM:
        yield Turn(step.index, Speaker.AGENT, _value(step.outputs, TURN_LIMIT))
    elif step.kind is StepKind.GUARDRAIL:
        verdict = one_line(step.outputs)[:_SHORT] if step.outputs is not None else step.status.value
        words = Words(f"The check {step_name(step)} said: {verdict or step.status.value}", Tone.QUIET)
        yield Turn(step.index, Speaker.ASIDE, (words,))


def _heard(step: Step, message: Message, known: _Recorded) -> Iterator[Turn]:
    if message.role == "user" and message.content:
        yield Turn(step.index, Speaker.PERSON, (Words(message.content, limit=TURN_LIMIT),))
    elif message.role == "system" and message.content:
        words = Words(f"The agent was given instructions ({len(message.content):,} characters).", Tone.QUIET)
        yield Turn(step.index, Speaker.ASIDE, (words,), instructions=True)
    elif message.role == "tool" and not known.shows(message):
        yield Turn(step.index, Speaker.ACT, tuple(got(message)))


def _said(step: Step, message: Message, known: _Recorded) -> Iterator[Turn]:
    if message.content:
        yield Turn(step.index, Speaker.AGENT, (Words(message.content, limit=TURN_LIMIT),))
    for call in message.tool_calls:
        if not known.asks(call):
            yield Turn(step.index, Speaker.ACT, (Words("asks for "), *named(call)))


def named(call: ToolCall) -> Iterator[Words]:
    """A call that a message asks for, as part of a sentence."""
    yield Words(call.name, Tone.STRONG)
    yield from _with(call.arguments)


def got(message: Message) -> Iterator[Words]:
    """What came back, where only a message tells of it."""
    yield Words("and it fails: ", Tone.ERROR) if message.is_error else Words("and gets: ", Tone.QUIET)
    yield from _result(parse_if_json(message.content))


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
