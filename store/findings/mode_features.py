"""What each run is like, as clustering needs it: sparse vectors by trace, counts by project, centres by mode.

The store keeps them as bytes; `analysis.modes` knows what they mean. None of them holds text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..contract import Connection, Store
from ..traces.contents import marks

_CHUNK = 900
_FAMILY = "signal:"

_STALE = """
t.dirty = 0 AND t.analysed_revision = t.revision AND (f.trace_id IS NULL OR f.revision <> t.revision
  OR f.rules IS NOT t.analysed_with OR substr(f.outcome, 1, instr(f.outcome, ':') - 1) <> t.outcome)
"""
SELECT_STALE = f"""
SELECT t.id FROM trace t LEFT JOIN trace_features f ON f.trace_id = t.id WHERE {_STALE} ORDER BY t.id LIMIT ?
"""  # noqa: S608
SELECT_STALE_OF = f"""
SELECT t.id FROM trace t LEFT JOIN trace_features f ON f.trace_id = t.id
WHERE t.id IN ({{marks}}) AND {_STALE} ORDER BY t.id
"""  # noqa: S608
UPSERT_FEATURES = """
INSERT INTO trace_features(trace_id, project, revision, rules, outcome, features) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT(trace_id) DO UPDATE SET project = excluded.project, revision = excluded.revision, rules = excluded.rules,
  outcome = excluded.outcome, features = excluded.features
"""
UPSERT_BACKGROUND = """
INSERT INTO mode_background(project, runs, counts) VALUES (?, ?, ?)
ON CONFLICT(project) DO UPDATE SET runs = excluded.runs, counts = excluded.counts
"""


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
        if trace_ids is None:
            return [row[0] for row in con.execute(SELECT_STALE, (limit,))]
        found: list[int] = []
        for start in range(0, len(trace_ids), _CHUNK):
            chunk = list(trace_ids[start : start + _CHUNK])
            found += [row[0] for row in con.execute(SELECT_STALE_OF.format(marks=marks(len(chunk))), chunk)]
        return found[:limit]


def placed_states(store: Store, trace_ids: Sequence[int], *, judged: bool) -> dict[int, str]:
    """What each of these traces was placed with, `outcome:verdict`; with `judged` also all that had a verdict then."""
    found: dict[int, str] = {}
    with store.read() as con:
        for start in range(0, len(trace_ids), _CHUNK):
            chunk = list(trace_ids[start : start + _CHUNK])
            sql = f"SELECT trace_id, outcome FROM trace_features WHERE trace_id IN ({marks(len(chunk))})"  # noqa: S608
            found.update((row[0], row[1]) for row in con.execute(sql, chunk))
        if judged:
            rows = con.execute("SELECT trace_id, outcome FROM trace_features WHERE outcome LIKE '%:_%'")
            found.update((row[0], row[1]) for row in rows)
    return found


def load_features(con: Connection, trace_ids: Sequence[int]) -> dict[int, bytes]:
    """Packed features by trace; those without are left out."""
    found: dict[int, bytes] = {}
    for start in range(0, len(trace_ids), _CHUNK):
        chunk = list(trace_ids[start : start + _CHUNK])
        sql = f"SELECT trace_id, features FROM trace_features WHERE trace_id IN ({marks(len(chunk))})"  # noqa: S608
        found.update((row[0], row[1]) for row in con.execute(sql, chunk))
    return found


def save_features(con: Connection, rows: Iterable[FeatureRow]) -> None:
    """Replace the features of these traces."""
    con.executemany(
        UPSERT_FEATURES, [(r.trace_id, r.project, r.revision, r.rules, r.outcome, r.features) for r in rows]
    )


def load_background(con: Connection, project: str) -> tuple[int, bytes] | None:
    """How many runs of a project were counted, and the packed counts."""
    row = con.execute("SELECT runs, counts FROM mode_background WHERE project = ?", (project,)).fetchone()
    return None if row is None else (row[0], row[1])


def save_background(con: Connection, project: str, runs: int, counts: bytes) -> None:
    """Replace a project's counts."""
    con.execute(UPSERT_BACKGROUND, (project, runs, counts))


def load_centres(con: Connection, project: str) -> list[CentreRow]:
    """The failure modes of a project, oldest first."""
    rows = con.execute(
        "SELECT id, signatures, centre FROM failure_mode WHERE project = ? AND failure = 1 ORDER BY id", (project,)
    )
    return [_centre(*row) for row in rows]


def _centre(mode_id: int, signatures: str, centre: bytes | None) -> CentreRow:
    """The first line of `signatures` may be the family; the others are digests."""
    lines = signatures.split()
    family = next((line.removeprefix(_FAMILY) for line in lines if line.startswith(_FAMILY)), "")
    return CentreRow(mode_id, family, frozenset(line for line in lines if not line.startswith(_FAMILY)), centre)


def save_centres(con: Connection, centres: Iterable[CentreRow]) -> None:
    """Keep family, signatures and centre of each mode."""
    con.executemany(
        "UPDATE failure_mode SET signatures = ?, centre = ? WHERE id = ?",
        [
            ("\n".join([*([_FAMILY + c.family] if c.family else []), *sorted(c.signatures)]), c.centre, c.mode_id)
            for c in centres
        ],
    )
