"""Make erased bytes really go: out of the full-text index, free pages and the write-ahead log.

Cells are overwritten as they are deleted (`secure_delete`). What was freed before that, by ordinary writing, lies in
free pages; they are taken into use once and dropped again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from .connection import SqliteConnection
from .fulltext import MERGE_ALL, MERGE_MORE

Open = Callable[[], AbstractContextManager[SqliteConnection]]
"""A way to a connection: in a transaction that writes, or outside of one."""

_MERGE_PAGES = 4_000
_FILL_BYTES = 8 << 20


def scrub_file(write: Open, outside: Open, *, compact: bool = False) -> bool:
    """`Store.scrub` of a file. Cost: rewrites the full-text index once; with `compact` the file."""
    _merge_full_text(write)
    if compact:
        with outside() as con:
            con.execute("VACUUM")
    else:
        _overwrite_free_pages(write)
    return _empty_log(outside)


def _merge_full_text(write: Open) -> None:
    """Bring the index down to one segment in steps: a deletion stays a note beside the words until they meet."""
    statement, pages = MERGE_ALL, -_MERGE_PAGES
    while True:
        with write() as con:
            con.execute("PRAGMA secure_delete=ON")
            before = con.total_changes
            con.execute(statement, (pages,))
            # FTS5: fewer than two changes say that there is nothing left to merge.
            if con.total_changes - before < 2:
                return
        statement, pages = MERGE_MORE, _MERGE_PAGES


def _overwrite_free_pages(write: Open) -> None:
    with write() as con:
        con.execute("PRAGMA secure_delete=ON")
        con.execute("DROP TABLE IF EXISTS scrub_filler")
        left = _free_bytes(con)
        con.execute("CREATE TABLE scrub_filler(x BLOB)")
    while left > 0:
        with write() as con:
            con.execute("INSERT INTO scrub_filler VALUES (zeroblob(?))", (_FILL_BYTES,))
            left = min(left - _FILL_BYTES, _free_bytes(con))
    with write() as con:
        con.execute("DROP TABLE scrub_filler")


def _free_bytes(con: SqliteConnection) -> int:
    pages: int = con.execute("PRAGMA freelist_count").fetchone()[0]
    size: int = con.execute("PRAGMA page_size").fetchone()[0]
    return pages * size


def _empty_log(outside: Open) -> bool:
    with outside() as con:
        busy: int = con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy
