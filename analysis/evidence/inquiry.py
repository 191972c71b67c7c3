"""What every source of evidence is handed: the run read once, its signals, and the runs it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...model.findings import Signal
from ...model.traces import Message, Outcome, Trace
from ..provenance import Use, uses_of
from ..reading import Reading, read
from ..signals.registry import signals_of

_MOST_SIBLINGS = 12
_COSTLY = frozenset({"ungrounded_value", "result_ignored", "tool_contradiction"})
"""Signals that read every word; a sibling is looked at more quickly."""


@dataclass(frozen=True)
class Inquiry:
    """One run under suspicion."""

    reading: Reading
    signals: tuple[Signal, ...]
    good: tuple[Reading, ...]
    """Alike runs that passed, or that show no failure signal."""
    bad: tuple[Reading, ...]
    """Alike runs that failed."""
    unknown: tuple[Reading, ...] = ()
    """Alike runs of which nobody said how they went."""
    good_known: bool = True
    """Some outcome says so; False where the absence of signals is all there is."""

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        return uses_of(self.reading)

    def same_instance(self, other: Reading) -> bool:
        """Is it the very same request, rather than another one of its sort?

        Told by the records that people named or calls were given: where both runs have some and share none, what
        belongs to the request differs rightly.
        """
        ours, theirs = self.reading.records, other.records
        return not ours or not theirs or bool(ours & theirs)


def inquire(
    trace: Trace, signals: Sequence[Signal], siblings: Sequence[Trace], earlier: Sequence[Message] = ()
) -> Inquiry:
    """Read the run and at most twelve siblings, nearest first as given.

    A sibling counts as good by its outcome; where that is unknown, by the absence of failure signals.
    `earlier` is what was said and shown in the turns of the session before the run.
    """
    reading = read(trace, earlier=earlier)
    passed: list[Reading] = []
    clean: list[Reading] = []
    bad: list[Reading] = []
    unknown: list[Reading] = []
    for sibling in siblings[:_MOST_SIBLINGS]:
        other = read(sibling)
        outcome = sibling.summary.outcome
        if outcome is Outcome.UNKNOWN:
            unknown.append(other)
            clean += [other] if not _failing(other) else []
        else:
            (passed if outcome is Outcome.PASS else bad).append(other)
    return Inquiry(reading, tuple(signals), tuple(passed or clean), tuple(bad), tuple(unknown), bool(passed))


def _failing(reading: Reading) -> bool:
    return any(signal.failure and signal.strength >= 0.8 for signal in signals_of(reading, _COSTLY))
