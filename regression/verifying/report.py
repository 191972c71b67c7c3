"""What a comparison says, as one JSON object from which every form of the report is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...analysis.verification.suite import largest_drop_left, rate_changes
from ...analysis.verification.verdicts import GuardSlice, JudgedCase, SeverityJudgement, SuiteJudgement
from ...model.experiments import Batch, Experiment, RunRecord
from ...model.fields import record_of
from .plan import Plan


def judged_report(
    judgement: SuiteJudgement,
    experiment: Experiment,
    *,
    runs: Sequence[RunRecord] = (),
    plan: Plan | None = None,
    trouble: Mapping[str, str] | None = None,
    unpaired: Sequence[str] = (),
    complete: bool = True,
) -> dict[str, Any]:
    """The report of a comparison.

    Args:
        judgement: What the runs prove.
        experiment: Which experiment it is.
        runs: All of its runs; empty for recorded ones.
        plan: What was planned; None for recorded runs.
        trouble: By case: why a run could not be decided.
        unpaired: Tasks that only one side ran.
        complete: False where the budget ended it.
    """
    changes = rate_changes({judged.evidence.case: judged.evidence.first for judged in judgement.cases})
    return {
        "experiment": experiment.short_id,
        "base": experiment.base,
        "candidate": experiment.candidate,
        "plan_hash": experiment.plan_hash or None,
        "complete": complete,
        "verdict": judgement.verdict.value,
        "because": judgement.because,
        "cases": [_case(judged, (trouble or {}).get(judged.evidence.case)) for judged in judgement.cases],
        "severities": [_severity(entry) for entry in judgement.severities],
        "slices": [_slice(entry) for entry in judgement.slices],
        "flips": {
            "broken": list(judgement.flips.broken),
            "fixed": list(judgement.flips.fixed),
            "compared": judgement.flips.compared,
            "p_changed": judgement.flips.p_changed,
        },
        "could_not_see": {
            "drop_not_ruled_out": largest_drop_left(changes),
            "smallest_drop_planned_for": plan.smallest_suite_drop if plan else None,
            "unpaired": list(unpaired),
        },
        "runs": _taken(runs, plan),
    }


def _case(judged: JudgedCase, trouble: str | None) -> dict[str, Any]:
    evidence = judged.evidence
    return {
        "case": evidence.case,
        "verdict": judged.verdict.value,
        "because": judged.because,
        "severity": evidence.severity,
        "quarantined": evidence.quarantined,
        "first": evidence.first._asdict(),
        "confirming": evidence.confirming._asdict() if evidence.confirming else None,
        "stopped": judged.stop.value if judged.stop else None,
        "undecided": evidence.undecided,
        "trouble": trouble,
        "fails_differently": list(judged.fails_differently),
        "failing_checks": list(evidence.failed_checks[1]),
    }


def _severity(entry: SeverityJudgement) -> dict[str, Any]:
    return record_of(entry, leave_out=("flips",), broken=list(entry.broken))


def _slice(entry: GuardSlice) -> dict[str, Any]:
    return record_of(entry, broken=list(entry.broken), fixed=list(entry.fixed))


def _taken(runs: Sequence[RunRecord], plan: Plan | None) -> dict[str, Any]:
    costs = [run.measure.cost_usd for run in runs if run.measure.cost_usd is not None]
    return {
        "made": len(runs),
        "confirming": sum(run.key.batch is Batch.CONFIRMING for run in runs),
        "planned_at_most": plan.most_runs if plan else None,
        "retried": sum(run.attempts > 1 for run in runs),
        "cost_usd": sum(costs) if costs else None,
        "duration_ms": sum(run.duration_ms for run in runs),
    }
