"""Counters that tell what was remembered apart from what is there now, in whatever process it was changed."""

from __future__ import annotations

from .contract import Connection

BODIES = "body_generation"
"""Raised by each sweep of unused contents."""
VECTORS = "vector_generation"
"""Raised whenever vectors are written; ids alone do not tell, as those of deleted rows may be given again."""

KNOWLEDGE = "knowledge_generation"
"""Raised whenever a knowledge file or draft comes, changes or goes."""

SELECT_GENERATION = "SELECT value FROM meta WHERE key = :name"
NEXT_GENERATION = """
INSERT INTO meta(key, value) VALUES (:name, '1')
ON CONFLICT(key) DO UPDATE SET value = CAST(CAST(meta.value AS INTEGER) + 1 AS TEXT)
"""


def generation(con: Connection, name: str) -> str:
    """Equal to an earlier one as long as `next_generation` was not called for this name; empty before the first."""
    row = con.execute(SELECT_GENERATION, {"name": name}).fetchone()
    return "" if row is None else str(row["value"])


def next_generation(con: Connection, name: str) -> None:
    """Say that what others remember under this name is out of date, from the end of the transaction on."""
    con.execute(NEXT_GENERATION, {"name": name})
