"""Which traces there are: by short id, newest, of a project, of a session, of a version."""

from __future__ import annotations

from typing import NamedTuple

from ..contract import Store

SELECT_NEWEST = "SELECT coalesce(max(id), 0) AS id FROM trace"
SELECT_AFTER = "SELECT min(id) AS id FROM trace WHERE id > :after"
SELECT_ALL = "SELECT id FROM trace ORDER BY id"
SELECT_OF_PROJECT = "SELECT id FROM trace WHERE project = :project ORDER BY id"
SELECT_NEWEST_FIRST = "SELECT id FROM trace ORDER BY id DESC LIMIT :most"
SELECT_BY_PREFIX = "SELECT id FROM trace WHERE CAST(id AS TEXT) LIKE :digits || '%' ORDER BY id DESC LIMIT :most"
SELECT_OF_SESSION = """
SELECT id FROM trace WHERE session = :session AND project = :project ORDER BY started_at NULLS FIRST, id LIMIT :most
"""
SELECT_OF_VERSION = """
SELECT id FROM trace WHERE project = :project AND coalesce(version, '') = :version AND dirty = 0
ORDER BY id DESC LIMIT :most
"""
SELECT_PROJECT = "SELECT project FROM trace WHERE id = :id"
SELECT_WAITING = "SELECT count(*) AS traces, coalesce(sum(dirty), 0) AS waiting FROM trace"


class StoreSize(NamedTuple):
    """How much a store holds."""

    traces: int
    waiting: int
    """Traces to be assembled, as spans have come for them."""


def newest_trace_id(store: Store) -> int:
    """The highest id there is; 0 in an empty store."""
    with store.read() as con:
        return int(con.execute(SELECT_NEWEST).fetchone()["id"])


def next_trace_id(store: Store, after: int) -> int | None:
    """The first trace with a higher id; None while there is none."""
    with store.read() as con:
        found: int | None = con.execute(SELECT_AFTER, {"after": after}).fetchone()["id"]
    return found


def list_trace_ids(store: Store, project: str | None = None) -> list[int]:
    """The traces of a project, or all, oldest first."""
    with store.read() as con:
        rows = con.execute(SELECT_ALL if project is None else SELECT_OF_PROJECT, {"project": project})
        return [row["id"] for row in rows]


def newest_trace_ids(store: Store, limit: int, digits: str = "") -> list[int]:
    """The newest traces, newest first.

    Args:
        store: Where.
        limit: At most so many.
        digits: What the id begins with; only digits.
    """
    with store.read() as con:
        rows = con.execute(SELECT_BY_PREFIX if digits else SELECT_NEWEST_FIRST, {"digits": digits, "most": limit})
        return [row["id"] for row in rows]


def session_trace_ids(store: Store, project: str, session: str, limit: int) -> list[int]:
    """The traces of a session, in order of time, at most so many."""
    with store.read() as con:
        rows = con.execute(SELECT_OF_SESSION, {"session": session, "project": project, "most": limit})
        return [row["id"] for row in rows]


def version_trace_ids(store: Store, project: str, version: str, limit: int) -> list[int]:
    """The newest assembled traces of a version of a project, newest first; those that name none where it is empty."""
    with store.read() as con:
        rows = con.execute(SELECT_OF_VERSION, {"project": project, "version": version, "most": limit})
        return [row["id"] for row in rows]


def project_of(store: Store, trace_id: int) -> str | None:
    """The project that a trace is in; None where there is no such trace."""
    with store.read() as con:
        row = con.execute(SELECT_PROJECT, {"id": trace_id}).fetchone()
    return None if row is None else str(row["project"])


def store_size(store: Store) -> StoreSize:
    """How many traces there are, and how many of them wait."""
    with store.read() as con:
        row = con.execute(SELECT_WAITING).fetchone()
    return StoreSize(row["traces"], row["waiting"])
