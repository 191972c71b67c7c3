"""When a digest was last given, and how large each mode was then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from ..contract import Store
from ..fields import insert_row, values_of
from .modes import ModeStatus

SELECT_LATEST = "SELECT at, state FROM digest_run ORDER BY id DESC LIMIT 100"


@dataclass(frozen=True, slots=True)
class ModeThen:
    """A mode as it stood at a digest."""

    size: int
    status: ModeStatus


@dataclass(frozen=True, slots=True)
class DigestState:
    """What the last digest saw."""

    at: str
    query: str
    runs: int
    """Runs that were placed."""
    modes: dict[int, ModeThen]
    repeats: tuple[int, ...] = ()
    """Runs that it told to repeat a failure which a person had confirmed."""


def last_digest(store: Store, query: str) -> DigestState | None:
    """The newest digest of this query; None before the first."""
    with store.read() as con:
        rows = con.execute(SELECT_LATEST).fetchall()
    for row in rows:
        state = orjson.loads(row["state"])
        if state["query"] == query:
            modes = {int(number): _then(kept) for number, kept in state["modes"].items()}
            repeats = tuple(state.get("repeats", ()))
            return DigestState(**(state | {"at": row["at"], "modes": modes, "repeats": repeats}))
    return None


def _then(kept: dict[str, Any] | list[Any]) -> ModeThen:
    # Digests were kept as pairs once.
    then = {"size": kept[0], "status": kept[1]} if isinstance(kept, list) else kept
    return ModeThen(**(then | {"status": ModeStatus(then["status"])}))


def save_digest(store: Store, state: DigestState) -> None:
    """Keep what this digest saw."""
    modes = {str(number): values_of(then) for number, then in state.modes.items()}
    record = orjson.dumps(values_of(state, leave_out=("at",), modes=modes)).decode()
    with store.write() as con:
        insert_row(con, "digest_run", {"at": state.at, "state": record})
