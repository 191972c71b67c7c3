"""Failure signals, charged to the decision that led to them."""

from __future__ import annotations

from collections.abc import Iterator

from ...model.findings import CauseClass, Signal
from ..effects import Effect
from ..reading import mended
from .case import CaseFile
from .clue import Clue, clue

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
}
_WEIGHT = {
    "invariant_broken": 1.0,
    "stale_passage": 1.0,
    "carried_id": 1.0,
    "claimed_action": 1.0,
    "tool_contradiction": 0.6,
    "tool_error": 0.48,
    "error_in_result": 0.42,
    "loop": 0.42,
    "retry_without_change": 0.42,
    "truncation": 0.48,
    "unfinished": 0.36,
    "empty_retrieval": 0.3,
    "user_frustration": 0.18,
    "negative_feedback": 0.18,
}
_OTHERWISE = 0.3
_ELSEWHERE = frozenset({"llm_error", "ungrounded_value"})
"""Charged by `ending` and `grounding`, which see more than the signal; failed changes are charged by `writes`."""
_ERRORS = frozenset({"tool_error", "error_in_result"})
_REPEATS = frozenset({"loop", "retry_without_change"})
_MENDED = 0.35
"""Left of an error's weight where the same tool works later."""


def clues(case: CaseFile) -> Iterator[Clue]:
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
        score = _WEIGHT.get(item.signal, _OTHERWISE) * item.strength
        if act and item.signal in _ERRORS and mended(case.reading, act):
            score *= _MENDED
        yield clue(step, score, item.reason, _CAUSE.get(item.signal, CauseClass.UNDETERMINED), item.evidence)


def _start(case: CaseFile, item: Signal) -> int:
    """Where a repeated stretch began: the first call with the same tool and arguments."""
    at = item.step if item.step is not None else 0
    repeated = next((act for act in case.reading.acts if act.step == at), None)
    if repeated is None:
        return at
    return next(act.step for act in case.reading.acts if act.key == repeated.key)
