"""Where each fix stands: the ladder of a case, of the lesson that it guards, and of a failure mode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ...analysis.verification.ladder import Production, Rung, Standing, standing_of, trials_of
from ...analysis.verification.verdicts import CaseVerdict
from ...model.experiments import ExperimentKind, RunRecord
from ...store.contract import Store
from ...store.experiments.experiments import experiment_report, get_experiment
from ...store.experiments.production import runs_of_modes, runs_of_production, trace_of_key
from ...store.experiments.runs import newest_runs
from ...store.findings.modes import modes_of
from .recurrences import repeats_of

_NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class CaseStanding:
    """A case and where its fix stands."""

    case_id: str
    standing: Standing
    passed: int
    """Of the newest experiment that ran it, on the candidate."""
    runs: int


def case_standings(
    store: Store, origins: dict[str, str | None], hashes: dict[str, str] | None = None
) -> list[CaseStanding]:
    """Where the fix of each case stands.

    Args:
        store: Where.
        origins: External id of the failing run that each case comes from, by case id.
        hashes: Hash of each case as it is written now; runs of another wording do not count. Where left out, the
            wording that ran last counts.
    """
    by_case: dict[str, list[RunRecord]] = defaultdict(list)
    for run in reversed(newest_runs(store, list(origins))):
        by_case[run.key.case_id].append(run)
    kinds, verdicts = _experiments(store, {run.experiment_id for runs in by_case.values() for run in runs})
    return [_standing(store, case, origin, by_case[case], hashes, kinds, verdicts) for case, origin in origins.items()]


def _experiments(store: Store, ids: set[int]) -> tuple[dict[int, ExperimentKind], dict[tuple[int, str], CaseVerdict]]:
    kinds: dict[int, ExperimentKind] = {}
    verdicts: dict[tuple[int, str], CaseVerdict] = {}
    for number in ids:
        kinds[number] = get_experiment(store, number).kind
        report = experiment_report(store, number)
        for case in (report or {}).get("cases", ()):
            verdicts[number, case["case"]] = CaseVerdict(case["verdict"])
    return kinds, verdicts


def _standing(
    store: Store,
    case_id: str,
    origin: str | None,
    runs: Sequence[RunRecord],
    hashes: dict[str, str] | None,
    kinds: dict[int, ExperimentKind],
    verdicts: dict[tuple[int, str], CaseVerdict],
) -> CaseStanding:
    wording = hashes.get(case_id) if hashes is not None else (runs[-1].case_hash if runs else None)
    own = [run for run in runs if run.case_hash == wording]
    mine = {number: verdict for (number, case), verdict in verdicts.items() if case == case_id}
    trials = trials_of(own, kinds, mine)
    standing = standing_of(trials)
    if standing.rung is Rung.VERIFIED and origin and standing.since:
        standing = standing_of(trials, production_since(store, origin, standing.since))
    last = trials[-1] if trials else None
    return CaseStanding(case_id, standing, last.passed if last else 0, last.passed + last.failed if last else 0)


def production_since(store: Store, origin: str, moment: str) -> Production | None:
    """Runs of the project of a failing run since a moment, and how many of them fail as it did: by mode, or exactly.

    None where the store does not hold that run.
    """
    since = int(datetime.fromisoformat(moment).timestamp() * _NANO)
    with store.read() as con:
        found = trace_of_key(con, origin)
        if found is None:
            return None
        trace_id, project = found
        runs = runs_of_production(con, project, since)
        modes = [mode for own in modes_of(con, [trace_id]).values() for mode in own]
        back = set(runs_of_modes(con, project, since, modes)) if modes else set[int]()
    if runs:
        back |= set(_since(store, repeats_of(store, trace_id), since))
    return Production(runs, len(back))


def _since(store: Store, trace_ids: Sequence[int], since_ns: int) -> list[int]:
    from ...store.reading.summaries import get_summaries

    return [summary.id for summary in get_summaries(store, trace_ids) if (summary.started_at_ns or 0) > since_ns]
