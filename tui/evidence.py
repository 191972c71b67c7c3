"""What a reviewer reads of an item: why they are asked, what to look at first, then the whole conversation."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from ..model.findings import Signal
from ..model.traces import Trace
from ..services.reviewing.claiming import OpenReview
from .conversation import Turn, conversation, turn_block
from .gate import joined, lines, shown
from .review_text import why_asked
from .widgets.block_view import Block

TRACE_STRIDE = 1_000_000
"""Keys of blocks are trace number × this + step, since a session shows several traces."""
_MOST_FIRST = 4


def review_blocks(opened: OpenReview, signals: Sequence[Sequence[Signal]]) -> tuple[list[Block], list[int]]:
    """The blocks to show, and the places in the conversation to look at first.

    Args:
        opened: The item with its traces.
        signals: Per trace, what rules found; they stand beside the steps they are about.
    """
    said: list[Block] = []
    done: list[Block] = []
    whole: list[Block] = []
    places: list[int] = []
    for number, trace in enumerate(opened.traces):
        if len(opened.traces) > 1:
            words = f"── {trace.summary.short_id}, run {number + 1} of {len(opened.traces)} ──"
            whole.append(Block(shown(words, "$quiet")))
        turns = conversation(trace)
        focus = _focus(turns, _focus_steps(opened, trace, signals[number]))
        for place, turn in enumerate(turns):
            key = number * TRACE_STRIDE + turn.step
            if place in focus:
                places.append(len(whole))
                (said if turn.says else done).append(_evidence(turn, key, signals[number]))
            whole.append(turn_block(turn, key, focus=place in focus))
    # The claim comes first, and what it should rest on after it.
    first = [*said, *done][:_MOST_FIRST]
    head: list[Block] = []
    why = why_asked(opened.item, answered=opened.draft is not None)
    head.append(Block(shown(f"You are asked because: {why}", "$quiet")))
    if first:
        head += [Block(shown("── look at this first ──", "bold $warning")), *first]
        head.append(Block(shown("── the whole conversation ──", "$quiet")))
    return head + whole, [place + len(head) for place in places]


def _evidence(turn: Turn, key: int, signals: Sequence[Signal]) -> Block:
    about = [_stands_out(s) for s in signals if s.step == turn.step and s.failure]
    return Block(lines(turn_block(turn, key, focus=False).content, *about), key=key)


def _focus_steps(opened: OpenReview, trace: Trace, signals: Sequence[Signal]) -> list[int]:
    """The steps that whoever asked named, with those that rules found where that makes a handful in all."""
    named = {step.index for step in trace.steps if step.span_id in opened.item.focus}
    found = {s.step for s in signals if s.failure and s.step is not None}
    both = named | found
    return sorted(both if len(both) <= _MOST_FIRST else named or found)


def _focus(turns: Sequence[Turn], steps: Sequence[int]) -> set[int]:
    """Places of the turns where the agent says or does what the steps are about: in them, or next after them."""
    found: set[int] = set()
    for step in steps:
        acting = [place for place, turn in enumerate(turns) if turn.acts and turn.step >= step]
        here = [place for place in acting if turns[place].step == step]
        found.update(here or acting[:1])
    return found


def _stands_out(signal: Signal) -> Content:
    name = signal.signal.replace("_", " ")
    return joined(shown("found by a rule: ", "$quiet"), shown(f"{name}, {signal.reason}", "$quiet"))
