"""What is known of the values of a score: which way is good, and from where to where they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """What is known of the scores of one name. None: not said."""

    low: float | None = None
    high: float | None = None
    better: Literal["high", "low"] | None = None
    passes_from: float | None = None
    """Values on the good side of it pass, others fail; only a mapping says so."""
    is_declared: bool = False
    """Said by the data or a person; otherwise `low` and `high` are the lowest and highest value seen."""
