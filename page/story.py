"""A review item as the page tells it: turns in plain words, with the sources each answer had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..answers.plain.conversation import Speaker, Turn
from ..answers.plain.earlier import Part, whole_conversation
from ..answers.plain.first_look import first_places
from ..model.findings import Signal
from ..model.text.display import safe_text
from ..services.reviewing.claiming import OpenReview


@dataclass(slots=True)
class Told:
    """One thing said or done, as text that has passed the render gate."""

    number: int
    """Counts from 1 over the whole page; its anchor."""
    who: str
    text: str
    kind: str
    """person, agent, act or aside."""
    look_here: bool
    findings: list[str] = field(default_factory=list)
    """What a rule noticed here, in a sentence."""
    sources: list[Told] = field(default_factory=list)
    """For an answer: what the agent had looked up since its last one."""


_NAMES = {
    Speaker.PERSON: ("The customer", "person"),
    Speaker.AGENT: ("The agent", "agent"),
    Speaker.ACT: ("The agent did", "act"),
    Speaker.ASIDE: ("Setting", "aside"),
}


@dataclass(slots=True)
class Story:
    """One run of a conversation, in the order in which things were said and done."""

    head: str
    turns: list[Told]
    judged: bool


def tell(opened: OpenReview, signals: Sequence[Sequence[Signal]]) -> list[Story]:
    """The runs of an item with their turns, first to last: earlier turns of its session, then what is asked about."""
    found = {trace.summary.id: signals[number] for number, trace in enumerate(opened.traces)}
    stories = []
    number = 0
    for part in whole_conversation(opened.traces, opened.earlier, left_out=opened.left_out):
        turns = _turns(part, found[part.trace.summary.id] if part.judged else (), opened.item.focus, number)
        number += len(turns)
        stories.append(Story(safe_text(part.head), turns, part.judged))
    return stories


def _turns(part: Part, signals: Sequence[Signal], focus: Sequence[str], number: int) -> list[Told]:
    first = first_places(part.trace, part.turns, focus, signals) if part.judged else []
    story: list[Told] = []
    looked_up: list[Told] = []
    for place, turn in enumerate(part.turns):
        told = _told(turn, number + place + 1, place in first, signals)
        if told.kind == "act":
            looked_up.append(told)
        elif told.kind == "agent":
            told.sources, looked_up = looked_up, []
        story.append(told)
    return story


def _told(turn: Turn, number: int, look_here: bool, signals: Sequence[Signal]) -> Told:
    who, kind = ("The agent looked up", "act") if turn.searches else _NAMES[turn.speaker]
    found = [
        f"A rule noticed: {safe_text(signal.reason)}."
        for signal in signals
        if signal.failure and signal.step == turn.step and turn.acts and not turn.earlier
    ]
    return Told(number, who, safe_text(turn.text), kind, look_here, found)
