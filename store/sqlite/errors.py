"""What SQLite's errors mean for the person at the other end, told by its result codes."""

from __future__ import annotations

from ...model.errors import RetrospanError, StoppedError, StoreBusyError, StoreError
from .connection import BUSY_SECONDS

_BUSY, _LOCKED, _READ_ONLY, _INTERRUPTED, _CORRUPT, _FULL, _NO_DATABASE = 5, 6, 8, 9, 11, 13, 26
_PRIMARY = 0xFF
"""The low byte of an extended result code is the primary one."""


def explain(err: Exception, name: str) -> RetrospanError:
    """Our error for one of the driver's.

    Args:
        err: As raised by the driver.
        name: Which store.
    """
    code = (getattr(err, "sqlite_errorcode", None) or 0) & _PRIMARY
    if code == _INTERRUPTED:
        return StoppedError("Called off; nothing of it was stored.")
    if code in (_BUSY, _LOCKED):
        return StoreBusyError(
            f"The store {name} is locked by another process for over {BUSY_SECONDS:.0f} s. Try again."
        )
    if code == _FULL:
        return StoreError(f"The disk with {name} is full. Nothing was stored; free space and send again.")
    if code == _READ_ONLY:
        return StoreError(f"The store {name} cannot be written (read-only). Check its permissions.")
    if code in (_CORRUPT, _NO_DATABASE):
        return StoreError(f"The store {name} is damaged ({err}). Run `retrospan doctor` to see what can be done.")
    return StoreError(f"The store {name} is in trouble: {err}. Run `retrospan doctor`.")
