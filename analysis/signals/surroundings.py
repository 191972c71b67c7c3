"""What a run is held against besides itself: declared rules, what is usual for its agent, what people failed before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...model.traces import Trace

if TYPE_CHECKING:  # pydantic is loaded with it, which a run without declared rules can do without
    from ...knowledge.invariants import Invariant


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and spread of a quantity over many runs. `spread` is 1.4826 times the median absolute deviation."""

    n: int
    median: float
    spread: float

    def robust_z(self, value: float) -> float | None:
        """How many spreads from the median; None where there are too few runs or all are alike."""
        return (value - self.median) / self.spread if self.n >= LEAST_RUNS and self.spread > 0 else None


LEAST_RUNS = 30
"""With fewer runs nothing is called usual."""


@dataclass(frozen=True)
class Population:
    """What is usual for one agent and version, computed once for many runs."""

    runs: int = 0
    duration_ms: Spread | None = None
    tokens: Spread | None = None
    cost_usd: Spread | None = None
    steps: Spread | None = None
    words: Mapping[str, int] = field(default_factory=dict)
    """In how many first inputs each telling word stands."""
    paths: Mapping[str, int] = field(default_factory=dict)
    """How many runs used exactly these tools in this order."""
    shapes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Tool → field of its result with its type → in how many results."""
    tools: Mapping[str, int] = field(default_factory=dict)
    """In how many runs each tool was called."""
    results: Mapping[str, int] = field(default_factory=dict)
    """Tool → results seen that are objects."""
    shifts: Mapping[str, str] = field(default_factory=dict)
    """Telling words of requests whose share in the last week differs from before, each with the two shares."""


@dataclass(frozen=True, slots=True)
class FailedBefore:
    """An earlier run of the same request that a person failed, by a verdict that counts."""

    trace: Trace
    verdict: str
    """Short id: `V3`."""
    reviewer: str
    """Name."""
    blamed: str | None = None
    """Span id of the step at fault, where one is named."""

    @property
    def run(self) -> str:
        """Short id of the failed run."""
        return self.trace.summary.short_id


@dataclass(frozen=True)
class Surroundings:
    """All that a run is held against."""

    invariants: tuple[Invariant, ...] = ()
    population: Population | None = None
    failed_before: tuple[FailedBefore, ...] = ()
    """Newest first."""


ALONE = Surroundings()
"""A run by itself."""
