"""What each run is like, as clustering needs it: sparse vectors by trace, counts by project, centres by mode.

The store keeps them as bytes; `analysis.modes` knows what they mean. None of them holds text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..contract import Connection, Row, Store
from ..fields import from_row, upsert_row, upsert_rows, values_of

_FAMILY = "signal:"

_STALE = """
t.dirty = 0 AND t.analysed_revision = t.revision AND (f.trace_id IS NULL OR f.revision <> t.revision
  OR f.rules IS DISTINCT FROM t.analysed_with OR f.outcome NOT LIKE t.outcome || ':%')
AND coalesce(t.environment, '') <> 'regression'
"""
"""Runs that regression cases left join no mode: what is broken on purpose does not come back."""
SELECT_STALE = f"""
SELECT t.id FROM trace t LEFT JOIN trace_features f ON f.trace_id = t.id WHERE {_STALE} ORDER BY t.id LIMIT :limit
"""  # noqa: S608
SELECT_STALE_OF = f"""
SELECT t.id FROM trace t LEFT JOIN trace_features f ON f.trace_id = t.id
WHERE t.id IN :traces AND {_STALE} ORDER BY t.id LIMIT :limit
"""  # noqa: S608
SELECT_OUTCOMES = "SELECT trace_id, outcome FROM trace_features WHERE trace_id IN :traces"
SELECT_JUDGED = "SELECT trace_id, outcome FROM trace_features WHERE outcome LIKE '%:_%'"
SELECT_FEATURES = "SELECT trace_id, features FROM trace_features WHERE trace_id IN :traces"
SELECT_BACKGROUND = "SELECT runs, counts FROM mode_background WHERE project = :project"
SELECT_CENTRES = """
SELECT id AS mode_id, signatures, centre FROM failure_mode WHERE project = :project AND failure = 1 ORDER BY id
"""
UPDATE_CENTRE = "UPDATE failure_mode SET signatures = :signatures, centre = :centre WHERE id = :mode_id"


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """The features of one run, and what they were computed from."""

    trace_id: int
    project: str
    revision: int
    rules: str
    outcome: str
    """`outcome:verdict`, each as it stood."""
    features: bytes


@dataclass(frozen=True, slots=True)
class CentreRow:
    """A mode as clustering keeps it."""

    mode_id: int
    family: str
    """The clearest signal of the run that opened it; empty for failures without one."""
    signatures: frozenset[str]
    centre: bytes | None


def traces_to_place(store: Store, limit: int, trace_ids: Sequence[int] | None = None) -> list[int]:
    """Analysed traces (of these, or of all) that clustering has not seen as they are now, oldest first."""
    with store.read() as con:
        statement = SELECT_STALE if trace_ids is None else SELECT_STALE_OF
        return [row["id"] for row in con.execute(statement, {"traces": trace_ids, "limit": limit})]


def placed_states(store: Store, trace_ids: Sequence[int], *, judged: bool) -> dict[int, str]:
    """What each of these traces was placed with, `outcome:verdict`; with `judged` also all that had a verdict then."""
    with store.read() as con:
        rows = con.execute(SELECT_OUTCOMES, {"traces": trace_ids}).fetchall()
        if judged:
            rows += con.execute(SELECT_JUDGED).fetchall()
    return {row["trace_id"]: row["outcome"] for row in rows}


def load_features(con: Connection, trace_ids: Sequence[int]) -> dict[int, bytes]:
    """Packed features by trace; those without are left out."""
    return {row["trace_id"]: row["features"] for row in con.execute(SELECT_FEATURES, {"traces": trace_ids})}


def save_features(con: Connection, rows: Iterable[FeatureRow]) -> None:
    """Replace the features of these traces."""
    upsert_rows(con, "trace_features", [values_of(row) for row in rows], key=("trace_id",))


def load_background(con: Connection, project: str) -> tuple[int, bytes] | None:
    """How many runs of a project were counted, and the packed counts."""
    row = con.execute(SELECT_BACKGROUND, {"project": project}).fetchone()
    return None if row is None else (row["runs"], row["counts"])


def save_background(con: Connection, project: str, runs: int, counts: bytes) -> None:
    """Replace a project's counts."""
    upsert_row(con, "mode_background", {"project": project, "runs": runs, "counts": counts}, key=("project",))


def load_centres(con: Connection, project: str) -> list[CentreRow]:
    """The failure modes of a project, oldest first."""
    return [_centre(row) for row in con.execute(SELECT_CENTRES, {"project": project})]


def _centre(row: Row) -> CentreRow:
    """The first line of `signatures` may be the family; the others are digests."""
    lines = row["signatures"].split()
    family = next((line.removeprefix(_FAMILY) for line in lines if line.startswith(_FAMILY)), "")
    signatures = frozenset(line for line in lines if not line.startswith(_FAMILY))
    return from_row(CentreRow, row, family=family, signatures=signatures)


def save_centres(con: Connection, centres: Iterable[CentreRow]) -> None:
    """Keep family, signatures and centre of each mode."""
    con.executemany(UPDATE_CENTRE, [values_of(centre, signatures=_lines(centre)) for centre in centres])


def _lines(centre: CentreRow) -> str:
    return "\n".join([*([_FAMILY + centre.family] if centre.family else []), *sorted(centre.signatures)])
