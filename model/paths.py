"""A span as a path through a workflow needs it: who did what, and which step it is."""

from __future__ import annotations

from typing import NamedTuple

from .traces import StepKind


class PathRow(NamedTuple):
    """One span of a run."""

    span_id: str
    parent_span_id: str | None
    kind: StepKind
    name: str
    agent: str | None
    tool: str | None
    step: int | None
    """Its index; None where it is folded into another step or a mere wrapper."""
