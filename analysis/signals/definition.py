"""What a signal is: a name, what it means, where it errs, and the function that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...model.findings import Evidence, Signal
from ..reading import Reading
from ..run_kinds import ALL_KINDS, RunKind
from .surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class SignalDefinition:
    """One signal as it is documented, computed and muted."""

    name: str
    definition: str
    """What was observed, in one sentence for a reader."""
    weakness: str
    """When it speaks without need, or stays silent."""
    find: Callable[[Reading], Iterable[Signal]] = lambda _: ()
    failure: bool = True
    """False for what is notable but no failure."""
    meant_for: frozenset[RunKind] = ALL_KINDS
    """The kinds of runs that it is made for; it keeps silent in others."""
    find_in: Callable[[Reading, Surroundings], Iterable[Signal]] | None = None
    """For what only shows against declared rules or against many other runs."""


def signal(
    name: str, step: int | None, reason: str, *evidence: Evidence | None, strength: float = 1.0, failure: bool = True
) -> Signal:
    """A signal with those pieces of evidence that could be quoted."""
    return Signal(name, step, failure, reason, tuple(item for item in evidence if item), strength)
