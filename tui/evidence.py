"""What a reviewer reads of an item: why they are asked, what to look at first, then the whole conversation."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from ..answers.plain.conversation import Turn, conversation
from ..answers.plain.first_look import MOST_FIRST, first_places
from ..model.findings import Signal
from ..services.reviewing.claiming import OpenReview
from .conversation import turn_block
from .gate import joined, lines, shown
from .review_text import why_asked
from .widgets.block_view import Block

TRACE_STRIDE = 1_000_000
"""Keys of blocks are trace number × this + step, since a session shows several traces."""


def review_blocks(opened: OpenReview, signals: Sequence[Sequence[Signal]]) -> tuple[list[Block], list[int]]:
    """The blocks to show, and the places in the conversation to look at first.

    Args:
        opened: The item with its traces.
        signals: Per trace, what rules found; they stand beside the steps they are about.
    """
    first: list[Block] = []
    whole: list[Block] = []
    places: list[int] = []
    for number, trace in enumerate(opened.traces):
        if len(opened.traces) > 1:
            words = f"── {trace.summary.short_id}, run {number + 1} of {len(opened.traces)} ──"
            whole.append(Block(shown(words, "$quiet")))
        turns = conversation(trace)
        focus = first_places(trace, turns, opened.item.focus, signals[number])
        first += [
            _evidence(turns[place], number * TRACE_STRIDE + turns[place].step, signals[number]) for place in focus
        ]
        for place, turn in enumerate(turns):
            key = number * TRACE_STRIDE + turn.step
            if place in focus:
                places.append(len(whole))
            whole.append(turn_block(turn, key, focus=place in focus))
    head: list[Block] = []
    why = why_asked(opened.item, answered=opened.draft is not None)
    head.append(Block(shown(f"You are asked because: {why}", "$quiet")))
    if first:
        head += [Block(shown("── look at this first ──", "bold $warning")), *first[:MOST_FIRST]]
        head.append(Block(shown("── the whole conversation ──", "$quiet")))
    return head + whole, [place + len(head) for place in places]


def _evidence(turn: Turn, key: int, signals: Sequence[Signal]) -> Block:
    about = [_stands_out(s) for s in signals if s.step == turn.step and s.failure]
    return Block(lines(turn_block(turn, key, focus=False).content, *about), key=key)


def _stands_out(signal: Signal) -> Content:
    name = signal.signal.replace("_", " ")
    return joined(shown("found by a rule: ", "$quiet"), shown(f"{name}, {signal.reason}", "$quiet"))
