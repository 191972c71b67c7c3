"""A review item as the page tells it: turns in plain words, with the sources each answer had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..model.findings import Signal
from ..model.text.display import safe_text
from ..model.traces import Trace
from ..services.reviewing.claiming import OpenReview
from ..tui.conversation import Turn, conversation


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


_TERMINAL_HINT = " Enter on this turn shows them."
"""What the terminal app adds to a turn; a page has no such key."""
_NAMES = {"Person": ("The customer", "person"), "Agent": ("The agent", "agent"), "Act": ("The agent did", "act")}


def tell(opened: OpenReview, signals: Sequence[Sequence[Signal]]) -> list[list[Told]]:
    """The turns of each trace of an item, first to last."""
    stories = []
    number = 0
    for trace, found in zip(opened.traces, signals, strict=True):
        story = _trace(trace, found, set(opened.item.focus), number)
        number += len(story)
        stories.append(story)
    return stories


def _trace(trace: Trace, signals: Sequence[Signal], focus: set[str], number: int) -> list[Told]:
    wanted = {step.index for step in trace.steps if step.span_id in focus}
    story: list[Told] = []
    looked_up: list[Told] = []
    for turn in conversation(trace):
        number += 1
        told = _told(turn, number, turn.step in wanted, signals)
        if told.kind == "act":
            looked_up.append(told)
        elif told.kind == "agent":
            told.sources, looked_up = looked_up, []
        story.append(told)
    return story


def _told(turn: Turn, number: int, look_here: bool, signals: Sequence[Signal]) -> Told:
    who, kind = _NAMES.get(turn.speaker, ("Setting", "aside"))
    if kind == "act" and turn.body.plain.startswith("searches"):
        who = "The agent looked up"
    found = [
        f"A rule noticed: {safe_text(signal.reason)}."
        for signal in signals
        if signal.failure and signal.step == turn.step and kind in ("agent", "act")
    ]
    text = turn.body.plain.replace(_TERMINAL_HINT, "")
    return Told(number, who, text, kind, look_here or bool(found and kind == "agent"), found)
