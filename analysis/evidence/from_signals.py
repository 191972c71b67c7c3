"""Failure signals, charged to the decision that led to them."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import CauseClass, Signal
from ..effects import Effect
from ..reading import mended
from .clue import Clue, clue
from .inquiry import Inquiry

_CAUSE = {
    "tool_error": CauseClass.ARGUMENTS,
    "error_in_result": CauseClass.ARGUMENTS,
    "empty_retrieval": CauseClass.RETRIEVAL,
    "tool_contradiction": CauseClass.REASONING,
    "invariant_broken": CauseClass.WORKFLOW,
    "partial_answer": CauseClass.REASONING,
    "schema_drift": CauseClass.TOOL,
    "stale_passage": CauseClass.PASSAGE_SELECTION,
    "carried_id": CauseClass.ARGUMENTS,
    "claimed_action": CauseClass.REASONING,
    "loop": CauseClass.WORKFLOW,
    "retry_without_change": CauseClass.WORKFLOW,
    "truncation": CauseClass.MODEL,
    "unfinished": CauseClass.WORKFLOW,
    "wrong_arithmetic": CauseClass.REASONING,
    "claim_against_work": CauseClass.REASONING,
    "edit_without_effect": CauseClass.REASONING,
    "forbidden_change": CauseClass.WORKFLOW,
    "wrong_record": CauseClass.ARGUMENTS,
    "skipped_step": CauseClass.WORKFLOW,
    "claim_without_call": CauseClass.REASONING,
    "missed_expectation": CauseClass.ARGUMENTS,
    "miscopied_value": CauseClass.ARGUMENTS,
    "unallowed_argument": CauseClass.ARGUMENTS,
    "wrong_window": CauseClass.REASONING,
    "beyond_request": CauseClass.WORKFLOW,
    "yes_without_deed": CauseClass.WORKFLOW,
    "no_answer": CauseClass.WORKFLOW,
    "invented_reference": CauseClass.REASONING,
}
_WRONG = frozenset(
    {
        "invariant_broken",
        "stale_passage",
        "carried_id",
        "wrong_record",
        "claimed_action",
        "claim_against_work",
        "forbidden_change",
        "skipped_step",
        "claim_without_call",
        "missed_expectation",
        "unallowed_argument",
        "wrong_window",
        "beyond_request",
    }
)
"""What was done or said wrongly is itself the place; the rest is trouble, which shows later than it began."""
_TROUBLE = frozenset({"tool_error", "error_in_result", "loop", "retry_without_change", "truncation"})
_REPORTED = frozenset({"user_frustration", "negative_feedback"})
"""Said about the run after the fact, at a step that is not to blame."""
_ELSEWHERE = frozenset({"llm_error", "ungrounded_value"})
"""Charged by `ending` and `grounding`, which see more than the signal; failed changes are charged by `writes`."""
_ERRORS = frozenset({"tool_error", "error_in_result"})
_REPEATS = frozenset({"loop", "retry_without_change"})
_MENDED = 0.35
"""Left of a failed look-up's weight where the same tool works later."""


def clues(case: Inquiry) -> Iterator[Clue]:
    """One clue per failure signal that names a step and that no other source charges."""
    by_done = {act.done: act for act in case.reading.acts if act.done is not None}
    broken = {item.step for item in case.signals if item.signal == "llm_error"}
    for item in case.signals:
        counts = item.failure or item.signal in _ERRORS
        if item.step is None or not counts or item.signal in _ELSEWHERE:
            continue
        act = by_done.get(item.step)
        if item.signal in _ERRORS and (item.step in broken or (act and act.effect is Effect.WRITE)):
            continue
        step = _start(case, item) if item.signal in _REPEATS else act.step if act else item.step
        score = _weight(item.signal) * item.strength
        if act and item.signal in _ERRORS and mended(case.reading, act):
            score *= _MENDED
        yield clue(step, score, item.reason, _CAUSE.get(item.signal, CauseClass.UNDETERMINED), item.evidence)


def _weight(signal: str) -> float:
    if signal in _WRONG:
        return 1.0
    if signal in _TROUBLE:
        return 0.45
    return 0.2 if signal in _REPORTED else 0.3


def _start(case: Inquiry, item: Signal) -> int:
    """Where a repeated stretch began: the first call with the same tool and arguments."""
    at = item.step if item.step is not None else 0
    repeated = next((act for act in case.reading.acts if act.step == at), None)
    if repeated is None:
        return at
    return next(act.step for act in case.reading.acts if act.key == repeated.key)
