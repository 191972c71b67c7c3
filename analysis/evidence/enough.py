"""Does what was found separate this run from ordinary ones that went well?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...store.models import Outcome
from .case import CaseFile
from .clue import Clue
from .siblings import agrees

THRESHOLD = 1.0
_NO_SIBLINGS = 0.5
_SYMPTOMS = ("grounding", "counts", "ending", "writes")
_PER_SYMPTOM = 0.3
_DECISIVE = {
    "claimed_action": 1.2,
    "invariant_broken": 1.2,
    "stale_passage": 1.2,
    "carried_id": 1.2,
    "tool_contradiction": 1.0,
    "ungrounded_value": 1.0,
    "negative_feedback": 1.0,
    "empty_retrieval": 1.0,
    "retry_without_change": 0.5,
    "loop": 0.5,
    "llm_error": 0.5,
    "tool_error": 0.5,
}
"""Signals of a wrong answer weigh double those of trouble on the way, which a run may get over."""
_CLEAR = 0.8
_KNOWN_FAILURE = 0.3
"""Where someone said that the run failed, it takes less to name a step."""


def strength(case: CaseFile, clues: Mapping[str, Sequence[Clue]]) -> float:
    """Disagreement with alike runs, plus symptoms in the run itself; at `THRESHOLD` it is enough to accuse.

    Disagreement is the share of alike runs that changed something else than this one: of those known to have passed,
    else of all. The weights were set on runs of two tool-using agents, with outcomes withheld.
    """
    symptoms = sum(max((clue.score for clue in clues.get(name, ())), default=0.0) for name in _SYMPTOMS)
    clear = [
        item.strength * _DECISIVE.get(item.signal, 0.0)
        for item in case.signals
        if item.failure and item.strength >= _CLEAR
    ]
    known = _KNOWN_FAILURE if case.reading.trace.summary.outcome is Outcome.FAIL else 0.0
    return known + disagreement(case) + _PER_SYMPTOM * symptoms + max(clear, default=0.0)


def disagreement(case: CaseFile) -> float:
    """Share of the runs in comparison that made other changes; one half where there are none."""
    others = case.good if case.good_known else case.others
    if not others:
        return _NO_SIBLINGS
    return sum(not agrees(case, other) for other in others) / len(others)
