"""Delete from a table that was found by its columns (`store.contract.Erasing.tables_with`)."""

from __future__ import annotations

from collections.abc import Iterable

from ..contract import Connection


def delete_rows(con: Connection, table: str, column: str, ids: Iterable[int]) -> None:
    """Delete the rows of a table of this schema that speak of these ids."""
    name = table.replace('"', '""')
    con.execute(f'DELETE FROM "{name}" WHERE {column} IN :ids', {"ids": ids})  # noqa: S608
