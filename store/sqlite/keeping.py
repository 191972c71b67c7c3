"""`Keeping` for stores in files."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ...model.errors import StoreBusyError, StoreError, UsageError
from ..damage import Restored, Salvaged, StoreCheck
from .checking import check_file
from .copies import back_up
from .driver import DatabaseError, driver
from .logmark import settle_log
from .opening import accept_copy, open_file
from .salvaging import salvage_file


class FileKeeping:
    """Check, salvage and restore of files."""

    def check(self, location: Path) -> StoreCheck:
        return check_file(_existing(location))

    def salvage(self, location: Path, target: Path) -> Salvaged:
        return salvage_file(_existing(location), target)

    def accept(self, location: Path) -> None:
        accept_copy(_existing(location))

    def restore(self, copy: Path, location: Path) -> Restored:
        with open_file(_existing(copy), read_only=True) as store:
            if trouble := store.trouble():
                raise StoreError(f"The copy {copy} is damaged ({trouble}). Take another, or salvage this one.")
            fresh = location.with_name(f"{location.name}.restoring-{os.getpid()}")
            with store.read() as con:
                copied = back_up(con, fresh, name=str(copy))
        try:
            aside = _move_aside(location) if location.exists() else None
            fresh.rename(location)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        return Restored(str(location), copied.runs, aside)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UsageError(f"No store at {path}. Check the path.")
    return path


def _move_aside(path: Path) -> str:
    """Rename what lies at `path`, its log written back first where it can still be read.

    Raises:
        StoreBusyError: if a process has it open; it would go on writing to the file that was moved.
    """
    aside = path.with_name(f"{path.name}.before-{time.strftime('%Y%m%d-%H%M%S')}")
    con = driver.connect(str(path), isolation_level=None, timeout=1)
    try:
        settle_log(con)
        # Leaving the log mode needs every other connection gone.
        con.execute("PRAGMA busy_timeout=1000")
        con.execute("PRAGMA journal_mode=DELETE").fetchone()
    except DatabaseError as err:
        if "locked" in str(err) or "busy" in str(err):
            raise StoreBusyError(
                f"The store {path} is in use. Stop `retrospan serve`, `mcp` and others first."
            ) from err
        # Damaged: it is moved as it is, with its log.
    finally:
        con.close()
    for name in ("", "-wal", "-shm"):
        part = path.with_name(f"{path.name}{name}")
        if part.exists():
            part.rename(aside.with_name(f"{aside.name}{name}"))
    return str(aside)
