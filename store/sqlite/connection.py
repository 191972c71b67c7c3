"""A connection to one SQLite file that takes statements in the shared form of `store.contract`."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from .driver import Row, driver, load_extension, vector_extension

if TYPE_CHECKING:
    from sqlite3 import Cursor

BUSY_SECONDS = 30.0
"""How long a writer waits for another process."""
_IN_LIST = re.compile(r"\bIN\s+:([a-z_]+)\b")


class _Prepared(NamedTuple):
    text: str
    lists: tuple[str, ...]


class SqliteConnection(driver.Connection):
    """SQLite's connection, with lists behind `IN :names`."""

    def execute(self, statement: str, values: Any = (), /) -> Cursor:
        prepared = _prepare(statement)
        if not prepared.lists:
            return super().execute(prepared.text, values)
        return super().execute(_with_bytes(prepared, values), _bound(prepared.lists, values))


@lru_cache(maxsize=1_000)
def _prepare(statement: str) -> _Prepared:
    lists = tuple(_IN_LIST.findall(statement))
    if not lists:
        return _Prepared(statement, ())
    return _Prepared(_IN_LIST.sub(r"IN (SELECT value FROM json_each(:\1))", statement), lists)


def _bound(lists: tuple[str, ...], values: Any) -> dict[str, Any]:
    """The values, each list as the JSON text that `json_each` reads; lists of bytes stand in the text already."""
    bound = dict(values)
    for name in lists:
        asked = list(bound[name])
        bound[name] = "[]" if asked and isinstance(asked[0], bytes) else orjson.dumps(asked).decode()
    return bound


def _with_bytes(prepared: _Prepared, values: Any) -> str:
    """JSON holds no bytes, so a list of them is written out as literals of hexadecimal digits."""
    text = prepared.text
    for name in prepared.lists:
        asked = list(values[name])
        if asked and isinstance(asked[0], bytes):
            literals = ",".join(f"x'{entry.hex()}'" for entry in asked)
            text = text.replace(f"IN (SELECT value FROM json_each(:{name}))", f"IN ({literals})")  # noqa: S608 - digits only
    return text


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
