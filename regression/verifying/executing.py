"""One run of one case on one version: made, watched, checked."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...model.cases import Case
from ...model.clock import utc_now, utc_text
from ...model.traces import SpanBatch
from ..capture import traces_of, with_steps
from ..checks import run_check
from ..results import CaseOutcome, CaseResult, Judge, outcome_of
from ..runner import describe_error
from ..targets.trouble import TargetTroubleError

if TYPE_CHECKING:
    from ..protocol import RunResult
    from ..targets.runnable import Runnable
    from ..targets.spans import SpanReceiver

RETRIES = 2
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Executed:
    """One run and what it left."""

    result: CaseResult
    started_at: str
    attempts: int = 1
    spans: SpanBatch = field(default_factory=SpanBatch)


def execute(case: Case, target: Runnable, receiver: SpanReceiver, judge: Judge | None = None) -> Executed:
    """Run a case once. Trouble is an outcome (`error`); only a run that never began is tried again, and counted.

    Args:
        case: What to run.
        target: The version.
        receiver: Takes the spans of the run.
        judge: Answers the judge's checks.
    """
    started_at, start = utc_text(utc_now()), time.perf_counter()
    attempts = 0
    while True:
        attempts += 1
        token = receiver.begin()
        try:
            run = target.run(case, receiver.environment(token))
        except TargetTroubleError as err:
            spans = receiver.end(token)
            if err.may_pass and attempts <= RETRIES:
                time.sleep(_PAUSE_SECONDS * attempts)
                continue
            told = f"{err.kind.value}: {err}"
            failed = CaseResult(case.id, CaseOutcome.ERROR, error=told, duration_ms=_since(start))
            return Executed(failed, started_at, attempts, spans)
        spans = receiver.end(token)
        return Executed(_checked(case, run, spans, judge, start), started_at, attempts, spans)


def _checked(case: Case, run: RunResult, spans: SpanBatch, judge: Judge | None, start: float) -> CaseResult:
    took = _since(start)
    run = with_steps(run, traces_of(spans))
    try:
        checks = tuple(run_check(check, run, case, judge) for check in case.checks)
    except Exception as err:
        return CaseResult(case.id, CaseOutcome.ERROR, run=run, error=describe_error(err), duration_ms=took)
    return CaseResult(case.id, outcome_of(checks), checks, run, duration_ms=took)


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000
