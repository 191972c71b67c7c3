"""A connection to one SQLite file that takes statements in the shared form of `store.contract`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ...model.errors import UsageError
from ..rows import R, Table, insert_statement
from .driver import Row, driver, load_extension, vector_extension

if TYPE_CHECKING:
    from sqlite3 import Cursor

BUSY_SECONDS = 30.0
"""How long a writer waits for another process."""
UNDECODABLE = "Could not decode to UTF-8"
"""How the driver's own error about broken text begins."""
_IN_LIST = re.compile(r"\bIN\s+:([a-z_][a-z_0-9]*)\b")
_LENGTH_BITS = 32
"""A value of a list of bytes is bound as where it begins and how long it is, in one number."""


class SqliteConnection(driver.Connection):
    """SQLite's connection, with lists behind `IN :names`."""

    as_written = "rowid"

    def execute(self, statement: str, values: Any = (), /) -> Cursor:
        lists = _lists(statement)
        if not lists:
            try:
                return super().execute(statement, values)
            except UnicodeDecodeError as err:
                # An error about broken names, which the driver could not put into words.
                raise driver.DatabaseError(f"{UNDECODABLE}: {err.reason}") from err
            except UnicodeEncodeError as err:
                raise UsageError(f"{err.object[:80]!r} holds half a character. Write it in UTF-8.") from err
        asked = {name: list(values[name]) for name in lists}
        of_bytes = tuple(name for name in lists if asked[name] and isinstance(asked[name][0], bytes))
        bound = dict(values)
        for name in lists:
            bound[name] = orjson.dumps(_places(asked[name]) if name in of_bytes else asked[name]).decode()
        for name in of_bytes:
            bound[f"{name}__bytes"] = b"".join(asked[name])
        return super().execute(_expanded(statement, of_bytes), bound)

    def insert_rows(self, into: Table[R], rows: Iterable[R], /) -> int:
        return max(0, self.executemany(insert_statement(into), rows).rowcount)

    def reserve_ids(self, table: str, count: int, /) -> range:
        # There is one writer, so the ids above the last are nobody else's.
        row = super().execute(f'SELECT coalesce(max(id), 0) + 1 AS first FROM "{table}"').fetchone()  # noqa: S608
        return range(row["first"], row["first"] + count)


@lru_cache(maxsize=1_000)
def _lists(statement: str) -> tuple[str, ...]:
    return tuple(_IN_LIST.findall(statement))


@lru_cache(maxsize=1_000)
def _expanded(statement: str, of_bytes: tuple[str, ...]) -> str:
    """The statement as SQLite takes it: a list is a JSON text; JSON holds no bytes, so they are cut out of one blob."""

    def expand(match: re.Match[str]) -> str:
        name = match[1]
        if name not in of_bytes:
            return f"IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 - names of the statement's own
        cut = f"substr(:{name}__bytes, value >> {_LENGTH_BITS}, value & {2**_LENGTH_BITS - 1})"
        return f"IN (SELECT {cut} FROM json_each(:{name}))"  # noqa: S608 - as above

    return _IN_LIST.sub(expand, statement)


def _places(asked: list[bytes]) -> list[int]:
    places, start = [], 1
    for value in asked:
        places.append(start << _LENGTH_BITS | len(value))
        start += len(value)
    return places


def can_be_written(path: Path) -> bool:
    """Whether the file and its folder can be: a snapshot, a medium or a mount may forbid it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def read_address(path: Path) -> str:
    """How SQLite opens the file for reading. Where nothing can be written beside it, it has to be told that nobody
    will: it makes an index of the log otherwise."""
    settled = not can_be_written(path) and not path.with_name(f"{path.name}-wal").exists()
    return f"{path.as_uri()}?mode=ro{'&immutable=1' if settled else ''}"


def connect(path: Path, *, read_only: bool = False) -> SqliteConnection:
    """Open the file at `path`, with the pragmas that every connection of a store has."""
    con = driver.connect(
        read_address(path) if read_only else f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=SqliteConnection,
    )
    con.row_factory = Row
    con.execute("PRAGMA journal_size_limit=67108864")
    # Pages that every commit touches are written back once in 32 MiB rather than once in 8.
    con.execute("PRAGMA wal_autocheckpoint=4000")
    # NORMAL in WAL survives kill -9 of the process at any moment; a power cut may take the last transactions.
    con.execute("PRAGMA synchronous=NORMAL")
    con.execute("PRAGMA foreign_keys=ON")
    # What is replaced or deleted is overwritten in the pages that are written anyway; erasing does the rest.
    con.execute("PRAGMA secure_delete=FAST")
    con.execute("PRAGMA temp_store=MEMORY")
    con.execute("PRAGMA cache_size=-32768")
    if extension := vector_extension():
        load_extension(con, extension)
    return con
