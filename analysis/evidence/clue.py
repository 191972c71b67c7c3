"""What a source of evidence says of a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ...model.findings import Basis, CauseClass, Evidence


class Kind(StrEnum):
    """What sort of thing was noticed: it says what would prove or refute it."""

    ARGUMENT = "argument"
    """A change with an argument that good runs have otherwise."""
    EXTRA_CHANGE = "extra change"
    MISSING_CHANGE = "missing change"
    WITH_FAILURE = "goes with failure"
    SIGNAL = "signal"
    UNSOURCED = "unsourced value"
    REFUSED = "refused change"
    UNCONFIRMED = "unconfirmed change"
    BROKEN_OFF = "broken off"
    UNANSWERED = "unanswered"
    CHANGE = "change"
    PLACE = "place"

    @property
    def basis(self) -> Basis:
        """What a suspicion of this kind rests on."""
        return _BASIS.get(self, Basis.OBSERVED)


_BASIS = {
    Kind.ARGUMENT: Basis.DIFFERENCE,
    Kind.EXTRA_CHANGE: Basis.DIFFERENCE,
    Kind.MISSING_CHANGE: Basis.DIFFERENCE,
    Kind.WITH_FAILURE: Basis.DIFFERENCE,
    Kind.CHANGE: Basis.POSITION,
    Kind.PLACE: Basis.POSITION,
}


@dataclass(frozen=True, slots=True)
class Clue:
    """One reason to suspect one step."""

    step: int
    score: float
    """0 to 1 within its source."""
    reason: str
    cause: CauseClass
    evidence: tuple[Evidence, ...] = ()
    kind: Kind = Kind.SIGNAL

    @property
    def basis(self) -> Basis:
        return self.kind.basis


def clue(
    step: int,
    score: float,
    reason: str,
    cause: CauseClass,
    evidence: Iterable[Evidence | None] = (),
    kind: Kind = Kind.SIGNAL,
) -> Clue:
    """A clue with those pieces of evidence that could be quoted; its score is held between 0 and 1."""
    return Clue(step, min(1.0, max(0.0, score)), reason, cause, tuple(item for item in evidence if item), kind)
