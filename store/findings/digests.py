"""When a digest was last given, and how large each mode was then."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from ..contract import Store
from .modes import ModeStatus


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


def last_digest(store: Store, query: str) -> DigestState | None:
    """The newest digest of this query; None before the first."""
    with store.read() as con:
        for row in con.execute("SELECT at, state FROM digest_run ORDER BY id DESC LIMIT 100"):
            state = orjson.loads(row["state"])
            if state["query"] == query:
                modes = {int(i): ModeThen(size, ModeStatus(status)) for i, (size, status) in state["modes"].items()}
                return DigestState(row["at"], query, state["runs"], modes)
    return None


def save_digest(store: Store, state: DigestState) -> None:
    """Keep what this digest saw."""
    modes = {str(i): [then.size, then.status.value] for i, then in state.modes.items()}
    record = orjson.dumps({"query": state.query, "runs": state.runs, "modes": modes}).decode()
    with store.write() as con:
        con.execute("INSERT INTO digest_run(at, state) VALUES (?, ?)", (state.at, record))
