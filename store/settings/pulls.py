"""How far pulls from other products have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ...model.clock import utc_text
from ..contract import Store
from ..fields import insert_row, values_of

SELECT_CURSOR = """
SELECT taken_until FROM pull_cursor WHERE source = :source AND url = :url AND project = :project
"""
SELECT_KNOWN = "SELECT DISTINCT trace_key FROM trace WHERE trace_key IN :trace_keys"
ONLY_FORWARD = """
ON CONFLICT(source, url, project) DO UPDATE SET taken_until = excluded.taken_until, updated_at = excluded.updated_at
WHERE excluded.taken_until > pull_cursor.taken_until
"""


@dataclass(frozen=True, slots=True)
class PullSource:
    """A project of another product."""

    source: str
    url: str
    project: str


def pull_cursor(store: Store, source: PullSource) -> datetime | None:
    """Up to which start time this project has been taken; None before its first pull."""
    with store.read() as con:
        row = con.execute(SELECT_CURSOR, values_of(source)).fetchone()
    return datetime.fromisoformat(row["taken_until"]) if row else None


def known_trace_keys(store: Store, trace_keys: Sequence[str]) -> set[str]:
    """Which of these traces the store has, in whatever project."""
    with store.read() as con:
        return {row["trace_key"] for row in con.execute(SELECT_KNOWN, {"trace_keys": trace_keys})}


def advance_cursor(store: Store, source: PullSource, taken_until: datetime) -> None:
    """Note that everything that began before has been taken. It never goes back."""
    text = taken_until.astimezone(UTC).isoformat(timespec="microseconds")
    with store.write() as con:
        cursor = values_of(source, taken_until=text, updated_at=utc_text(datetime.now(UTC)))
        insert_row(con, "pull_cursor", cursor, ONLY_FORWARD)
