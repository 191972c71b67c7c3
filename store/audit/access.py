"""Who read or exported what, and what was sent to a model vendor: names and counts, never content.

The rows only grow and are linked by hashes, so that `audit verify` tells of edited and missing ones; see `trust.chain`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ...model.clock import utc_now, utc_text
from ...model.text.display import safe_line
from ...model.text.jsontext import canonical
from ..contract import Connection, Store

GENESIS = "0" * 64
_LIMIT = 300

SELECT_LAST = "SELECT id, hash FROM access_log ORDER BY id DESC LIMIT 1"
SELECT_ALL = "SELECT id, at, actor, action, subject, detail, previous, hash FROM access_log ORDER BY id"
SELECT_NEWEST = "SELECT * FROM access_log WHERE at >= ? ORDER BY id DESC LIMIT ?"
INSERT_ACCESS = """
INSERT INTO access_log(id, at, actor, action, subject, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


class AccessKind(StrEnum):
    """What was done with traces or reviews."""

    READ = "read"
    EXPORT = "export"
    MODEL = "model"
    """Sent to a model vendor."""


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of the log."""

    id: int
    at: str
    actor: str
    """`human:Ada`, `agent:claude`, `cli`."""
    action: AccessKind
    subject: str
    """`T412`, `R31`, `verdicts`; no content."""
    detail: str


def record_access(
    store: Store, action: AccessKind | str, subject: str, *, actor: str, detail: str = "", at: str | None = None
) -> bool:
    """Note that somebody read, exported or sent something.

    Args:
        store: Where it came from.
        action: read, export or model.
        subject: Ids: `T412`, `R31`, `412 verdicts`.
        actor: Who: `human:Ada`, `agent:claude`.
        detail: The file's format, the vendor and model, the number of tokens.
        at: UTC text, for tests.

    Returns:
        False where the store is open for reading only and nothing could be noted.

    Cost: one small commit. Callers in a transaction use `insert_access`.
    """
    if store.read_only:
        return False
    with store.write() as con:
        insert_access(con, action, subject, actor=actor, detail=detail, at=at)
    return True


def insert_access(
    con: Connection, action: AccessKind | str, subject: str, *, actor: str, detail: str = "", at: str | None = None
) -> None:
    """As `record_access`, inside the caller's transaction."""
    last = con.execute(SELECT_LAST).fetchone()
    number, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    row = (
        number,
        at or utc_text(utc_now()),
        safe_line(actor, _LIMIT),
        AccessKind(action).value,
        safe_line(subject, _LIMIT),
        safe_line(detail, _LIMIT),
    )
    con.execute(INSERT_ACCESS, (*row, previous, _hash(row, previous)))


def list_access(store: Store, *, since: str = "", limit: int = 100) -> list[Access]:
    """The newest entries first.

    Args:
        store: Where.
        since: UTC text; earlier entries are left out.
        limit: At most so many.
    """
    with store.read() as con:
        rows = con.execute(SELECT_NEWEST, (since, limit)).fetchall()
    return [
        Access(row["id"], row["at"], row["actor"], AccessKind(row["action"]), row["subject"], row["detail"])
        for row in rows
    ]


def access_hashes(con: Connection, problems: list[str]) -> Iterator[str]:
    """The hash of each entry in order, as computed anew; what does not fit goes to `problems`."""
    previous = GENESIS
    for place, row in enumerate(con.execute(SELECT_ALL), start=1):
        if row[0] != place:
            problems.append(f"entry {place} of the access log is missing (the next is {row[0]})")
            return
        if row[6] != previous or row[7] != _hash(tuple(row[:6]), previous):
            problems.append(f"entry {place} of the access log was altered")
        previous = row[7]
        yield previous


def _hash(row: tuple[Any, ...], previous: str) -> str:
    return hashlib.sha256(canonical([*row, previous])).hexdigest()
