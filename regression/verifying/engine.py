"""Run a plan: pairs of all cases interleaved over workers, each run kept as it ends, taken up again after a kill."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from ...model.cases import Case
from ...model.experiments import CheckRecord, RunKey, RunRecord, Side
from ...services.verification.recording import Recorder
from ..casehash import hash_case
from ..results import Judge
from ..targets.process import end_running
from ..targets.runnable import Runnable
from ..targets.spans import SpanReceiver
from .executing import Executed, execute
from .progress import CaseProgress

OnRun = Callable[[RunRecord, int], None]
"""Told each run that was kept, and how many are still in sight."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a call may take; what is left over is run by the next one."""

    runs: int | None = None
    usd: float | None = None


class Engine:
    """Runs what is missing of a plan.

    Args:
        cases: By id.
        base: The version held against.
        candidate: The version in question.
        recorder: Keeps every run.
        judge: Answers the judge's checks.
        workers: Runs at the same time.
        budget: Ends early, with everything kept.
        on_run: Told each run.
    """

    def __init__(
        self,
        cases: Mapping[str, Case],
        base: Runnable,
        candidate: Runnable,
        recorder: Recorder,
        *,
        judge: Judge | None = None,
        judge_hash: str | None = None,
        workers: int = 2,
        budget: Budget | None = None,
        on_run: OnRun | None = None,
    ) -> None:
        self._cases, self._recorder, self._judge = cases, recorder, judge
        self._sides = {Side.BASE: base, Side.CANDIDATE: candidate}
        self._judge_hash, self._workers, self._budget, self._on_run = judge_hash, workers, budget or Budget(), on_run
        self._made, self._spent = 0, 0.0

    def run(self, progress: Mapping[str, CaseProgress]) -> bool:
        """Make the missing runs; True where all cases have come to their end, False where the budget ended it.

        On an interrupt the runs in flight are ended with their processes; they count as never made.
        """
        waiting = deque(progress.values())
        flying: dict[Future[Executed], RunKey] = {}
        with SpanReceiver() as receiver, ThreadPoolExecutor(self._workers, thread_name_prefix="retrospan-run") as pool:
            try:
                while True:
                    self._fill(pool, receiver, waiting, flying)
                    if not flying:
                        return not any(entry.next_pair() for entry in progress.values())
                    done = wait(flying, return_when=FIRST_COMPLETED).done
                    for future in [started for started in flying if started in done]:
                        self._take(flying.pop(future), future.result(), progress, waiting, flying)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                end_running()
                raise

    def _fill(
        self,
        pool: ThreadPoolExecutor,
        receiver: SpanReceiver,
        waiting: deque[CaseProgress],
        flying: dict[Future[Executed], RunKey],
    ) -> None:
        """Start pairs until every worker has a run and one waits; the case that waited longest comes first."""
        while waiting and len(flying) <= self._workers and self._affordable(len(flying)):
            for key in waiting.popleft().next_pair():
                future = pool.submit(execute, self._cases[key.case_id], self._sides[key.side], receiver, self._judge)
                flying[future] = key

    def _affordable(self, flying: int) -> bool:
        runs, usd = self._budget.runs, self._budget.usd
        return (runs is None or self._made + flying < runs) and (usd is None or self._spent < usd)

    def _take(
        self,
        key: RunKey,
        executed: Executed,
        progress: Mapping[str, CaseProgress],
        waiting: deque[CaseProgress],
        flying: Mapping[Future[Executed], RunKey],
    ) -> None:
        case = self._cases[key.case_id]
        record = record_run(key, case, executed, self._sides[key.side], self._judge_hash)
        kept = self._recorder.keep(record, executed.spans)
        self._made += 1
        self._spent += kept.measure.cost_usd or 0.0
        own = progress[key.case_id]
        own.add(kept)
        if not any(other.case_id == key.case_id for other in flying.values()):
            waiting.append(own)
        if self._on_run is not None:
            self._on_run(kept, sum(bool(entry.next_pair()) for entry in progress.values()))


def record_run(
    key: RunKey, case: Case, executed: Executed, target: Runnable, judge_hash: str | None = None
) -> RunRecord:
    """A run as it is kept."""
    result = executed.result
    return RunRecord(
        key,
        hash_case(case),
        result.outcome.value,
        tuple(CheckRecord(check.check, check.status.value, check.reason) for check in result.checks),
        result.error,
        target.target_print,
        executed.started_at,
        result.duration_ms,
        executed.attempts,
        judge_hash,
    )
