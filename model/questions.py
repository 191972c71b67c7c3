"""A question in SQL and its answer, as every engine gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Finder = Callable[[Literal["words", "likeness"], str], Mapping[int, float]]
"""Gives the runs that hold words, or how like runs are to a text, by run number; for the functions of a question."""


@dataclass(frozen=True, slots=True)
class QuestionLimits:
    """What one answer may be."""

    rows: int = 200
    cell: int = 400
    """Characters of one value."""
    size: int = 60_000
    """Characters of all values."""
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    sql: str
    projects: tuple[str, ...] | None = None
    """Runs of these alone are seen; None for all."""
    limits: QuestionLimits = field(default_factory=QuestionLimits)
    given: Mapping[str, Sequence[Sequence[Any]]] = field(default_factory=dict)
    """Rows of the views that are computed when they are read, by the view's name."""


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """What came back."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: Literal["", "rows", "bytes"] = ""
    """By which limit the answer was cut; empty where it is whole."""
