"""The use case behind `retrospan verify`: plan, run or take up again, judge, and keep what was concluded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...analysis.verification.single_case import Rule, Tally
from ...analysis.verification.verdicts import CaseEvidence, Policy, SuiteJudgement, judge_suite
from ...model.cases import Case
from ...model.errors import UsageError
from ...model.experiments import Experiment, ExperimentKind
from ...services.verification.history import Known, known_of
from ...services.verification.recording import Recorder, begin, conclude, plan_experiment
from ...services.verification.slices import slices_of
from ...store.contract import Store
from ...store.experiments.runs import runs_of
from ..casehash import hash_case
from ..results import Judge
from ..targets.runnable import Runnable, RunSettings, opened_version
from ..targets.versions import Version, VersionKind
from .engine import Budget, Engine, OnRun
from .plan import Plan, check_unchanged, make_plan, plan_hash, read_plan
from .progress import CaseProgress, progress_of
from .recorded import RecordedCase, from_experiment, from_file, from_search
from .report import judged_report


@dataclass(frozen=True, slots=True)
class Pair:
    """Both versions, ready to run."""

    base: Runnable
    candidate: Runnable


@contextmanager
def opened_pair(base: Version, candidate: Version, folder: Path, settings: RunSettings) -> Iterator[Pair]:
    """Both versions, ready to run until the block ends.

    Raises:
        UsageError: if one of them is recorded and the other is not, or no target is declared.
    """
    recorded = [version.text for version in (base, candidate) if not version.kind.can_run]
    if recorded:
        raise UsageError(
            f"{recorded[0]!r} names recorded runs and the other side names code. Name code for both sides, or runs."
        )
    with opened_version(base, folder, settings) as first, opened_version(candidate, folder, settings) as second:
        yield Pair(first, second)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that is kept, and what is known of its cases."""

    experiment: Experiment
    plan: Plan
    known: Known


def plan_verification(
    store: Store,
    pair: Pair,
    cases: Sequence[Case],
    *,
    project: str,
    policy: Policy,
    pairs: int | None = None,
    judge_hash: str | None = None,
    kind: ExperimentKind = ExperimentKind.VERIFY,
) -> Planned:
    """Plan a comparison and keep the plan with its hash, before any run.

    Raises:
        UsageError: if there is no case to run.
    """
    base, candidate = pair.base.target_print, pair.candidate.target_print
    known = known_of(store, {case.id: hash_case(case) for case in cases}, base.target_hash)
    plan = make_plan(cases, base, candidate, known=known.of_base, policy=policy, pairs=pairs, judge_hash=judge_hash)
    text = plan.text()
    experiment = plan_experiment(
        store,
        project=project,
        base=base.version,
        candidate=candidate.version,
        plan=text,
        plan_hash=plan_hash(text),
        kind=kind,
    )
    return Planned(experiment, plan, known)


def resumed(
    store: Store,
    experiment: Experiment,
    pair: Pair,
    cases: Sequence[Case],
    *,
    kind: ExperimentKind = ExperimentKind.VERIFY,
) -> Planned:
    """A plan to be run, or to be run to its end.

    Raises:
        UsageError: if it is no comparison of this kind, or if cases or versions have changed since.
    """
    if experiment.kind is not kind:
        raise UsageError(
            f"{experiment.short_id} is no comparison of this kind. `retrospan verify --list` shows those of versions."
        )
    plan = read_plan(experiment.plan)
    check_unchanged(plan, {c.id: c for c in cases}, pair.base.target_print, pair.candidate.target_print)
    hashes = {case.case_id: case.case_hash for case in plan.cases}
    return Planned(experiment, plan, known_of(store, hashes, plan.base.target_hash))


Conclusion = Callable[[SuiteJudgement], tuple[str, dict[str, Any]]]
"""The verdict that is kept of an experiment, and what its report says beside the comparison."""


def _of_suite(judgement: SuiteJudgement) -> tuple[str, dict[str, Any]]:
    return judgement.verdict.value, {}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a comparison came to."""

    experiment: Experiment
    judgement: SuiteJudgement
    report: Mapping[str, object]
    complete: bool
    """False where the budget ended it; the rest can be run later."""


def run_verification(
    store: Store,
    planned: Planned,
    pair: Pair,
    cases: Sequence[Case],
    *,
    workers: int = 2,
    judge: Judge | None = None,
    budget: Budget | None = None,
    on_run: OnRun | None = None,
    conclusion: Conclusion = _of_suite,
) -> Verified:
    """Make the runs that are missing of a plan, judge, and keep the conclusion where nothing is missing any more."""
    plan, experiment = planned.plan, planned.experiment
    by_id = {case.id: case for case in cases}
    progress = progress_of(plan, runs_of(store, experiment.id))
    experiment = begin(store, experiment)
    engine = Engine(
        by_id,
        pair.base,
        pair.candidate,
        Recorder(store, experiment),
        judge=judge,
        judge_hash=plan.judge_hash,
        workers=workers,
        budget=budget,
        on_run=on_run,
    )
    complete = engine.run(progress)
    slices = slices_of(store, [by_id[c.case_id] for c in plan.cases])
    return _concluded(store, experiment, plan, progress, slices, complete, conclusion)


def _concluded(
    store: Store,
    experiment: Experiment,
    plan: Plan,
    progress: Mapping[str, CaseProgress],
    slices: Mapping[str, tuple[str, ...]],
    complete: bool,
    conclusion: Conclusion,
) -> Verified:
    evidence = [progress[case.case_id].evidence(slices.get(case.case_id, ())) for case in plan.cases]
    judgement = judge_suite(evidence, plan.policy)
    runs = runs_of(store, experiment.id)
    trouble = {case_id: entry.trouble for case_id, entry in progress.items() if entry.trouble}
    report = judged_report(judgement, experiment, runs=runs, plan=plan, trouble=trouble, complete=complete)
    if complete:
        verdict, more = conclusion(judgement)
        report |= more
        experiment = conclude(store, experiment, verdict=verdict, report=report)
    return Verified(experiment, judgement, report, complete)


def verify_recorded(store: Store, base: Version, candidate: Version, folder: Path, policy: Policy) -> Verified:
    """Compare two sets of recorded runs, paired by task or case. Nothing is run, so nothing can be confirmed afresh.

    Raises:
        UsageError: if a side is empty, or they share no task.
    """
    before, after = _recorded(store, base, folder), _recorded(store, candidate, folder)
    shared = sorted(before.keys() & after.keys(), key=_natural)
    if not shared:
        raise UsageError(
            f"{base.text!r} and {candidate.text!r} share no task, so no run can be paired. "
            "Give the runs a task (`retrospan mark QUERY --task X`), or compare unpaired: `retrospan compare`."
        )
    judgement = judge_suite([_evidence(task, before[task], after[task]) for task in shared], policy)
    lost = sorted((before.keys() | after.keys()) - set(shared), key=_natural)
    experiment = plan_experiment(store, project="", base=base.text, candidate=candidate.text, plan="", plan_hash="")
    report = judged_report(judgement, experiment, unpaired=lost)
    return Verified(
        conclude(store, experiment, verdict=judgement.verdict.value, report=report), judgement, report, True
    )


def _recorded(store: Store, version: Version, folder: Path) -> dict[str, RecordedCase]:
    if version.kind is VersionKind.FILE:
        return from_file(folder / version.value)
    if version.kind is VersionKind.EXPERIMENT:
        return from_experiment(store, version.value)
    return from_search(store, version.value)


def _evidence(task: str, before: RecordedCase, after: RecordedCase) -> CaseEvidence:
    tally = Tally(before.passed, before.runs, after.passed, after.runs)
    pairs = max(min(before.runs, after.runs), 1)
    return CaseEvidence(
        task,
        Rule(pairs, look=None),
        tally,
        can_rerun=False,
        undecided=before.undecided + after.undecided,
        slices=tuple(sorted(before.slices | after.slices)),
        failed_checks=(tuple(before.checks), tuple(after.checks)),
    )


def _natural(task: str) -> tuple[int, str]:
    return (int(task), "") if task.isascii() and task.isdigit() else (1 << 62, task)
