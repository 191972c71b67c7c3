"""Remove contents that no span holds any more: bodies, message envelopes, their full text and their places.

Marking reads all span records without keeping writers out. Each batch of the sweep then marks again, under the lock,
whatever was written meanwhile. Other processes remember which body has which id; the generation of bodies tells them
that some are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ...model.reading.digest import BodyKind
from ..contract import Connection, Store
from ..generations import BODIES, next_generation
from ..traces.codec import envelope_refs
from ..traces.compression import unpack
from ..traces.contents import SELECT_BODIES, body_kind, decode_row, indexed_text_of
from ..traces.spans import record_refs
from .tables import delete_rows

_BATCH = 1_000
_FEW = 900
"""Contents that are looked up one by one rather than by reading all envelopes."""
_PENDING = "sweep_pending"

SELECT_STATES = "SELECT id, revision, dirty FROM trace"
SELECT_DETAILS = "SELECT detail FROM span WHERE trace_id = :trace_id"
SELECT_BODY_IDS = "SELECT id FROM body"
SELECT_ENVELOPES = "SELECT id, codec, data FROM body WHERE codec & 7 = 2"
SET_PENDING = "INSERT INTO meta(key, value) VALUES (:key, '1') ON CONFLICT(key) DO NOTHING"
SELECT_PENDING = "SELECT 1 FROM meta WHERE key = :key"
DELETE_PENDING = "DELETE FROM meta WHERE key = :key"

_State = tuple[int, int]
Progress = Callable[[int, int], None]


def note_pending_sweep(con: Connection) -> None:
    """Say, in the transaction that lets go of contents, that a sweep is due: it survives a crash before the sweep."""
    con.execute(SET_PENDING, {"key": _PENDING})


def is_sweep_pending(store: Store) -> bool:
    """Whether something was erased whose contents may still lie in the file."""
    with store.read() as con:
        return con.execute(SELECT_PENDING, {"key": _PENDING}).fetchone() is not None


def settle_sweep(store: Store) -> None:
    """Say that the file holds nothing of what was erased."""
    with store.write() as con:
        con.execute(DELETE_PENDING, {"key": _PENDING})


@dataclass(slots=True)
class Marked:
    """What was held when it was looked at."""

    states: dict[int, _State]
    live: set[int]
    dead: list[int]


def mark(store: Store) -> Marked:
    """Find the contents that no span holds. Writers go on meanwhile."""
    with store.read() as con:
        states = _states(con)
        live: set[int] = set()
        for trace_id in states:
            live |= _held(con, trace_id)
        live |= _inside_envelopes(con, live)
        dead = sorted(row["id"] for row in con.execute(SELECT_BODY_IDS) if row["id"] not in live)
    return Marked(states, live, dead)


def sweep(store: Store, marked: Marked, on_progress: Progress | None = None) -> int:
    """Remove what was found unheld, and is so still.

    Returns:
        How many contents and messages were removed.

    Cost: marking reads every span record once (about 20 µs each); then a transaction for each thousand contents.
    """
    live, dead = marked.live, marked.dead
    removed = 0
    for start in range(0, len(dead), _BATCH):
        with store.write() as con:
            now = _states(con)
            fresh = _held_since(con, marked.states, now)
            live |= fresh | _inside_envelopes(con, fresh)
            marked.states = now
            batch = [body_id for body_id in dead[start : start + _BATCH] if body_id not in live]
            _remove(store, con, batch)
        removed += len(batch)
        if on_progress:
            on_progress(min(start + _BATCH, len(dead)), len(dead))
    return removed


def _states(con: Connection) -> dict[int, _State]:
    return {row["id"]: (row["revision"], row["dirty"]) for row in con.execute(SELECT_STATES)}


def _held_since(con: Connection, before: Mapping[int, _State], now: Mapping[int, _State]) -> set[int]:
    """What traces hold that were written since: every write makes a trace dirty, every cleaning a new revision."""
    held: set[int] = set()
    for trace_id, state in now.items():
        if state[1] or before.get(trace_id) != state:
            held |= _held(con, trace_id)
    return held


def _held(con: Connection, trace_id: int) -> set[int]:
    held: set[int] = set()
    for row in con.execute(SELECT_DETAILS, {"trace_id": trace_id}):
        held.update(record_refs(cast(dict[str, Any], unpack(row["detail"]))))
    return held


def _inside_envelopes(con: Connection, held: set[int]) -> set[int]:
    inside: set[int] = set()
    few = len(held) <= _FEW
    for row in con.execute(SELECT_BODIES, {"ids": held}) if few else con.execute(SELECT_ENVELOPES):
        if row["id"] in held and body_kind(row["codec"]) is BodyKind.ENVELOPE:
            inside.update(envelope_refs(decode_row(row["codec"], row["data"])))
    return inside


def _remove(store: Store, con: Connection, body_ids: list[int]) -> None:
    store.erasing.begin(con)
    rows = con.execute(SELECT_BODIES, {"ids": body_ids}).fetchall()
    indexed = [row for row in rows if body_kind(row["codec"]) is not BodyKind.ENVELOPE]
    store.text.remove(con, [(row["id"], indexed_text_of(row["codec"], row["data"])) for row in indexed])
    for table in store.erasing.tables_with(con, "body_id"):
        delete_rows(con, table, "body_id", body_ids)
    delete_rows(con, "body", "id", body_ids)
    next_generation(con, BODIES)
