"""What a source of evidence says of a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...model.findings import Basis, CauseClass, Evidence


@dataclass(frozen=True, slots=True)
class Clue:
    """One reason to suspect one step."""

    step: int
    score: float
    """0 to 1 within its source."""
    reason: str
    cause: CauseClass
    evidence: tuple[Evidence, ...] = ()
    basis: Basis = Basis.OBSERVED


def clue(
    step: int,
    score: float,
    reason: str,
    cause: CauseClass,
    evidence: Iterable[Evidence | None] = (),
    basis: Basis = Basis.OBSERVED,
) -> Clue:
    """A clue with those pieces of evidence that could be quoted; its score is held between 0 and 1."""
    return Clue(step, min(1.0, max(0.0, score)), reason, cause, tuple(item for item in evidence if item), basis)
