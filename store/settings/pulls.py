"""How far pulls from other products have come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ...model.clock import utc_text
from ..contract import Store
from ..traces.contents import marks

SELECT_CURSOR = "SELECT taken_until FROM pull_cursor WHERE source = ? AND url = ? AND project = ?"
SELECT_KNOWN = "SELECT trace_key FROM trace WHERE trace_key IN ({marks})"
_CHUNK = 900
SET_CURSOR = """
INSERT INTO pull_cursor(source, url, project, taken_until, updated_at) VALUES (?, ?, ?, ?, ?)
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
        row = con.execute(SELECT_CURSOR, (source.source, source.url, source.project)).fetchone()
    return datetime.fromisoformat(row[0]) if row else None


def known_trace_keys(store: Store, trace_keys: Sequence[str]) -> set[str]:
    """Which of these traces the store has, in whatever project."""
    found: set[str] = set()
    with store.read() as con:
        for start in range(0, len(trace_keys), _CHUNK):
            chunk = trace_keys[start : start + _CHUNK]
            found.update(row[0] for row in con.execute(SELECT_KNOWN.format(marks=marks(len(chunk))), chunk))
    return found


def advance_cursor(store: Store, source: PullSource, taken_until: datetime) -> None:
    """Note that everything that began before has been taken. It never goes back."""
    text = taken_until.astimezone(UTC).isoformat(timespec="microseconds")
    with store.write() as con:
        con.execute(SET_CURSOR, (source.source, source.url, source.project, text, utc_text(datetime.now(UTC))))
