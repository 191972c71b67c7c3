"""Reading of a file that may be damaged: past what cannot be read, and without believing what can."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ...model.reading.digest import BodyKind, content_hash, envelope_hash
from ..traces.contents import decode_row, plain_of
from .connection import SqliteConnection
from .driver import DatabaseError, Row, driver, load_extension, vector_extension

_FAR = 1 << 62
DERIVED = frozenset(
    [
        "signal",
        "suspect_cache",
        "told_steps",
        "trace_features",
        "mode_background",
        "embedding",
        "step_row",
        "call_row",
        "message_row",
        "document_row",
        "rows_of",
        "run_attribute",
    ]
)
"""Tables that are computed anew from spans."""
POINTS_NOWHERE = "points at a content that is gone"


class Gap(NamedTuple):
    """Rows that cannot be read, by their numbers; `upto` may be too high."""

    after: int
    upto: int


class BadContent(NamedTuple):
    """A content that is not what its hash says, or cannot be read."""

    id: int
    why: str


def open_raw(path: Path) -> SqliteConnection:
    """A connection that only reads, whatever state the file is in.

    Raises:
        DatabaseError: if it is no database at all.
    """
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    con = driver.connect(f"{path.as_uri()}?{how}", uri=True, isolation_level=None, factory=SqliteConnection)
    con.row_factory = Row
    if extension := vector_extension():
        load_extension(con, extension)
    try:
        # Lets the tables be read whose definitions are whole, where others are not.
        con.execute("PRAGMA writable_schema=ON")
        con.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except DatabaseError:
        con.close()
        raise
    return con


def tables_of(con: SqliteConnection) -> dict[str, bool]:
    """The ordinary tables, in the order they were made, and whether their rows are numbered."""
    rows = con.execute(
        "SELECT m.name, l.wr FROM sqlite_master m JOIN pragma_table_list(m.name) l ON l.schema = 'main' "
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND l.type = 'table' "
        "AND m.name NOT LIKE 'body_text%' ORDER BY m.rootpage"
    )
    return {row[0]: not row[1] for row in rows}


@contextmanager
def with_definitions(source: SqliteConnection, path: Path, fresh: SqliteConnection) -> Iterator[SqliteConnection]:
    """The source, or a copy of it in which each table whose definition was damaged has that of a fresh store.

    A definition is text in one cell; the page that it names, and the rows below that, may be whole.
    """
    known = dict(iter(fresh.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")))
    named = {row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    unread = (named & known.keys()) - {row[0] for row in source.execute("SELECT name FROM pragma_table_list")}
    if not unread:
        yield source
        return
    with tempfile.TemporaryDirectory(dir=path.parent) as place:
        copy = Path(place) / path.name
        for part in ("", "-wal"):
            if (beside := path.with_name(path.name + part)).exists():
                shutil.copyfile(beside, copy.with_name(copy.name + part))
        con = driver.connect(str(copy), isolation_level=None, factory=SqliteConnection)
        try:
            con.execute("PRAGMA writable_schema=ON")
            for name in unread:
                change = "UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name"
                con.execute(change, {"sql": known[name], "name": name})
        finally:
            con.close()
        mended = open_raw(copy)
        try:
            yield mended
        finally:
            mended.close()


def readable(con: SqliteConnection, table: str, *, numbered: bool) -> Iterator[Row | Gap]:
    """Every row of a table that can be read, and the gaps between them."""
    if numbered:
        yield from _numbered(con, table)
        return
    try:
        yield from con.execute(f"SELECT * FROM {table}")  # noqa: S608
    except DatabaseError:
        yield Gap(0, 0)


def _numbered(con: SqliteConnection, table: str) -> Iterator[Row | Gap]:
    after = -1
    while True:
        try:
            for row in con.execute(
                f"SELECT rowid AS row_number, * FROM {table} WHERE rowid > :after ORDER BY rowid",  # noqa: S608
                {"after": after},
            ):
                after = row["row_number"]
                yield row
            return
        except DatabaseError:
            beyond = _next_readable(con, table, after)
            yield Gap(after, beyond if beyond is not None else _FAR)
            if beyond is None:
                return
            after = beyond - 1


def _next_readable(con: SqliteConnection, table: str, after: int) -> int | None:
    """The number of the first row behind a damaged stretch; None where there is none. Some 60 look-ups."""
    low, step = after, 1
    found: int | None = None
    while step < _FAR:
        answer = _probe(con, table, after + step)
        if answer == 0:
            return None
        if answer is not None:
            found = answer
            break
        low, step = after + step, step * 2
    if found is None:
        return None
    high = after + step
    while high - low > 1:
        middle = (low + high) // 2
        answer = _probe(con, table, middle)
        if answer:
            high, found = middle, answer
        else:
            low = middle
    return found


def _probe(con: SqliteConnection, table: str, after: int) -> int | None:
    """The next row's number, 0 where there is none, None where it cannot be read."""
    try:
        row = con.execute(
            f"SELECT rowid AS row_number, * FROM {table} WHERE rowid > :after ORDER BY rowid LIMIT 1",  # noqa: S608
            {"after": after},
        ).fetchone()
    except DatabaseError:
        return None
    return 0 if row is None else int(row["row_number"])


def bad_contents(con: SqliteConnection) -> tuple[dict[int, bytes], list[BadContent], list[Gap]]:
    """Every content held against its hash.

    Returns:
        The hash by id of those that are what they should be; those that are not; the gaps.

    Cost: decompresses and hashes every content.
    """
    hashes: dict[int, bytes] = {}
    envelopes: dict[int, list[Any]] = {}
    bad, gaps = list[BadContent](), list[Gap]()
    for row in readable(con, "body", numbered=True):
        if isinstance(row, Gap):
            gaps.append(row)
            continue
        try:
            kind, plain = plain_of(row["codec"], row["data"])
            if kind is BodyKind.ENVELOPE:
                envelopes[row["id"]] = decode_row(row["codec"], row["data"])
            elif content_hash(kind, plain) != row["hash"]:
                bad.append(BadContent(row["id"], "is not what its hash says"))
                continue
            hashes[row["id"]] = row["hash"]
        except Exception as err:
            bad.append(BadContent(row["id"], f"cannot be read ({type(err).__name__})"))
    for body_id, parts in envelopes.items():
        why = _wrong_envelope(parts, hashes, hashes[body_id])
        if why:
            bad.append(BadContent(body_id, why))
    for content in bad:
        hashes.pop(content.id, None)
    return hashes, bad, gaps


def _wrong_envelope(parts: list[Any], hashes: dict[int, bytes], expected: bytes) -> str:
    try:
        return "" if envelope_hash(parts, hashes.__getitem__) == expected else "is not what its hash says"
    except KeyError:
        return POINTS_NOWHERE
    except Exception as err:
        return f"cannot be read ({type(err).__name__})"
