"""Erasing in SQLite: overwrite what goes, and find tables by their columns.

Found rather than listed, so that a table which a later schema adds is not forgotten by an erasure.
"""

from __future__ import annotations

from ..contract import Connection

SELECT_TABLES = """
SELECT t.name FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c ON c.name = :column
WHERE t.schema = 'main' AND t.type IN ('table', 'virtual')
  AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = t.name || '_no_delete')
ORDER BY t.name
"""


class SqliteErasing:
    """`store.contract.Erasing` of a file."""

    def begin(self, con: Connection, /) -> None:
        con.execute("PRAGMA secure_delete=ON")
        con.execute("PRAGMA defer_foreign_keys=ON")

    def tables_with(self, con: Connection, column: str, /) -> list[str]:
        return [row["name"] for row in con.execute(SELECT_TABLES, {"column": column})]
