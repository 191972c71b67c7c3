"""Experiments: planned, begun, ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model.errors import UnknownIdError
from ...model.experiments import Experiment, ExperimentKind, ExperimentState, Lift, LiftVerdict
from ..contract import Connection, Row, Store
from ..fields import from_row, insert_numbered, values_of
from ..traces.compression import pack, unpack

LESSON = "lesson:"
"""Begins the candidate's name where a lesson is what is compared: `lesson:quote-the-window`."""
_PARTS = "id, kind, state, project, base, candidate, plan, plan_hash, created_at, finished_at, verdict"
SELECT_EXPERIMENT = f"SELECT {_PARTS} FROM experiment WHERE id = :id"  # noqa: S608
SELECT_NEWEST = f"SELECT {_PARTS} FROM experiment ORDER BY id DESC LIMIT :limit"  # noqa: S608
SELECT_OF_KIND = f"SELECT {_PARTS} FROM experiment WHERE kind = :kind ORDER BY id DESC LIMIT :limit"  # noqa: S608
SELECT_LIFTS = """
SELECT id, candidate, verdict, finished_at, report FROM experiment WHERE id IN (
  SELECT max(id) FROM experiment WHERE kind = 'lift' AND state = 'done' GROUP BY candidate)
"""
SELECT_REPORT = "SELECT report FROM experiment WHERE id = :id"
SET_STATE = "UPDATE experiment SET state = :state WHERE id = :id"
FINISH = """
UPDATE experiment SET state = 'done', finished_at = :at, verdict = :verdict, report = :report WHERE id = :id
"""


def insert_experiment(con: Connection, experiment: Experiment) -> int:
    """Keep a new experiment; returns its id."""
    return insert_numbered(con, "experiment", values_of(experiment, leave_out=("id",)))


def parse_experiment_id(text: str) -> int:
    """The number in `E3`.

    Raises:
        UnknownIdError: if the text has another form.
    """
    digits = text.strip().upper().removeprefix("E")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise UnknownIdError(
            "experiment", text, known="an id looks like E3", next_step="`retrospan verify --list` shows them."
        )
    return int(digits)


def get_experiment(store: Store, experiment_id: int) -> Experiment:
    """One experiment.

    Raises:
        UnknownIdError: if there is none with this id.
    """
    with store.read() as con:
        row = con.execute(SELECT_EXPERIMENT, {"id": experiment_id}).fetchone()
        newest = con.execute(SELECT_NEWEST, {"limit": 1}).fetchone() if row is None else None
    if row is None:
        known = f"newest: E{newest['id']}" if newest else "there is none yet"
        raise UnknownIdError(
            "experiment", f"E{experiment_id}", known=known, next_step="`retrospan verify --list` shows them."
        )
    return from_row(Experiment, row)


def list_experiments(store: Store, *, kind: ExperimentKind | None = None, limit: int = 20) -> list[Experiment]:
    """Experiments, newest first."""
    with store.read() as con:
        if kind is None:
            rows = con.execute(SELECT_NEWEST, {"limit": limit}).fetchall()
        else:
            rows = con.execute(SELECT_OF_KIND, {"kind": kind.value, "limit": limit}).fetchall()
    return [from_row(Experiment, row) for row in rows]


def set_experiment_state(con: Connection, experiment_id: int, state: ExperimentState) -> None:
    """Say that an experiment has begun."""
    con.execute(SET_STATE, {"state": state.value, "id": experiment_id})


def finish_experiment(
    con: Connection, experiment_id: int, *, at: str, verdict: str | None, report: Mapping[str, Any] | None
) -> None:
    """Keep what was concluded."""
    packed = None if report is None else pack(dict(report))
    con.execute(FINISH, {"at": at, "verdict": verdict, "report": packed, "id": experiment_id})


def experiment_report(store: Store, experiment_id: int) -> dict[str, Any] | None:
    """What was concluded; None while it is not done."""
    with store.read() as con:
        row = con.execute(SELECT_REPORT, {"id": experiment_id}).fetchone()
    return _report(row) if row is not None else None


def newest_lifts(store: Store) -> dict[str, Lift]:
    """By lesson: the newest comparison of its case with and without it that came to its end."""
    with store.read() as con:
        rows = con.execute(SELECT_LIFTS).fetchall()
    found = {}
    for row in rows:
        lesson, report = row["candidate"].removeprefix(LESSON), _report(row) or {}
        known = row["verdict"] in set(LiftVerdict)
        verdict = LiftVerdict(row["verdict"]) if known else LiftVerdict.UNSURE
        because = str(report.get("lift", ""))
        found[lesson] = Lift(lesson, f"E{row['id']}", verdict, because, row["finished_at"] or "")
    return found


def _report(row: Row) -> dict[str, Any] | None:
    found = None if row["report"] is None else unpack(row["report"])
    return found if isinstance(found, dict) else None
