"""Who read or exported what, and what was sent to a model vendor: names and counts, never content.

The rows only grow and are linked by hashes, so that `audit verify` tells of edited and missing ones; see `trust.chain`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ...model.clock import utc_now, utc_text
from ...model.text.display import safe_line
from ...model.text.jsontext import canonical
from ..contract import Connection, Row, Store
from ..fields import from_row, insert_row, values_of

GENESIS = "0" * 64
_LIMIT = 300
_HASHED = ("id", "at", "actor", "action", "subject", "detail")

SELECT_LAST = "SELECT id, hash FROM access_log ORDER BY id DESC LIMIT 1"
SELECT_ALL = "SELECT * FROM access_log ORDER BY id"
SELECT_HASH = "SELECT hash FROM access_log WHERE id = :entry"
SELECT_OF_KIND = "SELECT * FROM access_log WHERE action = :action ORDER BY id DESC LIMIT :limit"
SELECT_NEWEST = "SELECT * FROM access_log WHERE at >= :since ORDER BY id DESC LIMIT :limit"


class AccessKind(StrEnum):
    """What was done with traces or reviews."""

    READ = "read"
    EXPORT = "export"
    LESSON = "lesson"
    """A lesson was given to somebody before a change."""
    MODEL = "model"
    """Sent to a model vendor."""
    SIGN_IN = "sign_in"
    """Somebody tried to sign in on the review page, and whether they did."""


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
        action: What was done.
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
    number, previous = (last["id"] + 1, last["hash"]) if last else (1, GENESIS)
    entry = Access(
        id=number,
        at=at or utc_text(utc_now()),
        actor=safe_line(actor, _LIMIT),
        action=AccessKind(action),
        subject=safe_line(subject, _LIMIT),
        detail=safe_line(detail, _LIMIT),
    )
    insert_row(con, "access_log", values_of(entry, previous=previous, hash=_hash(entry, previous)))


def list_access(store: Store, *, since: str = "", limit: int = 100) -> list[Access]:
    """The newest entries first.

    Args:
        store: Where.
        since: UTC text; earlier entries are left out.
        limit: At most so many.
    """
    with store.read() as con:
        rows = con.execute(SELECT_NEWEST, {"since": since, "limit": limit}).fetchall()
    return [from_row(Access, row) for row in rows]


def accesses_of(store: Store, action: AccessKind, *, limit: int) -> list[Access]:
    """The newest entries of one kind, newest first."""
    with store.read() as con:
        rows = con.execute(SELECT_OF_KIND, {"action": action.value, "limit": limit}).fetchall()
    return [from_row(Access, row) for row in rows]


def access_hashes(con: Connection, problems: list[str]) -> Iterator[str]:
    """The hash of each entry in order, as computed anew; what does not fit goes to `problems`."""
    previous = GENESIS
    for place, row in enumerate(con.execute(SELECT_ALL), start=1):
        if row["id"] != place:
            problems.append(f"entry {place} of the access log is missing (the next is {row['id']})")
            return
        if row["previous"] != previous or row["hash"] != _hash(row, previous):
            problems.append(f"entry {place} of the access log was altered")
        previous = row["hash"]
        yield previous


def hash_at(con: Connection, entries: int) -> str | None:
    """The hash that the log had at this length, as it reads now; None where it is shorter."""
    row = con.execute(SELECT_HASH, {"entry": entries}).fetchone() if entries else {"hash": GENESIS}
    return None if row is None else str(row["hash"])


def _hash(entry: Access | Row, previous: str) -> str:
    """Over the columns as kept, in an order that is part of the format: what is in the log was hashed so."""
    kept = values_of(entry) if isinstance(entry, Access) else entry
    return hashlib.sha256(canonical([*(kept[name] for name in _HASHED), previous])).hexdigest()
