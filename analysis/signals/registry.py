"""All signals, and the one function that finds them."""

from __future__ import annotations

from ...store.findings import Signal
from ...store.models import Trace
from ..reading import Reading, read
from . import (
    carried_id,
    claimed_action,
    empty_retrieval,
    error_in_result,
    llm_error,
    loop,
    negative_feedback,
    refusal,
    result_ignored,
    retry_without_change,
    stale_passage,
    tool_contradiction,
    tool_error,
    truncation,
    unfinished,
    ungrounded_value,
    user_frustration,
)
from .definition import SignalDefinition

DEFINITIONS: tuple[SignalDefinition, ...] = (
    tool_error.DEFINITION,
    llm_error.DEFINITION,
    error_in_result.DEFINITION,
    empty_retrieval.DEFINITION,
    ungrounded_value.DEFINITION,
    tool_contradiction.DEFINITION,
    result_ignored.DEFINITION,
    claimed_action.DEFINITION,
    stale_passage.DEFINITION,
    carried_id.DEFINITION,
    loop.DEFINITION,
    retry_without_change.DEFINITION,
    truncation.DEFINITION,
    refusal.DEFINITION,
    user_frustration.DEFINITION,
    unfinished.DEFINITION,
    negative_feedback.DEFINITION,
)


def find_signals(trace: Trace, disabled: frozenset[str] = frozenset()) -> tuple[Signal, ...]:
    """All signals of a trace in reading order, those about the whole trace last.

    Args:
        trace: The run; no task, outcome or version is needed.
        disabled: Names of signals to leave out (muted ones).

    Cost: a fixed number of passes over the trace's text.
    """
    return signals_of(read(trace), disabled)


def signals_of(reading: Reading, disabled: frozenset[str] = frozenset()) -> tuple[Signal, ...]:
    """`find_signals` for a trace already read."""
    found = [item for definition in DEFINITIONS if definition.name not in disabled for item in definition.find(reading)]
    last = len(reading.views)
    return tuple(sorted(found, key=lambda item: item.step if item.step is not None else last))
