"""Make a store's file, bring it to the newest schema, and open it."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

from ...model.errors import DamagedStoreError, StoreError, StoreVersionError, UsageError
from ..contract import StoreKind
from ..schema import HEAD
from .connection import BUSY_SECONDS, can_be_written, read_address
from .driver import DatabaseError, driver
from .errors import explain
from .fresh import make_fresh
from .logmark import is_marked, log_of, settle_log
from .store import SqliteStore

APPLICATION_ID = 0x52545350
"""`RTSP` in the file header: tells our files from other SQLite databases."""


def open_file(path: Path, *, kind: StoreKind = "ordinary", read_only: bool = False) -> SqliteStore:
    """Open the store in the file at `path`, creating it (with `kind`) or migrating it where needed.

    On a medium that cannot be written it is opened read-only, whatever was asked.

    Raises:
        UsageError: if the file is not ours, or is to be read and does not exist.
        StoreError: if it cannot be opened or written.
        StoreVersionError: if a newer Retrospan made it.
    """
    try:
        if path.exists() and not can_be_written(path):
            read_only = True
        if not path.exists():
            if read_only:
                raise UsageError(f"No store at {path}. Run `retrospan import` or `retrospan serve` to make one.")
            _create(path, kind)
        _migrate(path, read_only=read_only)
        return SqliteStore(path, read_only=read_only)
    except DatabaseError as err:
        raise explain(err, str(path)) from err
    except UnicodeDecodeError as err:
        raise DamagedStoreError(str(path), f"names of tables are broken: {err.reason}") from err


def _create(path: Path, kind: StoreKind) -> None:
    """Make the file under a temporary name first, so that no process ever meets a half-made store."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise StoreError(
            f"Cannot make the folder of {path} ({err.strerror}). Name another place with --store."
        ) from err
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fd = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.close(fd)
        con = driver.connect(str(fresh), isolation_level=None)
        con.execute("PRAGMA page_size=8192")
        con.execute(f"PRAGMA application_id={APPLICATION_ID}")
        con.close()
        make_fresh(fresh)
        con = driver.connect(str(fresh), isolation_level=None)
        rows = [("store_id", secrets.token_hex(8)), ("kind", kind), ("created_at", str(time.time_ns()))]
        con.executemany("INSERT INTO meta(key, value) VALUES (?, ?)", rows)
        con.execute("PRAGMA journal_mode=WAL")
        con.close()
        if not path.exists():
            os.link(fresh, path)
    except FileExistsError:
        pass
    except OSError as err:
        raise StoreError(f"Cannot make a store at {path} ({err.strerror}). Name another place with --store.") from err
    finally:
        for leftover in path.parent.glob(f"{fresh.name}*"):
            leftover.unlink(missing_ok=True)


def _migrate(path: Path, *, read_only: bool) -> None:
    if lacks_log(path):
        raise StoreError(
            f"{path} is a copy of a store that was in use, without its log ({path.name}-wal): what was written last is "
            "not in it. Copy with `retrospan store backup`, which may be done while others write. To use this one as "
            "it is: `retrospan store check --accept`."
        )
    con = driver.connect(read_address(path), uri=True, timeout=BUSY_SECONDS)
    try:
        if con.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise UsageError(f"{path} is not a Retrospan store. Name another file with --store.")
        found = con.execute("SELECT version_num FROM alembic_version").fetchone()
    finally:
        con.close()
    if found is not None and found[0] == HEAD:
        return
    if read_only:
        raise StoreVersionError(
            f"The store {path} has an older schema. Open it once without --read-only to migrate it."
        )
    from .upgrade import upgrade_sqlite

    upgrade_sqlite(path)


def lacks_log(path: Path) -> bool:
    """Whether the file is a copy of a store in use, without the log that belongs to it.

    Raises:
        DatabaseError: if it cannot be read.
    """
    if log_of(path).exists():
        return False
    con = driver.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        # Looked for again: somebody may have begun to write since.
        return is_marked(con) and not log_of(path).exists()
    finally:
        con.close()


def accept_copy(path: Path) -> None:
    """Say of a copy without its log that it is to be used as it is."""
    con = driver.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        settle_log(con)
    finally:
        con.close()
