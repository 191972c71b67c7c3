"""What a reviewer is to look at first in a run, decided once for every face."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...model.findings import Signal
from ...model.traces import Trace
from .conversation import Turn

MOST_FIRST = 4
"""Places that a person still takes in before the whole."""


def first_places(trace: Trace, turns: Sequence[Turn], focus: Collection[str], signals: Sequence[Signal]) -> list[int]:
    """Places in the conversation to look at first: what the agent said before what it did, four at most.

    Args:
        trace: The run.
        turns: Its conversation.
        focus: Span ids that whoever asked has named.
        signals: What rules found in the run.
    """
    places = sorted(_acting(turns, _steps(trace, focus, signals)), key=lambda place: (not turns[place].says, place))
    return places[:MOST_FIRST]


def _steps(trace: Trace, focus: Collection[str], signals: Sequence[Signal]) -> list[int]:
    """The steps that were named, with those that rules found where that makes a handful in all."""
    named = {step.index for step in trace.steps if step.span_id in focus}
    found = {signal.step for signal in signals if signal.failure and signal.step is not None}
    both = named | found
    return sorted(both if len(both) <= MOST_FIRST else named or found)


def _acting(turns: Sequence[Turn], steps: Sequence[int]) -> set[int]:
    """Where the agent says or does what the steps are about: in them, or next after them."""
    found: set[int] = set()
    for step in steps:
        acting = [place for place, turn in enumerate(turns) if turn.acts and not turn.earlier and turn.step >= step]
        here = [place for place in acting if turns[place].step == step]
        found.update(here or acting[:1])
    return found
