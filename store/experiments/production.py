"""Runs of production since a moment, apart from those that regression cases left; and runs that may repeat another."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import Connection

_TIME = "coalesce(t.started_at, t.arrived_at)"
REGRESSION = "regression"
"""The environment of traces that runs of cases leave: none of them is a run of production."""
_REAL = f"coalesce(t.environment, '') <> '{REGRESSION}'"
_ALIKE = "(t.input = j.input OR (t.task_declared = 1 AND t.task = j.task))"
SELECT_SINCE = f"""
SELECT count(*) AS runs FROM trace t WHERE t.project = :project AND {_TIME} > :since AND {_REAL}
"""  # noqa: S608
SELECT_BACK = f"""
SELECT DISTINCT t.id FROM trace t JOIN mode_member m ON m.trace_id = t.id
WHERE t.project = :project AND {_TIME} > :since AND {_REAL} AND m.mode_id IN :modes ORDER BY t.id
"""  # noqa: S608
SELECT_REPEATS = f"""
SELECT t.id FROM trace t JOIN trace j ON j.id = :judged AND j.project = t.project AND j.step_count = t.step_count
WHERE t.id <> j.id AND {_REAL} AND {_ALIKE}
  AND {_TIME} > coalesce(j.started_at, j.arrived_at) ORDER BY {_TIME} DESC, t.id DESC LIMIT :limit
"""  # noqa: S608
SELECT_REPEATED = f"""
SELECT j.id FROM trace j JOIN trace t ON t.id = :run AND j.project = t.project AND j.step_count = t.step_count
WHERE j.id IN :judged AND j.id <> t.id AND {_ALIKE} AND {_TIME} > coalesce(j.started_at, j.arrived_at)
ORDER BY coalesce(j.started_at, j.arrived_at) DESC, j.id DESC LIMIT :limit
"""  # noqa: S608
SELECT_SHOWING = f"""
SELECT DISTINCT t.id FROM signal s JOIN trace t ON t.id = s.trace_id
JOIN trace j ON j.project = t.project AND j.step_count = t.step_count AND j.id <> t.id AND {_ALIKE}
WHERE s.signal = :signal AND j.trace_key IN :keys AND {_REAL} ORDER BY t.id DESC LIMIT :limit
"""  # noqa: S608
SELECT_BY_KEY = "SELECT id, project FROM trace WHERE trace_key = :key ORDER BY id LIMIT 1"


def runs_of_production(con: Connection, project: str, since_ns: int) -> int:
    """How many runs of a project began after a moment."""
    return int(con.execute(SELECT_SINCE, {"project": project, "since": since_ns}).fetchone()["runs"])


def runs_of_modes(con: Connection, project: str, since_ns: int, modes: Sequence[int]) -> list[int]:
    """The runs among them that belong to one of these failure modes."""
    values = {"project": project, "since": since_ns, "modes": list(modes)}
    return [row["id"] for row in con.execute(SELECT_BACK, values)]


def later_alike(con: Connection, trace_id: int, limit: int) -> list[int]:
    """Later runs of the same request or task with as many steps, newest first: those that may repeat a run."""
    return [row["id"] for row in con.execute(SELECT_REPEATS, {"judged": trace_id, "limit": limit})]


def earlier_alike(con: Connection, trace_id: int, judged: Sequence[int], limit: int) -> list[int]:
    """Those of the judged runs that this one may repeat, newest first: the same question from the other end."""
    values = {"run": trace_id, "judged": list(judged), "limit": limit}
    return [row["id"] for row in con.execute(SELECT_REPEATED, values)]


def alike_with_signal(con: Connection, keys: Sequence[str], signal: str, limit: int) -> list[int]:
    """Runs with a signal that may repeat one of these (external ids), newest first."""
    values = {"keys": list(keys), "signal": signal, "limit": limit}
    return [row["id"] for row in con.execute(SELECT_SHOWING, values)]


def trace_of_key(con: Connection, key: str) -> tuple[int, str] | None:
    """Id and project of the trace with this external id."""
    row = con.execute(SELECT_BY_KEY, {"key": key}).fetchone()
    return None if row is None else (row["id"], row["project"])
