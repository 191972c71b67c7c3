"""Failure modes as stored: their members, their names and their life."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ...model.errors import UnknownIdError
from ...model.text.secrets import without_secrets
from ..contract import Connection, Store
from ..fields import from_row, insert_numbered, insert_row, values_of

_TIME = "coalesce(t.started_at, t.arrived_at)"

SELECT_MODES = """
SELECT m.*, count(x.trace_id) AS size, coalesce(sum(x.known), 0) AS known,
  min(coalesce(t.started_at, t.arrived_at)) AS first_ns, max(coalesce(t.started_at, t.arrived_at)) AS last_ns
FROM failure_mode m LEFT JOIN mode_member x ON x.mode_id = m.id LEFT JOIN trace t ON t.id = x.trace_id
WHERE {where} GROUP BY m.id ORDER BY m.failure DESC, size DESC, m.id
"""
SELECT_MEMBERS = f"""
SELECT x.*, {_TIME} AS at_ns FROM mode_member x JOIN trace t ON t.id = x.trace_id
WHERE x.mode_id = :mode ORDER BY at_ns DESC, x.trace_id DESC
"""  # noqa: S608
SELECT_MODES_OF = "SELECT trace_id, mode_id FROM mode_member WHERE trace_id IN :traces ORDER BY trace_id, mode_id"
SELECT_MODES_OF_KEYS = """
SELECT t.trace_key, m.mode_id FROM trace t JOIN mode_member m ON m.trace_id = t.id
WHERE t.trace_key IN :keys ORDER BY t.id, m.mode_id
"""
SELECT_SOME = "SELECT DISTINCT mode_id FROM mode_member ORDER BY mode_id LIMIT 8"
SELECT_EVENTS = "SELECT * FROM mode_event WHERE mode_id = :mode ORDER BY id"
STAYS_OBSERVED = """
ON CONFLICT(trace_id, mode_id) DO UPDATE SET span_id = excluded.span_id, known = excluded.known,
  observed = CASE WHEN excluded.observed = 1 THEN 1 ELSE mode_member.observed END
"""
DELETE_CLUSTERED = "DELETE FROM mode_member WHERE trace_id IN :traces AND observed = 0"
SELECT_TOOL = "SELECT tool FROM span WHERE trace_id = :trace AND span_id = :span"
SELECT_PLACED = """
SELECT t.id, t.project, CASE WHEN f.trace_id IS NULL THEN 0 ELSE 1 END AS placed
FROM trace t LEFT JOIN trace_features f ON f.trace_id = t.id
"""
SELECT_IN_NONE = """
SELECT f.trace_id FROM trace_features f
WHERE NOT EXISTS (SELECT 1 FROM mode_member x WHERE x.trace_id = f.trace_id) ORDER BY f.trace_id
"""
SELECT_LAST_RUN = f"SELECT max({_TIME}) AS at_ns FROM trace t WHERE project = :project"  # noqa: S608
COUNT_WINDOWS = f"""
SELECT coalesce(sum(CASE WHEN {_TIME} > :middle THEN 1 ELSE 0 END), 0) AS late,
  coalesce(sum(CASE WHEN {_TIME} <= :middle THEN 1 ELSE 0 END), 0) AS early
FROM trace t WHERE project = :project AND {_TIME} > :begin
"""  # noqa: S608
SET_STATUS = "UPDATE failure_mode SET status = :status, fixed_at = :fixed_at WHERE id = :mode"
SET_NAME = "UPDATE failure_mode SET name = :name WHERE id = :mode"
SET_PROPOSED = "UPDATE failure_mode SET proposed_name = :name, proposed_by = :by WHERE id = :mode"
SET_COMPUTED = "UPDATE failure_mode SET computed_name = :name WHERE id = :mode"


class ModeStatus(StrEnum):
    """Where a mode stands in its life."""

    NEW = "new"
    CONFIRMED = "confirmed"
    """A person says that it is a failure worth mending."""
    FIXED = "fixed"
    """A person says that it is mended; a later member makes it regressed."""
    REGRESSED = "regressed"

    @property
    def in_words(self) -> str:
        """What people say of modes is typed in a shell; it carries no signature."""
        said = self in (ModeStatus.CONFIRMED, ModeStatus.FIXED)
        return f"{self.value} (unsigned)" if said else self.value


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
    where = "1 = 1" if project is None else "m.project = :project"
    if mode_ids is not None:
        where = "m.id IN :modes"
    with store.read() as con:
        found = con.execute(SELECT_MODES.format(where=where), {"project": project, "modes": mode_ids})
        rows = [from_row(ModeRow, row) for row in found]
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
        ids = [row["mode_id"] for row in con.execute(SELECT_SOME)]
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
        return [from_row(Member, row) for row in con.execute(SELECT_MEMBERS, {"mode": mode_id})]


def tools_of(store: Store, members: Sequence[Member]) -> dict[int, str]:
    """The tool at the step that shows the failure, by trace; only where that step is a tool's."""
    found: dict[int, str] = {}
    with store.read() as con:
        for member in members:
            row = con.execute(SELECT_TOOL, {"trace": member.trace_id, "span": member.span_id}).fetchone()
            if row is not None and row["tool"]:
                found[member.trace_id] = row["tool"]
    return found


def modes_of(con: Connection, trace_ids: Sequence[int]) -> dict[int, list[int]]:
    """Mode numbers by trace."""
    found: dict[int, list[int]] = {}
    for row in con.execute(SELECT_MODES_OF, {"traces": trace_ids}):
        found.setdefault(row["trace_id"], []).append(row["mode_id"])
    return found


def modes_by_key(store: Store, trace_keys: Sequence[str]) -> dict[str, list[int]]:
    """Mode numbers by the runs' own ids."""
    found: dict[str, list[int]] = {}
    with store.read() as con:
        for row in con.execute(SELECT_MODES_OF_KEYS, {"keys": list(trace_keys)}):
            found.setdefault(row["trace_key"], []).append(row["mode_id"])
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
    name, proposed_name = (None if text is None else without_secrets(text) for text in (name, proposed_name))
    mode = {"project": project, "failure": int(failure), "label_key": label_key, "name": name, "opened_at": at}
    proposed = {"proposed_name": proposed_name, "proposed_by": by if proposed_name else None}
    number = insert_numbered(con, "failure_mode", mode | proposed)
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
    seen = {"span_id": span_id, "known": int(known), "observed": int(observed), "likeness": likeness, "joined_at": at}
    insert_row(con, "mode_member", {"trace_id": trace_id, "mode_id": mode_id} | seen, STAYS_OBSERVED)


def drop_clustered(con: Connection, trace_ids: Iterable[int]) -> None:
    """Take runs out of the modes that likeness put them in; what was observed stays."""
    con.execute(DELETE_CLUSTERED, {"traces": list(trace_ids)})


def insert_event(con: Connection, mode_id: int, *, at: str, kind: str, by: str, note: str = "") -> None:
    """Note an event in a mode's life."""
    insert_row(
        con, "mode_event", values_of(ModeEvent(at=at, kind=kind, by=by, note=without_secrets(note)), mode_id=mode_id)
    )


def set_status(
    con: Connection, mode_id: int, status: ModeStatus, *, at: str, by: str, note: str = "", fixed_at: int | None = None
) -> None:
    """Move a mode on in its life."""
    con.execute(SET_STATUS, {"status": status.value, "fixed_at": fixed_at, "mode": mode_id})
    insert_event(con, mode_id, at=at, kind=status.value, by=by, note=note)


def set_name(con: Connection, mode_id: int, name: str, *, at: str, by: str, proposed: bool) -> None:
    """Name a mode, or propose a name for it."""
    name = without_secrets(name)
    con.execute(SET_PROPOSED if proposed else SET_NAME, {"name": name, "by": by, "mode": mode_id})
    insert_event(con, mode_id, at=at, kind="proposed" if proposed else "renamed", by=by, note=name)


def keep_computed_names(con: Connection, names: Iterable[tuple[int, str]]) -> None:
    """Keep names made from distinctive words until a member goes."""
    con.executemany(SET_COMPUTED, [{"name": name, "mode": number} for number, name in names])


def runs_by_project(store: Store, scope: Collection[int] | None) -> tuple[dict[str, int], int]:
    """How many runs of each project were placed, and how many were not looked at yet; of all, or of these."""
    with store.read() as con:
        rows = con.execute(SELECT_PLACED).fetchall()
    placed: dict[str, int] = {}
    waiting = 0
    for row in rows:
        if scope is None or row["id"] in scope:
            placed[row["project"]] = placed.get(row["project"], 0) + row["placed"]
            waiting += not row["placed"]
    return placed, waiting


def unplaced(store: Store, scope: Collection[int] | None) -> list[int]:
    """Runs that were looked at and are in no mode, oldest first."""
    with store.read() as con:
        found = [row["trace_id"] for row in con.execute(SELECT_IN_NONE)]
    return found if scope is None else [trace_id for trace_id in found if trace_id in scope]


def runs_between(store: Store, project: str, window_ns: int) -> tuple[int, int, int] | None:
    """The time of a project's newest run, and how many lie in the last window and in the one before.

    None where the project's data does not reach back into the former window.
    """
    with store.read() as con:
        newest = con.execute(SELECT_LAST_RUN, {"project": project}).fetchone()["at_ns"]
        if newest is None:
            return None
        values = {"project": project, "middle": newest - window_ns, "begin": newest - 2 * window_ns}
        row = con.execute(COUNT_WINDOWS, values).fetchone()
    return (newest, row["late"], row["early"]) if row["early"] else None


def list_events(store: Store, mode_id: int) -> list[ModeEvent]:
    """A mode's life, oldest first."""
    with store.read() as con:
        return [from_row(ModeEvent, row) for row in con.execute(SELECT_EVENTS, {"mode": mode_id})]
