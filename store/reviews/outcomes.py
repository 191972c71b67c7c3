"""What confirmed verdicts make of traces: on every face, a verdict and an outcome only where the signature counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...model.traces import Outcome, OutcomeSource, TraceSummary
from ..contract import Store

if TYPE_CHECKING:
    from ...model.reviews import Verdict

SELECT_ANY_JUDGED = "SELECT 1 FROM verdict_subject LIMIT 1"
_OUTCOMES = {"pass": Outcome.PASS, "fail": Outcome.FAIL}


def with_verdicts(store: Store, summaries: Sequence[TraceSummary]) -> list[TraceSummary]:
    """The summaries with verdict and outcome as the confirmed verdicts have them that decide the outcome of a run.

    An outcome that a row ascribes to a verdict which does not count is unknown: the row is no proof.

    Cost: one query where the store has no verdict; see `confirmed_verdicts` otherwise.
    """
    with store.read() as con:
        judged = con.execute(SELECT_ANY_JUDGED).fetchone() is not None
    confirmed: dict[int, Verdict] = {}
    if judged:
        # Keys and signatures take a while to import, and most stores that are only searched have none.
        from .verdicts import confirmed_verdicts

        confirmed = confirmed_verdicts(store, [summary.id for summary in summaries])
    return [_with_verdict(summary, confirmed.get(summary.id)) for summary in summaries]


def verdict_labels(store: Store) -> dict[int, str]:
    """How every judged trace ended by its confirmed verdict, for `verdict:` filters and facets."""
    with store.read() as con:
        if con.execute(SELECT_ANY_JUDGED).fetchone() is None:
            return {}
    from .verdicts import confirmed_verdicts

    return {trace_id: _label(verdict) for trace_id, verdict in confirmed_verdicts(store).items()}


def _label(verdict: Verdict) -> str:
    return (verdict.outcome or verdict.answer.label).value


def _with_verdict(summary: TraceSummary, verdict: Verdict | None) -> TraceSummary:
    if verdict is None:
        if summary.outcome_source is not OutcomeSource.VERDICT:
            return summary
        return replace(summary, verdict=None, outcome=Outcome.UNKNOWN, outcome_source=OutcomeSource.NONE)
    label = _label(verdict)
    outcome = _OUTCOMES.get(label)
    if outcome is None:
        return replace(summary, verdict=label, verdict_question=verdict.question)
    return replace(
        summary,
        verdict=label,
        verdict_question=verdict.question,
        outcome=outcome,
        outcome_source=OutcomeSource.VERDICT,
    )
