"""Failure modes as stored: their members, their names and their life."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ...model.errors import UnknownIdError
from ...model.text.secrets import without_secrets
from ..contract import Connection, Store
from ..traces.contents import marks

_CHUNK = 900
_TIME = "coalesce(t.started_at, t.arrived_at)"

SELECT_MODES = """
SELECT m.*, count(x.trace_id) AS size, coalesce(sum(x.known), 0) AS known,
  min(coalesce(t.started_at, t.arrived_at)) AS first_ns, max(coalesce(t.started_at, t.arrived_at)) AS last_ns
FROM failure_mode m LEFT JOIN mode_member x ON x.mode_id = m.id LEFT JOIN trace t ON t.id = x.trace_id
WHERE {where} GROUP BY m.id ORDER BY m.failure DESC, size DESC, m.id
"""
SELECT_MEMBERS = f"""
SELECT x.*, {_TIME} AS at_ns FROM mode_member x JOIN trace t ON t.id = x.trace_id
WHERE x.mode_id = ? ORDER BY at_ns DESC, x.trace_id DESC
"""  # noqa: S608
SELECT_MODES_OF = "SELECT trace_id, mode_id FROM mode_member WHERE trace_id IN ({marks}) ORDER BY trace_id, mode_id"
INSERT_MODE = """
INSERT INTO failure_mode(project, failure, label_key, proposed_name, proposed_by, name, opened_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
RETURNING id
"""
UPSERT_MEMBER = """
INSERT INTO mode_member(trace_id, mode_id, span_id, known, observed, likeness, joined_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(trace_id, mode_id) DO UPDATE SET span_id = excluded.span_id, known = excluded.known,
  observed = max(observed, excluded.observed)
"""
DELETE_CLUSTERED = "DELETE FROM mode_member WHERE trace_id = ? AND observed = 0"
SELECT_TOOL = "SELECT tool FROM span WHERE trace_id = ? AND span_id = ?"
SELECT_PLACED = """
SELECT t.id, t.project, f.trace_id IS NOT NULL FROM trace t LEFT JOIN trace_features f ON f.trace_id = t.id
"""
SELECT_IN_NONE = """
SELECT f.trace_id FROM trace_features f
WHERE NOT EXISTS (SELECT 1 FROM mode_member x WHERE x.trace_id = f.trace_id) ORDER BY 1
"""
COUNT_WINDOWS = f"""
SELECT sum({_TIME} > ?), sum({_TIME} <= ?) FROM trace t WHERE project = ? AND {_TIME} > ?
"""  # noqa: S608
INSERT_EVENT = "INSERT INTO mode_event(mode_id, at, kind, by, note) VALUES (?, ?, ?, ?, ?)"


class ModeStatus(StrEnum):
    """Where a mode stands in its life."""

    NEW = "new"
    CONFIRMED = "confirmed"
    """A person says that it is a failure worth mending."""
    FIXED = "fixed"
    """A person says that it is mended; a later member makes it regressed."""
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class ModeRow:
    """One mode with its size. Only runs that the store still holds count."""

    id: int
    project: str
    failure: bool
    """False for something good that was observed."""
    status: ModeStatus
    computed_name: str | None
    """From distinctive words; None where it must be made anew."""
    name: str | None
    """As a person called it."""
    proposed_name: str | None
    """As an assistant called it."""
    proposed_by: str | None
    size: int
    known: int
    """Members of which somebody said that they failed."""
    first_ns: int | None
    last_ns: int | None
    opened_at: str
    fixed_at: int | None
    """Unix nanoseconds."""

    @property
    def short_id(self) -> str:
        return f"M{self.id}"


@dataclass(frozen=True, slots=True)
class Member:
    """One run of a mode."""

    trace_id: int
    span_id: str | None
    known: bool
    observed: bool
    likeness: float
    at_ns: int


@dataclass(frozen=True, slots=True)
class ModeEvent:
    """One event in a mode's life."""

    at: str
    kind: str
    by: str
    note: str


def list_mode_rows(store: Store, *, project: str | None = None, mode_ids: Sequence[int] | None = None) -> list[ModeRow]:
    """Modes with at least one member, largest first, what is good last; of one project, or just these."""
    where = "1 = 1"
    values: list[Any] = []
    if project is not None:
        where, values = "m.project = ?", [project]
    if mode_ids is not None:
        where, values = f"m.id IN ({marks(len(mode_ids))})", list(mode_ids)
    with store.read() as con:
        rows = [_row(row) for row in con.execute(SELECT_MODES.format(where=where), values)]
    return [row for row in rows if row.size]


def get_mode_row(store: Store, mode: str | int) -> ModeRow:
    """The mode named `M3`.

    Raises:
        UnknownIdError: if there is none, or all of its runs are gone.
    """
    number = parse_mode_id(mode)
    rows = list_mode_rows(store, mode_ids=[number]) if number is not None else []
    if rows:
        return rows[0]
    with store.read() as con:
        ids = [row[0] for row in con.execute("SELECT DISTINCT mode_id FROM mode_member ORDER BY mode_id LIMIT 8")]
    known = f"known: {', '.join(f'M{i}' for i in ids)}" if ids else "there is no mode yet"
    raise UnknownIdError("mode", str(mode), known=known, next_step="`retrospan mode list` shows them.")


def parse_mode_id(mode: str | int) -> int | None:
    """The number of `M3` or `3`; None where it is no such id.

    >>> parse_mode_id("m12")
    12
    """
    text = str(mode).strip().removeprefix("M").removeprefix("m")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def list_members(store: Store, mode_id: int) -> list[Member]:
    """The runs of a mode, newest first."""
    with store.read() as con:
        return [
            Member(r["trace_id"], r["span_id"], bool(r["known"]), bool(r["observed"]), r["likeness"], r["at_ns"])
            for r in con.execute(SELECT_MEMBERS, (mode_id,))
        ]


def tools_of(store: Store, members: Sequence[Member]) -> dict[int, str]:
    """The tool at the step that shows the failure, by trace; only where that step is a tool's."""
    with store.read() as con:
        found = [
            (member.trace_id, con.execute(SELECT_TOOL, (member.trace_id, member.span_id)).fetchone())
            for member in members
            if member.span_id
        ]
    return {trace_id: row[0] for trace_id, row in found if row is not None and row[0]}


def modes_of(con: Connection, trace_ids: Sequence[int]) -> dict[int, list[int]]:
    """Mode numbers by trace."""
    found: dict[int, list[int]] = {}
    for start in range(0, len(trace_ids), _CHUNK):
        chunk = trace_ids[start : start + _CHUNK]
        for trace_id, mode_id in con.execute(SELECT_MODES_OF.format(marks=marks(len(chunk))), list(chunk)):
            found.setdefault(trace_id, []).append(mode_id)
    return found


def insert_mode(
    con: Connection,
    project: str,
    *,
    at: str,
    by: str,
    failure: bool = True,
    label_key: str | None = None,
    name: str | None = None,
    proposed_name: str | None = None,
) -> int:
    """Open a mode and note that in its life; returns its number."""
    proposer = by if proposed_name else None
    proposed_name, name = (None if text is None else without_secrets(text) for text in (proposed_name, name))
    values = (project, int(failure), label_key, proposed_name, proposer, name, at)
    number = int(con.execute(INSERT_MODE, values).fetchone()[0])
    insert_event(con, number, at=at, kind="opened", by=by)
    return number


def put_member(
    con: Connection,
    mode_id: int,
    trace_id: int,
    *,
    span_id: str | None,
    known: bool,
    likeness: float,
    at: str,
    observed: bool = False,
) -> None:
    """Make a run a member, or bring its row up to date."""
    con.execute(UPSERT_MEMBER, (trace_id, mode_id, span_id, int(known), int(observed), likeness, at))


def drop_clustered(con: Connection, trace_ids: Iterable[int]) -> None:
    """Take runs out of the modes that likeness put them in; what was observed stays."""
    con.executemany(DELETE_CLUSTERED, [(trace_id,) for trace_id in trace_ids])


def insert_event(con: Connection, mode_id: int, *, at: str, kind: str, by: str, note: str = "") -> None:
    """Note an event in a mode's life."""
    con.execute(INSERT_EVENT, (mode_id, at, kind, by, without_secrets(note)))


def set_status(
    con: Connection, mode_id: int, status: ModeStatus, *, at: str, by: str, note: str = "", fixed_at: int | None = None
) -> None:
    """Move a mode on in its life."""
    con.execute("UPDATE failure_mode SET status = ?, fixed_at = ? WHERE id = ?", (status.value, fixed_at, mode_id))
    insert_event(con, mode_id, at=at, kind=status.value, by=by, note=note)


def set_name(con: Connection, mode_id: int, name: str, *, at: str, by: str, proposed: bool) -> None:
    """Name a mode, or propose a name for it."""
    name = without_secrets(name)
    if proposed:
        con.execute("UPDATE failure_mode SET proposed_name = ?, proposed_by = ? WHERE id = ?", (name, by, mode_id))
    else:
        con.execute("UPDATE failure_mode SET name = ? WHERE id = ?", (name, mode_id))
    insert_event(con, mode_id, at=at, kind="proposed" if proposed else "renamed", by=by, note=name)


def keep_computed_names(con: Connection, names: Iterable[tuple[int, str]]) -> None:
    """Keep names made from distinctive words until a member goes."""
    con.executemany("UPDATE failure_mode SET computed_name = ? WHERE id = ?", [(name, i) for i, name in names])


def runs_by_project(store: Store, scope: Collection[int] | None) -> tuple[dict[str, int], int]:
    """How many runs of each project were placed, and how many were not looked at yet; of all, or of these."""
    with store.read() as con:
        rows = con.execute(SELECT_PLACED).fetchall()
    placed: dict[str, int] = {}
    waiting = 0
    for trace_id, project, is_placed in rows:
        if scope is None or trace_id in scope:
            placed[project] = placed.get(project, 0) + is_placed
            waiting += not is_placed
    return placed, waiting


def unplaced(store: Store, scope: Collection[int] | None) -> list[int]:
    """Runs that were looked at and are in no mode, oldest first."""
    with store.read() as con:
        found = [row[0] for row in con.execute(SELECT_IN_NONE)]
    return found if scope is None else [trace_id for trace_id in found if trace_id in scope]


def runs_between(store: Store, project: str, window_ns: int) -> tuple[int, int, int] | None:
    """The time of a project's newest run, and how many lie in the last window and in the one before.

    None where the project's data does not reach back into the former window.
    """
    with store.read() as con:
        newest = con.execute(f"SELECT max({_TIME}) FROM trace t WHERE project = ?", (project,)).fetchone()[0]  # noqa: S608
        if newest is None:
            return None
        values = (newest - window_ns, newest - window_ns, project, newest - 2 * window_ns)
        now, before = con.execute(COUNT_WINDOWS, values).fetchone()
    return (newest, now or 0, before) if before else None


def list_events(store: Store, mode_id: int) -> list[ModeEvent]:
    """A mode's life, oldest first."""
    with store.read() as con:
        rows = con.execute("SELECT at, kind, by, note FROM mode_event WHERE mode_id = ? ORDER BY id", (mode_id,))
        return [ModeEvent(*row) for row in rows]


def _row(row: Any) -> ModeRow:
    return ModeRow(
        id=row["id"],
        project=row["project"],
        failure=bool(row["failure"]),
        status=ModeStatus(row["status"]),
        computed_name=row["computed_name"],
        name=row["name"],
        proposed_name=row["proposed_name"],
        proposed_by=row["proposed_by"],
        size=row["size"],
        known=row["known"],
        first_ns=row["first_ns"],
        last_ns=row["last_ns"],
        opened_at=row["opened_at"],
        fixed_at=row["fixed_at"],
    )
