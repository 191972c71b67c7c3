"""A mark in the file itself while its log holds what the file does not: a copy without the log can be told by it.

SQLite keeps what was committed lately in a second file, `-wal`, and removes that when the last connection ends in
order. Whoever copies the main file alone beside a running process gets an older state, which opens without complaint.
So the first writer puts a mark into the main file, and whoever leaves takes it out; a marked file without a log is such
a copy.
"""

from __future__ import annotations

from pathlib import Path

from .connection import BUSY_SECONDS, SqliteConnection
from .driver import Connection, DatabaseError

SELECT_MARK = "SELECT 1 FROM meta WHERE key = 'log_in_use'"
INSERT_MARK = "INSERT OR IGNORE INTO meta(key, value) VALUES ('log_in_use', '1')"
DELETE_MARK = "DELETE FROM meta WHERE key = 'log_in_use'"


def mark_log(con: SqliteConnection) -> bool:
    """Put the mark down, inside a transaction that writes; True where it is new and has to be written back."""
    if con.execute(SELECT_MARK).fetchone() is not None:
        return False
    con.execute(INSERT_MARK)
    return True


def write_back(con: SqliteConnection) -> None:
    """Bring the mark from the log into the file, as far as readers of older states allow."""
    con.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def settle_log(con: Connection) -> None:
    """Take the mark out, as far as nobody else is writing: whoever writes next puts it down again."""
    con.execute("PRAGMA busy_timeout=0")
    try:
        if con.execute(SELECT_MARK).fetchone() is not None:
            con.execute(DELETE_MARK)
    except DatabaseError:
        # Busy: somebody else writes on, and leaves later. Full or damaged: the mark stays, which is the safe side.
        return
    finally:
        con.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1_000:.0f}")


def is_marked(con: Connection) -> bool:
    """Whether the mark is in the state that this connection sees."""
    try:
        return con.execute(SELECT_MARK).fetchone() is not None
    except DatabaseError:
        return False
    except UnicodeDecodeError:
        # Broken names of tables: an error that the driver cannot put into words.
        return False


def log_of(path: Path) -> Path:
    """Where the log of a file lies while it is in use."""
    return path.with_name(f"{path.name}-wal")
