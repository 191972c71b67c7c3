"""Does what was found separate this run from ordinary ones that went well?

Alike runs of known outcome decide: a run that made other changes than most of those that passed most likely failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...model.findings import Basis, Suspect
from ...model.traces import Outcome
from ..reading import Reading
from .changes import agree, change_set, changes_of, holds_free_text, pattern
from .inquiry import Inquiry

_DECISIVE = frozenset(
    {
        "invariant_broken",
        "negative_feedback",
        "claimed_action",
        "claim_against_work",
        "forbidden_change",
        "carried_id",
        "wrong_record",
        "skipped_step",
        "stale_passage",
        "tool_contradiction",
        "claim_without_call",
        "missed_expectation",
        "unallowed_argument",
        "wrong_window",
    }
)
"""Signals of something said or done wrongly, rather than of trouble on the way, which a run may get over."""
_CLEAR = 0.8
_UNDECIDED = 0.5


class Known(StrEnum):
    """What is known of the alike runs that speak about this one."""

    PASSED = "passed"
    NONE_PASSED = "none passed"
    UNKNOWN = "unknown"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Witnesses:
    """How many alike runs speak against a run, by the changes it made."""

    known: Known
    against: int
    of: int
    accuse: bool
    """Enough of them for an accusation."""

    @property
    def strength(self) -> float:
        """0 to 1: the share that speaks against the run, held nearer to one half the fewer they are."""
        if self.known is Known.NONE_PASSED:
            return _UNDECIDED
        return (self.against + _UNDECIDED) / (self.of + 1)


_NOBODY = Witnesses(Known.NOBODY, 0, 0, False)


def witnesses(case: Inquiry) -> Witnesses:
    """Who speaks about this run.

    Alike runs of the very same request that passed, if there are any: each speaks against a run that made other
    changes, and more than half accuse. Changes that hand over prose or code differ between any two runs, so there the
    runs that passed must agree among themselves. Where none passed but most failed, that is said and accuses nobody:
    one in three such runs passed all the same. Where nobody said how any went, see `_unknown`.
    """
    passed = [other for other in case.good if case.good_known and case.same_instance(other)]
    own = case.reading
    if passed:
        free = any(holds_free_text(run) for run in (own, *passed))
        if free and pattern(passed) is None:
            return _NOBODY
        against = sum(not agree(own, other) for other in passed)
        return Witnesses(Known.PASSED, against, len(passed), against > len(passed) / 2)
    failed = [other for other in case.bad if case.same_instance(other)]
    others = [other for other in case.unknown if case.same_instance(other)]
    if len(failed) > len(others):
        return Witnesses(Known.NONE_PASSED, len(failed), len(failed) + len(others), False)
    return _unknown(own, others)


def _unknown(own: Reading, others: Sequence[Reading]) -> Witnesses:
    """Runs of unknown outcome accuse one that acted, if more than half of all agree on changes and none made its own.

    To do nothing is the easiest way to agree, so runs that did nothing are no witnesses against one that acted.
    """
    acted = bool(changes_of(own))
    speaking = [change_set(other) for other in others if not acted or changes_of(other)]
    if not speaking:
        return _NOBODY
    against = sum(change_set(own) != other for other in speaking)
    accuse = acted and bool(pattern(others)) and against == len(speaking)
    return Witnesses(Known.UNKNOWN, against, len(speaking), accuse)


def strength(case: Inquiry) -> float:
    """How strongly this run stands apart, 0 to 1: by its witnesses, or by a clear signal of something wrong."""
    return max(1.0 if _seen(case) else 0.0, witnesses(case).strength)


def enough(case: Inquiry, suspects: Sequence[Suspect]) -> bool:
    """Is there enough to accuse the run, or, where somebody said that it failed, to name a step?

    A run that is known to have passed is never accused.
    """
    outcome = case.reading.trace.summary.outcome
    if outcome is Outcome.PASS or not suspects:
        return False
    if outcome is Outcome.FAIL and suspects[0].basis is not Basis.POSITION:
        return True
    return witnesses(case).accuse or _seen(case)


def _seen(case: Inquiry) -> bool:
    return any(item.failure and item.signal in _DECISIVE and item.strength >= _CLEAR for item in case.signals)
