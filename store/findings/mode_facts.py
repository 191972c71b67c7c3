"""Single facts about modes and observations, as placing and observing ask for them."""

from __future__ import annotations

from typing import NamedTuple

from ..contract import Connection, Store
from .modes import ModeStatus

SELECT_OBSERVED = "SELECT DISTINCT trace_id FROM observation"
SELECT_LARGEST_PROJECT = "SELECT project FROM mode_background ORDER BY runs DESC LIMIT 1"
COUNT_MEMBERS = "SELECT count(*) AS size FROM mode_member WHERE mode_id = :mode_id"
SELECT_OF_LABEL = "SELECT id FROM failure_mode WHERE project = :project AND label_key = :label_key ORDER BY id LIMIT 1"
SELECT_LIFE = "SELECT status, fixed_at FROM failure_mode WHERE id = :mode_id"


class ModeLife(NamedTuple):
    """Where a mode stands."""

    status: ModeStatus
    fixed_at: int | None
    """Unix nanoseconds."""


def observed_traces(store: Store) -> set[int]:
    """Traces in which somebody noticed something."""
    with store.read() as con:
        return {row["trace_id"] for row in con.execute(SELECT_OBSERVED)}


def largest_project(con: Connection) -> str:
    """The project with most placed runs; empty where none was placed yet."""
    row = con.execute(SELECT_LARGEST_PROJECT).fetchone()
    return "" if row is None else str(row["project"])


def count_members(con: Connection, mode_id: int) -> int:
    """How many runs a mode has."""
    return int(con.execute(COUNT_MEMBERS, {"mode_id": mode_id}).fetchone()["size"])


def mode_of_label(con: Connection, project: str, label_key: str) -> int | None:
    """The mode that observations under a label belong to; None before the first."""
    row = con.execute(SELECT_OF_LABEL, {"project": project, "label_key": label_key}).fetchone()
    return None if row is None else int(row["id"])


def life_of_mode(con: Connection, mode_id: int) -> ModeLife:
    """The status of a mode, which must exist."""
    row = con.execute(SELECT_LIFE, {"mode_id": mode_id}).fetchone()
    return ModeLife(ModeStatus(row["status"]), row["fixed_at"])
