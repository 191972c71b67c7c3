"""Find tables by their columns, so that a table which a later schema adds is not forgotten by an erasure."""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import Connection

SELECT_TABLES = """
SELECT t.name FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c ON c.name = ?
WHERE t.schema = 'main' AND t.type IN ('table', 'virtual')
  AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = t.name || '_no_delete')
ORDER BY t.name
"""


def tables_with(con: Connection, column: str) -> list[str]:
    """Tables that have a column of this name, without those that only grow."""
    return [row[0] for row in con.execute(SELECT_TABLES, (column,))]


def delete_rows(con: Connection, table: str, column: str, ids: Sequence[int]) -> None:
    """Delete the rows of a table of this schema that speak of these ids."""
    name = table.replace('"', '""')
    con.executemany(f'DELETE FROM "{name}" WHERE {column} = ?', [(i,) for i in ids])  # noqa: S608
