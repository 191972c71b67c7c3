"""Failure signals, charged to the decision that led to them."""

from __future__ import annotations

from collections.abc import Iterator

from ...store.findings import CauseClass, Signal
from ..reading import Act
from .case import CaseFile
from .clue import Clue, clue

_CAUSE = {
    "tool_error": CauseClass.ARGUMENTS,
    "error_in_result": CauseClass.ARGUMENTS,
    "empty_retrieval": CauseClass.RETRIEVAL,
    "tool_contradiction": CauseClass.REASONING,
    "result_ignored": CauseClass.PASSAGE_SELECTION,
    "claimed_action": CauseClass.REASONING,
    "loop": CauseClass.WORKFLOW,
    "retry_without_change": CauseClass.WORKFLOW,
    "truncation": CauseClass.MODEL,
    "refusal": CauseClass.PROMPT,
    "unfinished": CauseClass.WORKFLOW,
}
_WEIGHT = {
    "tool_error": 0.8,
    "error_in_result": 0.7,
    "empty_retrieval": 0.5,
    "tool_contradiction": 0.9,
    "result_ignored": 0.3,
    "claimed_action": 0.8,
    "loop": 0.7,
    "retry_without_change": 0.7,
    "truncation": 0.8,
    "refusal": 0.3,
    "unfinished": 0.6,
    "user_frustration": 0.3,
    "negative_feedback": 0.3,
}
_ELSEWHERE = frozenset({"llm_error", "ungrounded_value"})
"""Charged by `ending` and `grounding`, which see more than the signal."""
_MENDED = 0.35
"""Left of an error's weight where the same tool works later."""


def clues(case: CaseFile) -> Iterator[Clue]:
    """One clue per failure signal that names a step."""
    by_done = {act.done: act for act in case.reading.acts if act.done is not None}
    broken = {signal.step for signal in case.signals if signal.signal == "llm_error"}
    for signal in case.signals:
        if signal.step is None or not signal.failure or signal.signal in _ELSEWHERE:
            continue
        if signal.signal == "error_in_result" and signal.step in broken:
            continue
        act = by_done.get(signal.step)
        step = act.step if act else signal.step
        score = _WEIGHT.get(signal.signal, 0.5) * signal.strength * (_MENDED if act and _mended(case, act) else 1.0)
        yield clue(step, score, signal.reason, _cause(signal), signal.evidence)


def _cause(signal: Signal) -> CauseClass:
    return _CAUSE.get(signal.signal, CauseClass.UNDETERMINED)


def _mended(case: CaseFile, failed: Act) -> bool:
    later = False
    for act in case.reading.acts:
        if act is failed:
            later = True
        elif later and act.tool == failed.tool and not act.failure and not act.declared_failure:
            return True
    return False
