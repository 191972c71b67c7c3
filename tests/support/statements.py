"""Counts what a call asks of its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from retrospan.store.sqlite.connection import SqliteConnection


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that run in the block, on whatever connection; transactions are none."""
    ran: list[str] = []
    run = SqliteConnection.execute

    def execute(self: SqliteConnection, statement: str, values: Any = (), /) -> Any:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            ran.append(statement)
        return run(self, statement, values)

    with patch.object(SqliteConnection, "execute", execute):
        yield ran
