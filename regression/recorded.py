"""A stored trace as a run: so that a case can be held against what already happened, before any code runs."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.cases import Case
from ..model.traces import Step, StepKind, Trace
from .checks import run_check
from .protocol import CalledTool, RunResult
from .results import CaseResult, Judge, outcome_of


def recorded_run(trace: Trace) -> RunResult:
    """What a trace says the run answered and called. Steps are model and tool calls."""
    calls = recorded_calls(trace.steps)
    models = sum(step.kind is StepKind.LLM for step in trace.steps)
    return RunResult(trace.summary.output, calls, len(calls) + models)


def recorded_calls(steps: Sequence[Step]) -> list[CalledTool]:
    """The tool calls of one trace, in reading order. A search that a tool makes for itself is no call of its own."""
    return [_called(step) for step in call_steps(steps)]


def call_steps(steps: Sequence[Step]) -> list[Step]:
    """The steps that `recorded_calls` are made of, in the same order."""
    return [step for step in steps if _is_call(step, steps)]


def hold_against(case: Case, trace: Trace) -> CaseResult:
    """Hold a case's checks against a stored run: does it fail on the run that it comes from, and pass on a good one?

    Cost: the checks alone; nothing is run.
    """
    return hold_run(case, recorded_run(trace))


def hold_run(case: Case, run: RunResult, judge: Judge | None = None) -> CaseResult:
    """Hold a case's checks against a run that was made, or a part of one."""
    checks = tuple(run_check(check, run, case, judge) for check in case.checks)
    return CaseResult(case.id, outcome_of(checks), checks, run)


def _is_call(step: Step, steps: Sequence[Step]) -> bool:
    if step.kind is StepKind.TOOL:
        return True
    inside_tool = step.parent is not None and steps[step.parent].kind is StepKind.TOOL
    return step.kind is StepKind.RETRIEVER and step.tool is not None and not inside_tool


def _called(step: Step) -> CalledTool:
    result = step.outputs if step.outputs is not None else (step.error.message if step.error else None)
    return CalledTool(step.tool or step.name, step.inputs, result, step.status == "error")
