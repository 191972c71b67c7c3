"""A review item as the page tells it: turns in plain words, with the sources each answer had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..answers.plain.conversation import Speaker, Turn, conversation
from ..answers.plain.first_look import first_places
from ..model.findings import Signal
from ..model.text.display import safe_text
from ..model.traces import Trace
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


def tell(opened: OpenReview, signals: Sequence[Sequence[Signal]]) -> list[list[Told]]:
    """The turns of each trace of an item, first to last."""
    stories = []
    number = 0
    for trace, found in zip(opened.traces, signals, strict=True):
        story = _trace(trace, found, opened.item.focus, number)
        number += len(story)
        stories.append(story)
    return stories


def _trace(trace: Trace, signals: Sequence[Signal], focus: Sequence[str], number: int) -> list[Told]:
    turns = conversation(trace)
    first = first_places(trace, turns, focus, signals)
    story: list[Told] = []
    looked_up: list[Told] = []
    for place, turn in enumerate(turns):
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
        if signal.failure and signal.step == turn.step and turn.acts
    ]
    return Told(number, who, safe_text(turn.text), kind, look_here, found)
