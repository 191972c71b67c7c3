"""How a run ended, and who says so."""

from __future__ import annotations

from ..model.traces import OutcomeSource, TraceSummary


def told_outcome(trace: TraceSummary) -> str:
    """`outcome fail (by mark)`; where nobody said how the run ended, `outcome unknown`."""
    by = "" if trace.outcome_source is OutcomeSource.NONE else f" (by {trace.outcome_source.value})"
    return f"outcome {trace.outcome.value}{by}"
