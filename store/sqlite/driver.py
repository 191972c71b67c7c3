"""Which SQLite speaks for us: `pysqlite3` where it has wheels, else the standard library.

CPython builds without `enable_load_extension` are common, and SQLite before 3.51.3 can corrupt a WAL file that several
processes share, so the bundled library is preferred. Vectors fall back to numpy where no extension loads.
"""

from __future__ import annotations

import importlib.util
import sqlite3 as stdlib_sqlite3
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3 as driver
else:
    try:
        import pysqlite3 as driver
    except ImportError:
        import sqlite3 as driver

__all__ = [
    "Connection",
    "DatabaseError",
    "DriverReport",
    "OperationalError",
    "Row",
    "driver",
    "driver_report",
    "load_extension",
    "vector_extension",
]

WAL_SAFE_VERSION = (3, 51, 3)
"""First SQLite without the WAL-reset corruption bug."""

Connection = driver.Connection
Row = driver.Row
# A test double or a caller may raise the standard library's errors even where pysqlite3 is the driver.
OperationalError: tuple[type[Exception], ...] = (driver.OperationalError, stdlib_sqlite3.OperationalError)
DatabaseError: tuple[type[Exception], ...] = (driver.DatabaseError, stdlib_sqlite3.DatabaseError)


@dataclass(frozen=True, slots=True)
class DriverReport:
    """What `retrospan doctor` says of SQLite."""

    module: str
    version: str
    wal_safe: bool
    vectors: str
    """`sqlite-vec 0.1.9`, or `numpy` with the reason the extension did not load."""
    full_text: bool


@cache
def vector_extension() -> str | None:
    """The path of the sqlite-vec library where this driver can load it, else None."""
    if not hasattr(driver.Connection, "enable_load_extension"):
        return None
    # Its package imports numpy, which takes longer than opening a store; the library's place is all that is needed.
    package = importlib.util.find_spec("sqlite_vec")
    if package is None or package.origin is None:
        return None
    path = str(Path(package.origin).with_name("vec0"))
    try:
        con = driver.connect(":memory:")
        try:
            load_extension(con, path)
        finally:
            con.close()
    except OperationalError:
        return None
    return path


def load_extension(con: Connection, path: str) -> None:
    """Load one extension and shut the door again."""
    con.enable_load_extension(True)
    try:
        con.load_extension(path)
    finally:
        con.enable_load_extension(False)


def driver_report() -> DriverReport:
    """Versions and abilities of the SQLite in use."""
    con = driver.connect(":memory:")
    try:
        options = {row[0] for row in con.execute("PRAGMA compile_options")}
        vectors = "numpy (this SQLite cannot load extensions; searching by meaning works, in memory)"
        if path := vector_extension():
            load_extension(con, path)
            vectors = f"sqlite-vec {con.execute('SELECT vec_version()').fetchone()[0]}"
    finally:
        con.close()
    return DriverReport(
        module=driver.__name__,
        version=driver.sqlite_version,
        wal_safe=tuple(int(part) for part in driver.sqlite_version.split(".")) >= WAL_SAFE_VERSION,
        vectors=vectors,
        full_text="ENABLE_FTS5" in options,
    )
