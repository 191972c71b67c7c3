"""A run in plain reading: who said what, and tool calls as sentences; made for people who do not read traces."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from textual.content import Content

from ..model.traces import JsonValue, Message, Status, Step, StepKind, Trace
from .gate import joined, lines, shown
from .step_text import step_name
from .values import bounded, one_line, plain_content, value_content
from .widgets.block_view import Block

_TURN = 3_000
"""Characters of one turn; the step's own page has the rest."""
_RESULT = 1_200
_PERSON, _AGENT, _ACT, _ASIDE = "Person", "Agent", "Act", "Aside"
_STYLES = {_PERSON: "bold $primary", _AGENT: "bold $success", _ACT: "bold $accent", _ASIDE: "$quiet"}
_ACTS = (StepKind.TOOL, StepKind.RETRIEVER)


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said or done."""

    step: int
    speaker: str
    body: Content

    @property
    def says(self) -> bool:
        """Whether the agent speaks here."""
        return self.speaker == _AGENT

    @property
    def acts(self) -> bool:
        """Whether the agent says or does something here."""
        return self.speaker in (_AGENT, _ACT)


def conversation(trace: Trace) -> list[Turn]:
    """The turns of a run in order. A run that records no messages gives its first input and final answer."""
    recorded = {step.tool_call_id for step in trace.steps if step.kind in _ACTS and step.tool_call_id}
    tools = {step.tool for step in trace.steps if step.kind in _ACTS}
    turns = [turn for step in trace.steps for turn in _turns(step, recorded, tools)]
    summary = trace.summary
    if summary.input and not any(turn.speaker == _PERSON for turn in turns):
        turns.insert(0, Turn(0, _PERSON, bounded(summary.input, _TURN)))
    if summary.output and not any(turn.speaker == _AGENT for turn in turns):
        turns.append(Turn(len(trace.steps) - 1, _AGENT, bounded(summary.output, _TURN)))
    return turns


def turn_block(turn: Turn, key: int, *, focus: bool) -> Block:
    """A turn as it stands in the conversation, to be marked by `key`; one to look at first says so."""
    speaker = {_ACT: "The agent acts", _ASIDE: "Setting"}.get(turn.speaker, turn.speaker)
    head = shown(speaker, _STYLES[turn.speaker])
    if focus:
        head = joined(shown("◆ look here ", "bold $warning"), head)
    head = joined(head, shown(f"  step {turn.step}", "$quiet"))
    return Block(lines(head, turn.body), key=key)


def _turns(step: Step, recorded: Collection[str], tools: Collection[str | None]) -> Iterator[Turn]:
    if step.kind in _ACTS:
        yield Turn(step.index, _ACT, _act(step))
    elif step.kind is StepKind.HUMAN:
        said = step.inputs if step.inputs not in (None, "") else step.outputs
        yield Turn(step.index, _PERSON, value_content(said, _TURN))
    elif step.input_messages or step.output_messages:
        for message in step.new_messages:
            yield from _heard(step, message)
        for message in step.output_messages:
            yield from _said(step, message, recorded, tools)
        if step.error:
            yield Turn(step.index, _ASIDE, shown(f"The model call failed: {step.error.message}", "$error"))
    elif step.kind is StepKind.LLM:
        yield Turn(step.index, _AGENT, value_content(step.outputs, _TURN))
    elif step.kind is StepKind.GUARDRAIL:
        verdict = _short(step.outputs) or step.status.value
        yield Turn(step.index, _ASIDE, shown(f"The check {step_name(step)} said: {verdict}", "$quiet"))


def _heard(step: Step, message: Message) -> Iterator[Turn]:
    if message.role == "user" and message.content:
        yield Turn(step.index, _PERSON, bounded(message.content, _TURN))
    elif message.role == "system" and message.content:
        words = (
            f"The agent was given instructions ({len(message.content):,} characters). Enter on this turn shows them."
        )
        yield Turn(step.index, _ASIDE, shown(words, "$quiet"))


def _said(step: Step, message: Message, recorded: Collection[str], tools: Collection[str | None]) -> Iterator[Turn]:
    if message.content:
        yield Turn(step.index, _AGENT, bounded(message.content, _TURN))
    for call in message.tool_calls:
        if call.id not in recorded and call.name not in tools:
            words = joined(shown("asks for "), shown(call.name, "bold"), _with(call.arguments))
            yield Turn(step.index, _ACT, words)


def _act(step: Step) -> Content:
    verb = "searches with " if step.kind is StepKind.RETRIEVER else "uses "
    sentence = joined(shown(verb), shown(step_name(step), "bold"), _with(step.inputs))
    if step.error or step.status is Status.ERROR:
        said = step.error.message if step.error else one_line(step.outputs)
        return lines(sentence, joined(shown("and it fails: ", "bold $error"), bounded(said, _RESULT)))
    if step.documents:
        found = [
            joined(shown(f"{i}. ", "$quiet"), bounded(d.content, _RESULT)) for i, d in enumerate(step.documents, 1)
        ]
        return lines(sentence, shown("and finds:", "$quiet"), *found)
    return lines(sentence, joined(shown("and gets: ", "$quiet"), _result(step.outputs)))


def _result(value: JsonValue) -> Content:
    if isinstance(value, dict | list) and value:
        return joined(Content("\n"), plain_content(value, _RESULT))
    return value_content(value, _RESULT)


def _with(arguments: JsonValue) -> Content:
    words = one_line(arguments) if arguments not in (None, "", {}, []) else ""
    return joined(shown(" with ", "$quiet"), bounded(words, _RESULT)) if words else Content("")


def _short(value: JsonValue) -> str:
    return one_line(value)[:200] if value is not None else ""
