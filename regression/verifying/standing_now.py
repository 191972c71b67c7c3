"""A comparison as it stands at this moment, planned, at work or done, case by case: what a screen shows of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis.verification.single_case import Tally
from ...model.errors import BadInputError
from ...model.experiments import Batch, Experiment, ExperimentKind, RunRecord, Side
from ...store.contract import Store
from ...store.experiments.experiments import experiment_report, get_experiment, list_experiments
from ...store.experiments.runs import runs_of
from .plan import Plan, read_plan
from .progress import progress_of

_NEWEST = 200
_FIRST = ("broken", "too few runs", "flaky", "improved", "fixed", "confirming", "running", "waiting", "unchanged")
"""What a reader looks for first."""


@dataclass(frozen=True, slots=True)
class CaseNow:
    """One case of a comparison."""

    case: str
    says: str
    """Its verdict; before there is one: waiting, running, confirming, and once it has all its runs, run."""
    because: str
    tally: Tally
    """Of the first batch."""
    pairs: int | None
    """Planned a version; None for recorded runs."""
    runs: tuple[int, int] | None = None
    """Traces to lay side by side, base first: two that ended otherwise, where there are such."""


@dataclass(frozen=True, slots=True)
class ComparisonNow:
    """One comparison."""

    experiment: Experiment
    plan: Plan | None
    """None where nothing was planned, as for recorded runs."""
    cases: tuple[CaseNow, ...]
    made: int
    because: str = ""
    """Why it was concluded so; empty before."""

    @property
    def ended(self) -> int:
        """Cases that have all runs they need."""
        return sum(entry.says not in ("waiting", "running", "confirming") for entry in self.cases)


def comparisons(store: Store) -> list[Experiment]:
    """The newest 200 comparisons, newest first."""
    return list_experiments(store, kind=ExperimentKind.VERIFY, limit=_NEWEST)


def comparison_now(store: Store, experiment_id: int) -> ComparisonNow:
    """How a comparison stands. Cost: one reading of its runs.

    Raises:
        UnknownIdError: if there is no such experiment.
    """
    experiment = get_experiment(store, experiment_id)
    runs, report = runs_of(store, experiment_id), experiment_report(store, experiment_id)
    plan = _plan(experiment)
    if report is not None:
        cases = _judged(report, plan, runs)
    else:
        cases = _so_far(plan, runs) if plan is not None else []
    ordered = sorted(cases, key=lambda entry: (_FIRST.index(entry.says) if entry.says in _FIRST else 99, entry.case))
    because = str(report["because"]) if report is not None else ""
    return ComparisonNow(experiment, plan, tuple(ordered), len(runs), because)


def _plan(experiment: Experiment) -> Plan | None:
    try:
        return read_plan(experiment.plan) if experiment.plan else None
    except BadInputError:
        return None


def _judged(report: dict[str, Any], plan: Plan | None, runs: Sequence[RunRecord]) -> list[CaseNow]:
    sides = _by_case(runs)
    pairs = {case.case_id: case.pairs for case in plan.cases} if plan is not None else {}
    return [
        CaseNow(
            case["case"],
            case["verdict"],
            case["because"],
            Tally(**case["first"]),
            pairs.get(case["case"]),
            _telling(sides[case["case"]]),
        )
        for case in report["cases"]
    ]


def _so_far(plan: Plan, runs: Sequence[RunRecord]) -> list[CaseNow]:
    sides = _by_case(runs)
    found = []
    for name, progress in progress_of(plan, runs).items():
        stages = {Batch.FIRST: "running" if sides[name] else "waiting", Batch.CONFIRMING: "confirming"}
        says = stages[progress.batch] if progress.batch is not None else "run"
        tally, own = progress.tally(Batch.FIRST), progress.planned
        found.append(CaseNow(name, says, own.told_kind, tally, own.pairs, _telling(sides[name])))
    return found


def _by_case(runs: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    found: dict[str, list[RunRecord]] = defaultdict(list)
    for run in runs:
        found[run.key.case_id].append(run)
    return found


def _telling(runs: Sequence[RunRecord]) -> tuple[int, int] | None:
    """The newest trace of each side, of runs that ended otherwise where there are such."""
    base, candidate = ([r for r in reversed(runs) if r.key.side is side and r.measure.trace_id] for side in Side)
    if not base or not candidate:
        return None
    pairs = ((left, right) for left in base for right in candidate if left.outcome != right.outcome)
    left, right = next(pairs, (base[0], candidate[0]))
    return left.measure.trace_id or 0, right.measure.trace_id or 0
