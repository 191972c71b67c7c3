"""What a reviewer reads of an item: why they are asked, what to look at first, then the whole conversation."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from ..answers.plain.conversation import Turn
from ..answers.plain.earlier import whole_conversation
from ..answers.plain.first_look import MOST_FIRST, first_places
from ..model.findings import Signal
from ..model.traces import Trace
from ..services.reviewing.claiming import OpenReview
from .conversation import turn_block
from .gate import joined, lines, shown
from .review_text import why_asked
from .widgets.block_view import Block

TRACE_STRIDE = 1_000_000
"""Keys of blocks are trace number × this + step, since a session shows several traces."""


def shown_traces(opened: OpenReview) -> tuple[Trace, ...]:
    """The traces in the order in which keys of blocks number them."""
    return (*opened.traces, *opened.earlier)


def review_blocks(opened: OpenReview, signals: Sequence[Sequence[Signal]]) -> tuple[list[Block], list[int]]:
    """The blocks to show, and the places in the conversation to look at first.

    Args:
        opened: The item with its traces.
        signals: Per trace, what rules found; they stand beside the steps they are about.
    """
    first: list[Block] = []
    whole: list[Block] = []
    places: list[int] = []
    traces = shown_traces(opened)
    found = {trace.summary.id: signals[number] for number, trace in enumerate(opened.traces)}
    for part in whole_conversation(opened.traces, opened.earlier, left_out=opened.left_out):
        start = traces.index(part.trace) * TRACE_STRIDE
        if part.head:
            whole.append(Block(shown(f"── {part.head} ──", "$quiet")))
        about = found[part.trace.summary.id] if part.judged else ()
        focus = first_places(part.trace, part.turns, opened.item.focus, about) if part.judged else []
        first += [_evidence(part.turns[place], start + part.turns[place].step, about) for place in focus]
        for place, turn in enumerate(part.turns):
            if place in focus:
                places.append(len(whole))
            whole.append(turn_block(turn, start + turn.step, focus=place in focus))
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
