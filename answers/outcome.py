"""How a run ended, and who says so."""

from __future__ import annotations

from ..model.traces import OutcomeSource, TraceSummary


def told_outcome(trace: TraceSummary) -> str:
    """`outcome fail (by mark, unsigned)`; where nobody said how the run ended, `outcome unknown`."""
    source = trace.outcome_source
    by = "" if source is OutcomeSource.NONE else f" (by {source.in_words})"
    return f"outcome {trace.outcome.value}{by}"
