"""Runs of cases, each kept as soon as it has ended, so that a kill loses no run that was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from ...model.experiments import CheckRecord, RunKey, RunMeasure, RunRecord, TargetPrint
from ...model.fields import record_of
from ..contract import Connection, Row, Store
from ..fields import from_row, insert_row, values_of

SELECT_RUNS = "SELECT * FROM experiment_run WHERE experiment_id = :id ORDER BY id"
_OF_VERSIONS = "experiment_id NOT IN (SELECT id FROM experiment WHERE kind IN ('lift', 'cause'))"
"""Runs with a lesson in the context, or with a step replaced, are runs of no version that anybody ships."""
_AS_IT_IS = "experiment_id NOT IN (SELECT id FROM experiment WHERE kind = 'cause')"
"""Where a step is tried as the cause, the base answers from the record as well."""
SELECT_OF_CASES = f"""
SELECT * FROM experiment_run WHERE case_id IN :cases AND {_OF_VERSIONS} ORDER BY id DESC LIMIT :limit
"""  # noqa: S608
COUNT_BY_TARGET = f"""
SELECT case_id, case_hash, target_hash, side, sum(CASE WHEN outcome = 'passed' THEN 1 ELSE 0 END) AS passed,
  count(*) AS runs, max(id) AS last
FROM experiment_run
WHERE case_id IN :cases AND outcome IN ('passed', 'failed') AND {_AS_IT_IS} AND (side = 'base' OR {_OF_VERSIONS})
GROUP BY case_id, case_hash, target_hash, side ORDER BY last
"""  # noqa: S608
SELECT_LAST = f"""
SELECT r.case_id, r.outcome, r.started_at FROM experiment_run r JOIN (
  SELECT case_id, max(id) AS last FROM experiment_run
  WHERE outcome IN ('passed', 'failed') AND {_OF_VERSIONS} GROUP BY case_id
) newest ON newest.last = r.id
"""  # noqa: S608
SELECT_CASES = f"SELECT DISTINCT case_id FROM experiment_run WHERE {_AS_IT_IS} ORDER BY case_id"  # noqa: S608
MEAN_TAKEN = """
SELECT avg(duration_ms) AS duration_ms, avg(cost_usd) AS cost_usd, count(*) AS runs
FROM experiment_run WHERE case_id IN :cases AND outcome IN ('passed', 'failed')
"""
_ONCE = "ON CONFLICT(experiment_id, case_id, side, batch, repeat) DO NOTHING"


class TargetCount(NamedTuple):
    """How often a case passed on one target."""

    case_id: str
    case_hash: str
    target_hash: str
    passed: int
    runs: int
    last: int
    """Id of its newest run; larger is later."""


class LastRun(NamedTuple):
    """How the last decided run of a case went."""

    passed: bool
    at: str


class Taken(NamedTuple):
    """What a run took on average; None where no run told."""

    duration_ms: float | None
    cost_usd: float | None
    runs: int


def insert_run(con: Connection, experiment_id: int, run: RunRecord) -> None:
    """Keep one run. A run that is there already stays as it is."""
    parts = ("key", "target", "measure", "checks", "experiment_id")
    checks = orjson.dumps([record_of(check) for check in run.checks]).decode()
    values = values_of(run, leave_out=parts, experiment_id=experiment_id, checks=checks)
    insert_row(
        con, "experiment_run", values | values_of(run.key) | values_of(run.target) | values_of(run.measure), _ONCE
    )


def runs_of(store: Store, experiment_id: int) -> list[RunRecord]:
    """Every run of an experiment, in the order they ended."""
    with store.read() as con:
        return [_run(row) for row in con.execute(SELECT_RUNS, {"id": experiment_id})]


def newest_runs(store: Store, case_ids: Sequence[str], *, limit: int = 2_000) -> list[RunRecord]:
    """The newest runs of these cases, newest first."""
    with store.read() as con:
        return [_run(row) for row in con.execute(SELECT_OF_CASES, {"cases": list(case_ids), "limit": limit})]


def counts_by_target(store: Store, case_ids: Sequence[str]) -> list[TargetCount]:
    """How often each case passed on each target that it ever ran on, the one that ran last at the end."""
    with store.read() as con:
        return [from_row(TargetCount, row) for row in con.execute(COUNT_BY_TARGET, {"cases": list(case_ids)})]


def last_runs(store: Store) -> dict[str, LastRun]:
    """By case: its last decided run on a version of the application."""
    with store.read() as con:
        rows = con.execute(SELECT_LAST)
        return {row["case_id"]: LastRun(row["outcome"] == "passed", row["started_at"]) for row in rows}


def cases_run(store: Store) -> list[str]:
    """Ids of all cases that were ever run."""
    with store.read() as con:
        return [row["case_id"] for row in con.execute(SELECT_CASES)]


def mean_taken(store: Store, case_ids: Sequence[str]) -> Taken:
    """What a run of these cases took on average."""
    with store.read() as con:
        return from_row(Taken, con.execute(MEAN_TAKEN, {"cases": list(case_ids)}).fetchone())


def _run(row: Row) -> RunRecord:
    return from_row(
        RunRecord,
        row,
        key=from_row(RunKey, row),
        target=from_row(TargetPrint, row),
        measure=from_row(RunMeasure, row),
        checks=tuple(CheckRecord(**check) for check in orjson.loads(row["checks"])),
    )
