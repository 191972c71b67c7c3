"""A mode's life as people move it on: confirmed as worth mending, then fixed; a recurrence re-opens it by itself."""

from __future__ import annotations

import time

from ...model.clock import utc_now, utc_text
from ...store.contract import Store
from ...store.findings.modes import ModeRow, ModeStatus, get_mode_row, set_status

_NOTE = 500


def confirm_mode(store: Store, mode: str, *, by: str, note: str = "") -> ModeRow:
    """Say that a mode is a real failure. For people; no tool of an assistant leads here.

    Raises:
        UnknownIdError: if there is no such mode.
    """
    return _move(store, mode, ModeStatus.CONFIRMED, by, note, None)


def fix_mode(store: Store, mode: str, *, by: str, note: str = "", at_ns: int | None = None) -> ModeRow:
    """Say that a mode is mended since a moment (now, where left out): a run from later re-opens it as regressed.

    Args:
        store: Where.
        mode: `M3`.
        by: Who says so.
        note: What mended it.
        at_ns: Since when, Unix nanoseconds.

    Raises:
        UnknownIdError: if there is no such mode.
    """
    return _move(store, mode, ModeStatus.FIXED, by, note, time.time_ns() if at_ns is None else at_ns)


def _move(store: Store, mode: str, status: ModeStatus, by: str, note: str, fixed_at: int | None) -> ModeRow:
    row = get_mode_row(store, mode)
    with store.write() as con:
        set_status(con, row.id, status, at=utc_text(utc_now()), by=by, note=note[:_NOTE], fixed_at=fixed_at)
    return get_mode_row(store, row.id)
