"""What every source of evidence is handed: the run read once, its signals, and the runs it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...store.findings import Signal
from ...store.models import Outcome, Trace
from ..provenance import ProvenanceGraph, provenance_of
from ..reading import Reading, read
from ..signals.registry import signals_of
from ..values import ValueKind, values_in

_MOST_SIBLINGS = 12
_COSTLY = frozenset({"ungrounded_value", "result_ignored", "tool_contradiction"})
"""Signals that read every word; a sibling is looked at more quickly."""


@dataclass(frozen=True)
class CaseFile:
    """One run under suspicion."""

    reading: Reading
    signals: tuple[Signal, ...]
    good: tuple[Reading, ...]
    """Alike runs that passed, or that show no failure signal."""
    bad: tuple[Reading, ...]
    """Alike runs that failed."""
    others: tuple[Reading, ...] = ()
    """All siblings, whatever is known of them."""
    good_known: bool = True
    """Some outcome says so; False where the absence of signals is all there is."""

    @cached_property
    def provenance(self) -> ProvenanceGraph:
        return provenance_of(self.reading)

    def same_instance(self, other: Reading) -> bool:
        """Is it the very same request, rather than another one of its sort?

        Told by the ids and addresses that people said: where both runs have some and share none, the values that
        belong to the request differ rightly and only the tools can be compared.
        """
        theirs = _said_by_people(other)
        return not self._said or not theirs or bool(self._said & theirs)

    @cached_property
    def _said(self) -> frozenset[str]:
        return _said_by_people(self.reading)


def _said_by_people(reading: Reading) -> frozenset[str]:
    text = "\n".join(text for _, text in reading.user_turns)
    return frozenset(value.normal for value in values_in(text) if value.kind in (ValueKind.ID, ValueKind.EMAIL))


def open_case(trace: Trace, signals: Sequence[Signal], siblings: Sequence[Trace]) -> CaseFile:
    """Read the run and at most twelve siblings, nearest first as given.

    A sibling counts as good by its outcome; where that is unknown, by the absence of failure signals.
    """
    reading = read(trace)
    passed: list[Reading] = []
    clean: list[Reading] = []
    bad: list[Reading] = []
    others: list[Reading] = []
    for sibling in siblings[:_MOST_SIBLINGS]:
        other = read(sibling)
        others.append(other)
        outcome = sibling.summary.outcome
        if outcome is Outcome.PASS:
            passed.append(other)
        elif outcome is Outcome.UNKNOWN and not _failing(other):
            clean.append(other)
        elif outcome is Outcome.FAIL:
            bad.append(other)
    return CaseFile(reading, tuple(signals), tuple(passed or clean), tuple(bad), tuple(others), bool(passed))


def _failing(reading: Reading) -> bool:
    return any(signal.failure and signal.strength >= 0.8 for signal in signals_of(reading, _COSTLY))
