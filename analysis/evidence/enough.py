"""Does what was found separate this run from ordinary ones that went well?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...model.traces import Outcome
from .case import CaseFile
from .clue import Clue
from .siblings import agree, changes_of

_UNDECIDED = 0.5
THRESHOLD = (2 + _UNDECIDED) / (2 + 1)
"""What two alike runs amount to that both speak against this one, with nothing else to be seen."""
_KNOWN = 2.0
"""A run of known outcome counts for two of which nobody said how they went."""
_SYMPTOMS = ("grounding", "counts", "ending")
"""Sources that see something wrong in the run itself; the others say where it would be."""
_PLACING = (*_SYMPTOMS, "writes")
"""Sources that tell where, once somebody said that the run failed."""
_PER_SYMPTOM = 0.3
_LEAST = 0.5
"""A clue of this score or less tells where rather than whether."""
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
_KNOWN_FAILURE = 0.15
"""Where someone said that the run failed, only the place is in question."""


def strength(case: CaseFile, clues: Mapping[str, Sequence[Clue]]) -> float:
    """Disagreement with alike runs, plus symptoms in the run itself; at `THRESHOLD` it is enough to accuse."""
    failed = case.reading.trace.summary.outcome is Outcome.FAIL
    scores = [
        max((clue.score for clue in clues.get(name, ())), default=0.0) for name in (_PLACING if failed else _SYMPTOMS)
    ]
    symptoms = sum(score for score in scores if failed or score > _LEAST)
    clear = [
        item.strength * _DECISIVE.get(item.signal, 0.0)
        for item in case.signals
        if item.failure and item.strength >= _CLEAR
    ]
    return failed * _KNOWN_FAILURE + disagreement(case) + _PER_SYMPTOM * symptoms + max(clear, default=0.0)


def disagreement(case: CaseFile) -> float:
    """Share of witnesses that speak against this run, held nearer to one half the fewer they are.

    Witnesses are runs of the very same request that are known to have passed, else those of unknown outcome: they speak
    against a run that made other changes. Runs known to have failed speak against one that made the very same; their
    differing says nothing.
    """
    own = case.reading
    acted = bool(changes_of(own))
    weight = _KNOWN if case.good_known else 1.0
    good = [other for other in (case.good if case.good_known else case.unknown) if case.same_instance(other)]
    if not case.good_known and acted:
        # To do nothing is the easiest way to agree, so runs that did are no witnesses against one that acted.
        good = [other for other in good if changes_of(other)]
    against = weight * sum(not agree(own, other) for other in good)
    alike_bad = _KNOWN * sum(acted and agree(own, other) for other in case.bad)
    return (against + alike_bad + _UNDECIDED) / (weight * len(good) + alike_bad + 1)
