"""What a signal may say rests on how often it was right: one that is often wrong on a set is notable at most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .measured_counts import COUNTS, FITTED

LEAST_FINDINGS = 15
"""With fewer findings on a set nothing is decided."""
LEAST_RIGHT = 0.6


@dataclass(frozen=True, slots=True)
class Measured:
    """One failure signal on one labelled set."""

    labelled: str
    """The set."""
    right: int
    n: int
    """Findings, or runs and steps that show it."""
    fitted: bool
    """Rules were chosen on this set, so that the count says how well they fit it and nothing more."""

    @property
    def decides(self) -> bool:
        return self.n >= LEAST_FINDINGS


def measured(signal: str) -> tuple[Measured, ...]:
    """Where a signal spoke, set by set."""
    found = ((name, counts[signal]) for name, counts in COUNTS.items() if signal in counts)
    return tuple(Measured(name, right, n, name in FITTED) for name, (right, n) in found)


@cache
def notable_at_most(signal: str) -> bool:
    """Was the signal right in less than three of five findings on some set with at least 15?"""
    return any(item.decides and item.right < LEAST_RIGHT * item.n for item in measured(signal))
