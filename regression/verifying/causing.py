"""Is a step the cause? The run is made again with its recorded tool results, and with the result of that step replaced.

How often the outcome flips, by a plan and a test as of any comparison, is evidence for a cause; the application must
take frozen tool results. Its runs count for no case's standing, since nobody's code changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...analysis.statistics import Interval, difference_of_shares
from ...analysis.verification.single_case import Call, Tally, call_of
from ...analysis.verification.verdicts import Policy
from ...model.cases import Case, FrozenResult
from ...model.errors import UsageError
from ...model.experiments import Experiment, ExperimentKind, TargetPrint
from ...model.text.jsontext import canonical
from ...model.traces import JsonValue, Step, Trace
from ...services.reviewing.subjects import find_step
from ...store.contract import Store
from ...store.experiments.experiments import experiment_report, list_experiments
from ...store.reading.summaries import get_trace, resolve_trace
from ..protocol import CalledTool, RunResult
from ..recorded import call_steps, recorded_calls
from ..results import Judge
from ..targets.runnable import Runnable
from ..teaching.trying import good_run
from .engine import OnRun
from .verify import Pair, plan_verification, run_verification

_NEWEST = 50


@dataclass(frozen=True, slots=True)
class Override:
    """A step's result, and what takes its place."""

    trace: Trace
    step: Step
    recorded: tuple[FrozenResult, ...]
    """The results of the run, in call order."""
    place: int
    """Of the step among them."""
    result: JsonValue
    is_error: bool
    source: str
    """Where the new result comes from, in words."""

    @property
    def name(self) -> str:
        return f"{self.trace.summary.short_id}.{self.step.index}"

    @property
    def changed(self) -> tuple[FrozenResult, ...]:
        """The results with the new one in the step's place."""
        new = self.recorded[self.place].model_copy(update={"result": self.result, "is_error": self.is_error})
        return (*self.recorded[: self.place], new, *self.recorded[self.place + 1 :])


def find_override(store: Store, place: str, *, other: str | None = None, value: JsonValue = None) -> Override:
    """What is put in the place of a step's result.

    Args:
        store: Where.
        place: `T412.7`, a tool's step.
        other: The run whose result is taken; by default one of the same request that went well.
        value: The result itself, instead.

    Raises:
        UnknownIdError: if there is no such step.
        UsageError: if the step is no tool call, or nothing is known to put in its place.
    """
    trace = get_trace(store, resolve_trace(store, place.rpartition(".")[0] or place))
    step = find_step(trace, place)
    calls = call_steps(trace.steps)
    if step not in calls:
        known = ", ".join(f"{trace.summary.short_id}.{entry.index}" for entry in calls[:8]) or "none"
        raise UsageError(f"{place} is no tool's step, and only results of tools can be replaced ({known} are).")
    recorded, at = tuple(_frozen(call) for call in recorded_calls(trace.steps)), calls.index(step)
    if value is not None:
        return Override(trace, step, recorded, at, value, False, "as given")
    good = get_trace(store, resolve_trace(store, other)) if other else good_run(store, trace)
    if good is None:
        raise UsageError(
            f"No run of the same request as {trace.summary.short_id} is known to have gone well. Name one with "
            "--other, or give the result with --with."
        )
    found = _counterpart(recorded[at], recorded_calls(good.steps))
    if found is None:
        raise UsageError(
            f"{good.summary.short_id} never called {recorded[at].tool}. Name another run with --other, or give the "
            "result with --with."
        )
    return Override(trace, step, recorded, at, found.result, found.is_error, f"as in {good.summary.short_id}")


def _frozen(call: CalledTool) -> FrozenResult:
    return FrozenResult(tool=call.name, arguments=call.arguments, result=call.result, is_error=call.is_error)


def _counterpart(own: FrozenResult, calls: Sequence[CalledTool]) -> CalledTool | None:
    """The other run's call of the tool: with the same arguments where there is one, for the result itself may be wrong;
    else its last, for the arguments may be."""
    same = [call for call in calls if call.name == own.tool]
    alike = [call for call in same if call.arguments == own.arguments]
    return alike[0] if alike else same[-1] if same else None


@dataclass(frozen=True, slots=True)
class WithResults:
    """A version that answers its tool calls from these results, whatever the case says."""

    inner: Runnable
    results: tuple[FrozenResult, ...]
    named: str

    @property
    def target_print(self) -> TargetPrint:
        own = self.inner.target_print
        told = canonical([result.model_dump(mode="json") for result in self.results])
        digest = hashlib.sha256(own.target_hash.encode() + told).hexdigest()[:16]
        return replace(own, version=f"{own.version}, {self.named}", target_hash=digest)

    def run(self, case: Case, environment: Mapping[str, str]) -> RunResult:
        return self.inner.run(case.model_copy(update={"tool_results": self.results}), environment)


_MEANING = {
    Call.BETTER: "evidence that it is a cause",
    Call.WORSE: "it goes worse with it, so the step is not the cause in this way",
    Call.NEITHER: "no evidence that it is a cause",
}


@dataclass(frozen=True, slots=True)
class CauseFound:
    """How often the outcome flipped."""

    experiment: str
    step: str
    case: str
    source: str
    tally: Tally
    change: Interval
    """Of the pass rate, with 95 % limits."""

    @property
    def call(self) -> Call:
        return call_of(self.tally)

    @property
    def in_words(self) -> str:
        """One sentence."""
        t, low, high = self.tally, self.change.low, self.change.high
        told = (
            f"with the result of {self.step} {self.source}, {self.case} passes {t.candidate_passed} of "
            f"{t.candidate_runs} runs instead of {t.base_passed} of {t.base_runs} "
            f"({self.change.value:+.0%} [{low:+.0%} to {high:+.0%}], {self.experiment})"
        )
        meaning = {
            Call.BETTER: "evidence that it is a cause",
            Call.WORSE: "it goes worse with it, so the step is not the cause in this way",
            Call.NEITHER: "no evidence that it is a cause"
            if t.candidate_runs and t.base_runs
            else "nothing was decided",
        }
        return f"{told}: {meaning[self.call]}"


def try_cause(
    store: Store,
    target: Runnable,
    case: Case,
    override: Override,
    *,
    project: str,
    pairs: int | None = None,
    workers: int = 2,
    judge: Judge | None = None,
    on_run: OnRun | None = None,
) -> CauseFound:
    """Run a case with the recorded results and with one of them replaced, as often as the plan says.

    Args:
        store: Keeps plan and runs.
        target: The application.
        case: Decides how a run ends; it comes from the run of the step.
        override: What is replaced.
        project: The application's folder.
        pairs: Runs of each kind, where the caller fixes them.
        workers: Runs at the same time.
        judge: Answers the judge's checks.
        on_run: Told each run.

    Cost: at most twice the planned pairs of runs, and a fresh batch where it goes worse.
    """
    pair = Pair(
        WithResults(target, override.recorded, "as recorded"),
        WithResults(target, override.changed, f"{override.name} {override.source}"),
    )
    asked = case.model_copy(update={"tool_results": override.recorded})
    planned = plan_verification(
        store, pair, [asked], project=project, policy=Policy(), pairs=pairs, kind=ExperimentKind.CAUSE
    )
    about = {"trace": override.trace.summary.external_id, "step": override.name, "source": override.source}
    done = run_verification(
        store,
        planned,
        pair,
        [asked],
        workers=workers,
        judge=judge,
        on_run=on_run,
        conclusion=lambda judgement: (judgement.verdict.value, {"about": about}),
    )
    return _found(done.experiment, done.report)


def causes_of(store: Store, external_id: str) -> list[CauseFound]:
    """What was found of the steps of a run, newest first."""
    found = []
    for experiment in list_experiments(store, kind=ExperimentKind.CAUSE, limit=_NEWEST):
        report = experiment_report(store, experiment.id)
        if report is not None and report["about"]["trace"] == external_id:
            found.append(_found(experiment, report))
    return found


def _found(experiment: Experiment, report: Mapping[str, Any]) -> CauseFound:
    (case,) = report["cases"]
    tally, about = Tally(**case["first"]), report["about"]
    change = difference_of_shares(
        tally.base_passed, tally.base_runs or 1, tally.candidate_passed, tally.candidate_runs or 1
    )
    return CauseFound(experiment.short_id, about["step"], case["case"], about["source"], tally, change)
