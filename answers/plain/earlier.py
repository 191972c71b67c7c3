"""The whole conversation around a run: the turns before it, from the runs of its session or from what it was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...model.reading.turns import told_before, turn_messages
from ...model.text.jsontext import as_text, parse_if_json
from ...model.traces import Message, StepKind, ToolCall, Trace
from .conversation import TURN_LIMIT, Speaker, Turn, conversation, got, named
from .words import Words


@dataclass(frozen=True, slots=True)
class Part:
    """One run in a conversation that people read."""

    trace: Trace
    turns: tuple[Turn, ...]
    judged: bool
    """False for a turn before what is asked about, shown so that it can be understood."""
    head: str = ""
    """What stands above it; empty where the run is all there is."""


def whole_conversation(judged: Sequence[Trace], earlier: Sequence[Trace] = (), *, left_out: int = 0) -> list[Part]:
    """The runs that a review shows, in order of time, each thing that was said or done once.

    Args:
        judged: What is asked about: one run, or a session's.
        earlier: The turns of the session before it.
        left_out: How many still earlier turns are not shown.
    """
    runs = (*earlier, *judged)
    parts = []
    for place, trace in enumerate(runs):
        is_judged = place >= len(earlier)
        head = (
            _head(trace, place - len(earlier), len(judged)) if is_judged else f"{trace.summary.short_id}, a turn before"
        )
        turns = (*told(trace, runs[:place]), *conversation(trace))
        parts.append(Part(trace, turns, is_judged, head if len(runs) > 1 else ""))
    if left_out and parts:
        first = parts[0]
        hidden = f"{left_out} still earlier turns are not shown · {first.head}"
        parts[0] = Part(first.trace, first.turns, first.judged, hidden)
    return parts


def _head(trace: Trace, number: int, count: int) -> str:
    if count > 1:
        return f"{trace.summary.short_id}, run {number + 1} of {count}"
    return f"{trace.summary.short_id}, what you are asked about"


def told(trace: Trace, shown: Sequence[Trace] = ()) -> list[Turn]:
    """What a run's first model call was told of earlier turns, but for what these runs show already."""
    known = {
        _key(message) for run in shown for message in turn_messages(run.steps, run.summary.input, run.summary.output)
    }
    first = next((step.index for step in trace.steps if step.kind is StepKind.LLM), 0)
    messages = told_before(trace.steps)
    names = {call.id: call for message in messages for call in message.tool_calls}
    new = (message for message in messages if _key(message) not in known)
    return [turn for message in new for turn in _turns(message, names.get(message.tool_call_id), first)]


def _turns(message: Message, call: ToolCall | None, step: int) -> Iterator[Turn]:
    if message.role == "tool":
        asked = (Words("used "), *named(call), Words("\n")) if call else ()
        yield Turn(step, Speaker.ACT, (*asked, *got(message)), earlier=True)
    elif message.content.strip():
        speaker = Speaker.PERSON if message.role == "user" else Speaker.AGENT
        yield Turn(step, speaker, (Words(message.content, limit=TURN_LIMIT),), earlier=True)


def _key(message: Message) -> object:
    """Equal for what is recorded as a step in one run and told as a message in another."""
    if message.role == "tool":
        return "tool", as_text(parse_if_json(message.content)).strip()
    return message.role, message.content.strip()
