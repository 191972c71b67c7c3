"""What SQLite's errors mean for the person at the other end, told by its result codes."""

from __future__ import annotations

from ...model.errors import (
    DamagedStoreError,
    RetrospanError,
    StoppedError,
    StoreBusyError,
    StoreError,
    StoreFullError,
)
from .connection import BUSY_SECONDS, UNDECODABLE
from .driver import OperationalError

_BUSY, _LOCKED, _READ_ONLY, _INTERRUPTED, _IO, _CORRUPT, _FULL, _CANNOT_OPEN, _NO_DATABASE = (
    5,
    6,
    8,
    9,
    10,
    11,
    13,
    14,
    26,
)
_PRIMARY = 0xFF
"""The low byte of an extended result code is the primary one."""


def is_trouble(err: BaseException) -> bool:
    """Whether an error of the driver is about the file or the machine, and not about what was asked of it."""
    known = isinstance(err, OperationalError) or UNDECODABLE in str(err)
    return known or _code(err) in (_CORRUPT, _NO_DATABASE, _IO, _FULL, _CANNOT_OPEN)


def _code(err: BaseException) -> int:
    return (getattr(err, "sqlite_errorcode", None) or 0) & _PRIMARY


def explain(err: Exception, name: str) -> RetrospanError:
    """Our error for one of the driver's.

    Args:
        err: As raised by the driver.
        name: Which store.
    """
    code = _code(err)
    if code == _INTERRUPTED:
        return StoppedError("Called off; nothing of it was stored.")
    if code in (_BUSY, _LOCKED):
        return StoreBusyError(
            f"The store {name} is locked by another process for over {BUSY_SECONDS:.0f} s. Try again."
        )
    if code == _FULL:
        return StoreFullError(f"The disk with {name} is full. Nothing was stored; free space and send again.")
    if code == _READ_ONLY:
        return StoreError(f"The store {name} cannot be written (read-only). Check its permissions.")
    if code in (_CORRUPT, _NO_DATABASE) or UNDECODABLE in str(err):
        return DamagedStoreError(name, str(err))
    if code == _CANNOT_OPEN:
        return StoreError(
            f"The store {name} cannot be opened ({err}). Where its folder cannot be written, a store that was in use "
            "cannot be read, since its log (-wal) has to be: copy both files to another folder and open that copy."
        )
    if code == _IO:
        return StoreError(f"The disk with {name} cannot be read or written ({err}). Look at the disk; try again.")
    return StoreError(f"The store {name} is in trouble: {err}. Run `retrospan doctor`.")
