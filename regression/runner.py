"""Run regression cases against an application's target."""

from __future__ import annotations

import asyncio
import importlib
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..model.cases import Case
from .checks import run_check
from .results import CaseOutcome, CaseResult, CaseRuns, Judge, outcome_of
from .target import TargetFunction, call_target

_FOREIGN = (str(Path(__file__).parent), str(Path(asyncio.__file__).parent), "<frozen importlib", importlib.__file__)


def run_case(case: Case, target: TargetFunction, judge: Judge | None = None) -> CaseResult:
    """Run one case once. Cost: one run of the application, and one question a judge's check.

    Args:
        case: What to run, whatever its status.
        target: The application; see `target.load_target`.
        judge: Answers the judge's checks; they are skipped without one.

    Returns:
        Every check with what was observed. What the target or the judge raises is an outcome (`error`), since a case
        is one item of a batch; only `KeyboardInterrupt` and `SystemExit` pass through.
    """
    start = time.perf_counter()
    spans: list[Any] = []
    try:
        run = call_target(target, case, spans)
        took = _since(start)
        checks = tuple(run_check(check, run, case, judge) for check in case.checks)
    except Exception as err:
        error = describe_error(err)
        return CaseResult(case.id, CaseOutcome.ERROR, error=error, duration_ms=_since(start), spans=tuple(spans))
    return CaseResult(case.id, outcome_of(checks), checks, run, duration_ms=took, spans=tuple(spans))


def run_cases(
    cases: Iterable[Case],
    target: TargetFunction,
    judge: Judge | None = None,
    *,
    repeats: int = 1,
    on_done: Callable[[CaseRuns], None] | None = None,
) -> list[CaseRuns]:
    """Run every case `repeats` times, in the given order.

    Args:
        cases: What to run; retired cases are left out.
        target: The application.
        judge: Answers the judge's checks.
        repeats: Runs a case, at least 1.
        on_done: Called after each case, for progress and to keep its runs; they have their spans then.
    """
    done: list[CaseRuns] = []
    for case in cases:
        if case.status.value == "retired":
            continue
        runs = CaseRuns(case, tuple(run_case(case, target, judge) for _ in range(max(repeats, 1))))
        if on_done is not None:
            on_done(runs)
        done.append(runs.without_spans())
    return done


def describe_error(err: Exception) -> str:
    """The exception as the application's author reads it: without the frames of this product and of the event loop."""
    frames = traceback.extract_tb(err.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_FOREIGN)]
    told = "".join(traceback.format_list(own[-8:]))
    return told + "".join(traceback.format_exception_only(err)).rstrip()


def _since(start: float) -> float:
    return (time.perf_counter() - start) * 1000
