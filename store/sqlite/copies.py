"""Whole copies of a store's file, made while others write, and back again."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ...model.errors import StoreError, UsageError
from ..damage import Copied
from .connection import SqliteConnection
from .driver import DatabaseError, driver
from .errors import explain
from .logmark import settle_log

_PAGES = 2_000
"""Copied at once, so that writers get their turn; SQLite begins anew where another process wrote meanwhile."""
_PAUSE_S = 0.005


def back_up(source: SqliteConnection, target: Path, *, name: str) -> Copied:
    """Copy the store behind a connection into a new file, with all that was committed, its log included.

    Args:
        source: An open connection; other processes may go on writing.
        target: The new file; must not exist.
        name: How errors call the store.

    Raises:
        UsageError: if the target exists.
        StoreError: if it cannot be written; nothing is left of it then.
    """
    refuse_to_replace(target)
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        fd = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        os.close(fd)
        copy = driver.connect(str(fresh), isolation_level=None)
        try:
            source.backup(copy, pages=_PAGES, sleep=_PAUSE_S)
            settle_log(copy)
            copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            runs = copy.execute("SELECT count(*) FROM trace").fetchone()[0]
        finally:
            copy.close()
        _keep(fresh)
        os.link(fresh, target)
    except DatabaseError as err:
        raise explain(err, name) from err
    except OSError as err:
        raise StoreError(f"Cannot write {target} ({err.strerror}). Name another place.") from err
    finally:
        for leftover in fresh.parent.glob(f"{fresh.name}*"):
            leftover.unlink(missing_ok=True)
    return Copied(str(target), target.stat().st_size, runs)


def refuse_to_replace(target: Path) -> None:
    """Refuse a target where something lies.

    Raises:
        UsageError: naming it.
    """
    beside = [path for path in (target, target.with_name(f"{target.name}-wal")) if path.exists()]
    if beside:
        raise UsageError(f"There is something at {beside[0]} already. Name a new file, or move that one away first.")
    if not target.parent.is_dir():
        raise UsageError(f"No folder {target.parent}. Make it first, or name another place.")


def _keep(path: Path) -> None:
    """See that the copy is on the disk before anybody relies on it."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
