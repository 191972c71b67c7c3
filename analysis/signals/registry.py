"""All signals, and the one function that finds them."""

from __future__ import annotations

from dataclasses import replace

from ...model.findings import Signal
from ...model.traces import Trace
from ..reading import Reading, read
from .conduct import (
    beyond_request,
    carried_id,
    edit_without_effect,
    forbidden_change,
    invariant_broken,
    invented_reference,
    miscopied_value,
    skipped_step,
    unallowed_argument,
    wrong_record,
    yes_without_deed,
)
from .definition import SignalDefinition
from .errors import (
    error_in_result,
    llm_error,
    loop,
    no_answer,
    refusal,
    retry_without_change,
    tool_error,
    truncation,
    unfinished,
)
from .measured import notable_at_most
from .people import known_failure, missed_expectation, negative_feedback, user_frustration
from .statements import (
    claim_against_work,
    claim_without_call,
    claimed_action,
    empty_retrieval,
    partial_answer,
    result_ignored,
    stale_passage,
    tool_contradiction,
    ungrounded_value,
    wrong_arithmetic,
    wrong_window,
)
from .surroundings import ALONE, Surroundings
from .unusual import good_run, new_topic, outlier, rare_path, schema_drift, shift

DEFINITIONS: tuple[SignalDefinition, ...] = (
    tool_error.DEFINITION,
    llm_error.DEFINITION,
    error_in_result.DEFINITION,
    empty_retrieval.DEFINITION,
    ungrounded_value.DEFINITION,
    tool_contradiction.DEFINITION,
    wrong_arithmetic.DEFINITION,
    wrong_window.DEFINITION,
    result_ignored.DEFINITION,
    claimed_action.DEFINITION,
    claim_without_call.DEFINITION,
    claim_against_work.DEFINITION,
    edit_without_effect.DEFINITION,
    forbidden_change.DEFINITION,
    stale_passage.DEFINITION,
    carried_id.DEFINITION,
    wrong_record.DEFINITION,
    miscopied_value.DEFINITION,
    beyond_request.DEFINITION,
    yes_without_deed.DEFINITION,
    unallowed_argument.DEFINITION,
    invented_reference.DEFINITION,
    loop.DEFINITION,
    retry_without_change.DEFINITION,
    truncation.DEFINITION,
    refusal.DEFINITION,
    user_frustration.DEFINITION,
    unfinished.DEFINITION,
    no_answer.DEFINITION,
    negative_feedback.DEFINITION,
    missed_expectation.DEFINITION,
    known_failure.DEFINITION,
    partial_answer.DEFINITION,
    skipped_step.DEFINITION,
    invariant_broken.DEFINITION,
    schema_drift.DEFINITION,
    new_topic.DEFINITION,
    rare_path.DEFINITION,
    good_run.DEFINITION,
    outlier.DEFINITION,
    shift.DEFINITION,
)


def find_signals(
    trace: Trace, disabled: frozenset[str] = frozenset(), surroundings: Surroundings = ALONE
) -> tuple[Signal, ...]:
    """All signals of a trace in reading order, those about the whole trace last.

    Args:
        trace: The run; no task, outcome or version is needed.
        disabled: Names of signals to leave out (muted ones).
        surroundings: Declared rules and what is usual; without them the signals that need them keep silent.

    Cost: a fixed number of passes over the trace's text.
    """
    return signals_of(read(trace), disabled, surroundings)


def signals_of(
    reading: Reading,
    disabled: frozenset[str] = frozenset(),
    surroundings: Surroundings = ALONE,
    *,
    as_written: bool = False,
) -> tuple[Signal, ...]:
    """`find_signals` for a trace already read; `as_written` leaves out what was measured of the signals."""
    found: list[Signal] = []
    for definition in DEFINITIONS:
        if definition.name not in disabled and reading.kind in definition.meant_for:
            told = [*definition.find(reading)]
            told += definition.find_in(reading, surroundings) if definition.find_in else ()
            quiet = not as_written and notable_at_most(definition.name)
            found += [replace(item, failure=False) for item in told] if quiet else told
    last = len(reading.views)
    return tuple(sorted(found, key=lambda item: item.step if item.step is not None else last))
