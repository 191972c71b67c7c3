"""Experiments as kept: planned before the first run, each run once, concluded once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from retrospan.model.errors import UnknownIdError
from retrospan.model.experiments import (
    Batch,
    CheckRecord,
    Experiment,
    ExperimentKind,
    ExperimentState,
    RunKey,
    RunMeasure,
    RunRecord,
    Side,
    TargetPrint,
)
from retrospan.store.contract import Store
from retrospan.store.experiments.experiments import (
    experiment_report,
    finish_experiment,
    get_experiment,
    insert_experiment,
    list_experiments,
    parse_experiment_id,
    set_experiment_state,
)
from retrospan.store.experiments.runs import (
    counts_by_target,
    insert_run,
    last_runs,
    mean_taken,
    newest_runs,
    runs_of,
)

PLANNED = Experiment(
    0,
    ExperimentKind.VERIFY,
    ExperimentState.PLANNED,
    "shop",
    "git:main",
    "git:fix",
    '{"cases":[]}',
    "ab12",
    "2026-11-30",
)
RUN = RunRecord(
    RunKey("refund", Side.CANDIDATE, Batch.FIRST, 0),
    "c0ffee",
    "failed",
    (CheckRecord("grounded", "failed", "no tool result has 45"),),
    None,
    TargetPrint("git:fix", "beef", "0123", "d1f7"),
    "2026-11-30T10:00:00Z",
    812.5,
    attempts=2,
    judge_hash="a1",
    measure=RunMeasure(100, 20, 0.002, "ridge-mini-1", "p1", "t1", 7),
)


def kept(store: Store, *runs: RunRecord) -> int:
    with store.write() as con:
        number = insert_experiment(con, PLANNED)
        for run in runs:
            insert_run(con, number, run)
    return number


def test_an_experiment_comes_back_as_it_was_planned(store: Store) -> None:
    number = kept(store)
    assert get_experiment(store, number) == replace(PLANNED, id=number)
    assert list_experiments(store) == [replace(PLANNED, id=number)]
    assert list_experiments(store, kind=ExperimentKind.RUN) == []


def test_a_run_comes_back_whole(store: Store) -> None:
    number = kept(store, RUN)
    assert runs_of(store, number) == [replace(RUN, experiment_id=number)]
    assert newest_runs(store, ["refund", "other"]) == runs_of(store, number)


def test_a_run_is_kept_once(store: Store) -> None:
    number = kept(store, RUN, replace(RUN, outcome="passed"), replace(RUN, key=replace(RUN.key, repeat=1)))
    assert [run.outcome for run in runs_of(store, number)] == ["failed", "failed"]


def test_an_experiment_has_a_life_and_a_conclusion(store: Store) -> None:
    number = kept(store)
    with store.write() as con:
        set_experiment_state(con, number, ExperimentState.RUNNING)
    assert get_experiment(store, number).state is ExperimentState.RUNNING
    assert experiment_report(store, number) is None
    with store.write() as con:
        finish_experiment(con, number, at="2026-12-01", verdict="holds", report={"cases": 2})
    done = get_experiment(store, number)
    assert (done.state, done.verdict, done.finished_at) == (ExperimentState.DONE, "holds", "2026-12-01")
    assert experiment_report(store, number) == {"cases": 2}


def test_runs_are_counted_by_target_and_undecided_ones_are_not(store: Store) -> None:
    at = [replace(RUN, key=replace(RUN.key, repeat=i)) for i in range(4)]
    kept(store, at[0], replace(at[1], outcome="passed"), replace(at[2], outcome="error"))
    kept(store, replace(at[3], outcome="passed", target=replace(RUN.target, target_hash="new")))
    counts = counts_by_target(store, ["refund"])
    assert [(c.target_hash, c.passed, c.runs) for c in counts] == [("beef", 1, 2), ("new", 1, 1)]
    assert {case: run.passed for case, run in last_runs(store).items()} == {"refund": True}
    assert mean_taken(store, ["refund"]).duration_ms == 812.5
    assert mean_taken(store, ["none"]).runs == 0


@pytest.mark.parametrize("text", ["", "T4", "Ex", "E-1"])
def test_an_id_of_another_form_is_explained(text: str) -> None:
    with pytest.raises(UnknownIdError, match="looks like E3"):
        parse_experiment_id(text)


def test_an_unknown_experiment_names_the_newest(store: Store) -> None:
    with pytest.raises(UnknownIdError, match="there is none yet"):
        get_experiment(store, 9)
    kept(store)
    with pytest.raises(UnknownIdError, match="newest: E1"):
        get_experiment(store, parse_experiment_id("e9"))
