"""Where a planned comparison stands: which runs are made, which come next, and which cases have come to their end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ...analysis.verification.single_case import Call, Rule, Tally, call_of, stop_of
from ...analysis.verification.verdicts import CaseEvidence
from ...model.experiments import Batch, RunKey, RunRecord, Side
from .plan import Plan, PlannedCase

HOPELESS = 3
"""Runs of a side that could not be decided, with none that could, after which no more are made of a case."""


class CaseProgress:
    """The runs of one case so far. The same runs in any order lead to the same next ones."""

    def __init__(self, planned: PlannedCase) -> None:
        self.planned = planned
        self._runs: dict[Batch, dict[Side, list[RunRecord]]] = {batch: {side: [] for side in Side} for batch in Batch}

    def add(self, run: RunRecord) -> None:
        """Take a run that was made."""
        self._runs[run.key.batch][run.key.side].append(run)

    def next_pair(self) -> Sequence[RunKey]:
        """The runs that are missing of the pair that comes next; none where the case has come to its end.

        Which version goes first alternates, so that neither always runs on a machine that is warm.
        """
        batch = self.batch
        if batch is None:
            return ()
        done = {side: {run.key.repeat for run in self._runs[batch][side]} for side in Side}
        repeat = min(_first_missing(done[side]) for side in Side)
        order = (Side.BASE, Side.CANDIDATE) if repeat % 2 == 0 else (Side.CANDIDATE, Side.BASE)
        return [RunKey(self.planned.case_id, side, batch, repeat) for side in order if repeat not in done[side]]

    @property
    def batch(self) -> Batch | None:
        """Which batch is being run; None at the end."""
        if not self._ended(Batch.FIRST, self.planned.rule):
            return Batch.FIRST
        if self.worse and not self._ended(Batch.CONFIRMING, self.planned.confirming):
            return Batch.CONFIRMING
        return None

    @property
    def worse(self) -> bool:
        """Whether the first batch calls the case worse, so that a fresh one has to confirm it."""
        return call_of(self.tally(Batch.FIRST)) is Call.WORSE and self._ended(Batch.FIRST, self.planned.rule)

    def tally(self, batch: Batch) -> Tally:
        """Passes and decided runs of a batch."""
        counts: list[int] = []
        for side in Side:
            decided = [run for run in self._runs[batch][side] if run.decided]
            counts += [sum(run.outcome == "passed" for run in decided), len(decided)]
        return Tally(*counts)

    def _ended(self, batch: Batch, rule: Rule) -> bool:
        sides = self._runs[batch]
        if len(sides[Side.BASE]) != len(sides[Side.CANDIDATE]):
            return False
        if len(sides[Side.BASE]) >= rule.pairs or any(_hopeless(runs) for runs in sides.values()):
            return True
        return stop_of(self.tally(batch), rule) is not None

    def evidence(self, slices: Sequence[str] = ()) -> CaseEvidence:
        """What the runs prove, for the judgement."""
        confirming = self.tally(Batch.CONFIRMING) if self.worse and self._runs[Batch.CONFIRMING][Side.BASE] else None
        undecided = sum(not run.decided for side in Side for run in self._runs[Batch.FIRST][side])
        return CaseEvidence(
            self.planned.case_id,
            self.planned.rule,
            self.tally(Batch.FIRST),
            confirming,
            undecided=undecided,
            severity=self.planned.severity,
            quarantined=self.planned.quarantined,
            slices=tuple(slices),
            failed_checks=(self._failed(Side.BASE), self._failed(Side.CANDIDATE)),
        )

    def _failed(self, side: Side) -> tuple[str, ...]:
        runs = [run for batch in Batch for run in self._runs[batch][side]]
        return tuple(dict.fromkeys(c.check for run in runs for c in run.checks if c.status == "failed"))

    @property
    def trouble(self) -> str | None:
        """Why a run could not be decided, of the last such run."""
        runs = [run for batch in Batch for side in Side for run in self._runs[batch][side] if not run.decided]
        if not runs:
            return None
        reasons = [check.reason for check in runs[-1].checks if check.status in ("error", "skipped")]
        return runs[-1].error or "; ".join(reasons) or "no check was decided"


def _hopeless(runs: Sequence[RunRecord]) -> bool:
    return len(runs) >= HOPELESS and not any(run.decided for run in runs)


def _first_missing(done: set[int]) -> int:
    return next(number for number in range(len(done) + 1) if number not in done)


def progress_of(plan: Plan, runs: Iterable[RunRecord]) -> dict[str, CaseProgress]:
    """Where each case of a plan stands after these runs, whichever process made them."""
    found = {case.case_id: CaseProgress(case) for case in plan.cases}
    by_case: dict[str, list[RunRecord]] = defaultdict(list)
    for run in runs:
        by_case[run.key.case_id].append(run)
    for case_id, progress in found.items():
        for run in by_case[case_id]:
            progress.add(run)
    return found
