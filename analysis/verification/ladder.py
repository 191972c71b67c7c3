"""How far the fix of a failure is proven, as rungs that each need the one below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from ...model.experiments import Batch, ExperimentKind, RunRecord, Side
from .single_case import bound_of_none
from .verdicts import CaseVerdict


class Rung(StrEnum):
    """Where a fix stands."""

    NOT_RUN = "not run"
    """Never run as it is now, or never seen to fail: then nothing shows that it would tell."""
    REPRODUCED = "reproduced"
    """The failure was seen in a run of the case."""
    IMPROVED = "improved"
    """It fails less than it did, and not provably never, or no plan stood behind the runs."""
    VERIFIED = "verified"
    """A planned comparison calls it fixed: it failed on the base and passed every run of the candidate."""
    HOLDING = "holding"
    """Verified, and no run of production has failed that way since."""
    REGRESSED = "regressed"
    """It was better and fails again, in a run of the case or in production."""


@dataclass(frozen=True, slots=True)
class Production:
    """Comparable runs of production since a fix was verified."""

    runs: int = 0
    back: int = 0
    """How many of them fail in the same way."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A rung with its reason."""

    rung: Rung
    because: str
    since: str | None = None
    """When the experiment ended that it rests on."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The runs of one case in one experiment."""

    experiment: str
    kind: ExperimentKind
    at: str
    verdict: CaseVerdict | None
    """Of a planned comparison that came to its end."""
    failed: int
    """On the candidate, or on the only version."""
    passed: int
    base_failed: int = 0


def trials_of(
    runs: Sequence[RunRecord], kinds: dict[int, ExperimentKind], verdicts: dict[int, CaseVerdict]
) -> list[Trial]:
    """The runs of one case by experiment, oldest first. Runs that could not be decided say nothing.

    Args:
        runs: Of the case as it is written now, in the order they ended.
        kinds: Kind by experiment id.
        verdicts: The case's verdict by experiment id, where a comparison came to its end.
    """
    decided = sorted((run for run in runs if run.decided), key=lambda run: run.experiment_id)
    found = []
    for number, own in groupby(decided, key=lambda run: run.experiment_id):
        mine = list(own)
        candidate = [run for run in mine if run.key.side is Side.CANDIDATE]
        found.append(
            Trial(
                f"E{number}",
                kinds.get(number, ExperimentKind.RUN),
                max(run.started_at for run in mine),
                verdicts.get(number),
                sum(run.outcome == "failed" for run in candidate),
                sum(run.outcome == "passed" for run in candidate),
                sum(
                    run.outcome == "failed"
                    for run in mine
                    if run.key.side is Side.BASE and run.key.batch is Batch.FIRST
                ),
            )
        )
    return found


def standing_of(trials: Sequence[Trial], production: Production | None = None) -> Standing:
    """Where a fix stands by all trials of its case, oldest first, and by production since it was verified.

    A case that was never seen to fail stays on the lowest rung however often it passes.
    """
    standing = Standing(Rung.NOT_RUN, "never run as it is written now")
    for trial in trials:
        standing = _after(standing, trial)
    if standing.rung is not Rung.VERIFIED or production is None:
        return standing
    if production.back:
        told = f"{production.back} of {production.runs} runs of production failed that way since {standing.because}"
        return Standing(Rung.REGRESSED, told, standing.since)
    if production.runs:
        bound = bound_of_none(production.runs)
        told = (
            f"0 of {production.runs} runs of production failed that way since (at most {bound:.1%}); {standing.because}"
        )
        return Standing(Rung.HOLDING, told, standing.since)
    return standing


def _after(before: Standing, trial: Trial) -> Standing:
    seen = before.rung is not Rung.NOT_RUN or trial.base_failed > 0
    better = before.rung in (Rung.IMPROVED, Rung.VERIFIED)
    if trial.verdict is CaseVerdict.BROKEN or (trial.failed and not trial.passed and better):
        return Standing(Rung.REGRESSED, f"it fails again in {trial.experiment}", trial.at)
    if trial.verdict is CaseVerdict.FIXED and seen:
        return Standing(Rung.VERIFIED, f"{trial.experiment} calls it fixed", trial.at)
    if trial.verdict is CaseVerdict.IMPROVED and seen:
        return Standing(Rung.IMPROVED, f"{trial.experiment} calls it improved", trial.at)
    if trial.failed:
        kept = before if better else Standing(Rung.REPRODUCED, f"it failed in {trial.experiment}", trial.at)
        return before if before.rung is Rung.REGRESSED else kept
    if before.rung is Rung.VERIFIED:
        return before
    if not seen:
        told = f"it passed in {trial.experiment} and was never seen to fail, so nothing shows that it would tell"
        return Standing(Rung.NOT_RUN, told, trial.at)
    if trial.passed and trial.verdict is None:
        return Standing(Rung.IMPROVED, f"it passes in {trial.experiment}, without a planned comparison", trial.at)
    return (
        before
        if before.rung is not Rung.NOT_RUN
        else Standing(Rung.REPRODUCED, f"its base failed in {trial.experiment}", trial.at)
    )
