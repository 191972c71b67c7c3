"""Who read which runs, noted in the access log without making the reader wait."""

from __future__ import annotations

import getpass
import logging
import threading
import time
from collections.abc import Sequence

from ...model.errors import StoreError
from ...store.audit.access import AccessKind, insert_access
from ...store.contract import Store

_ANEW_SECONDS = 3_600.0
"""Reading a run again within the hour adds no line."""
_MOST_REMEMBERED = 20_000
_MOST_WAITING = 1_000
_NAMED = 10


class _Notes:
    """What this process noted for one store, and what waits for another writer to end."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.noted: dict[tuple[str, str, str], float] = {}
        self.waiting: list[tuple[str, str, str]] = []


log = logging.getLogger(__name__)
_by_store: dict[str, _Notes] = {}


def note_reading(store: Store, trace_ids: Sequence[int], *, actor: str, detail: str = "") -> None:
    """Note that somebody read the content of these runs.

    A store that another process writes to just now is not waited for: the line follows with the next one that this
    process notes. A read-only store notes nothing.

    Args:
        store: Where they lie.
        trace_ids: At least one.
        actor: `agent:claude`, `cli:ada`, `tui:ada`.
        detail: How: the name of a tool or command.

    Cost: a lookup; for a run that was not read in the last hour a commit of one row.
    """
    if store.read_only or not trace_ids:
        return
    notes = _by_store.setdefault(store.id, _Notes())
    entry = (actor, _subject(trace_ids), detail)
    now = time.monotonic()
    with notes.lock:
        if now - notes.noted.get(entry, -_ANEW_SECONDS) < _ANEW_SECONDS:
            return
        if len(notes.noted) >= _MOST_REMEMBERED:
            notes.noted.clear()
        notes.noted[entry] = now
        notes.waiting = [*notes.waiting, entry][-_MOST_WAITING:]
        try:
            if _written(store, notes.waiting):
                notes.waiting = []
        except StoreError as err:
            # A full disk keeps nobody from reading what is there.
            log.warning("A reading could not be noted: %s", err)


def _written(store: Store, entries: Sequence[tuple[str, str, str]]) -> bool:
    with store.write_if_free() as con:
        if con is None:
            return False
        for actor, subject, detail in entries:
            insert_access(con, AccessKind.READ, subject, actor=actor, detail=detail)
    return True


def _subject(trace_ids: Sequence[int]) -> str:
    named = ", ".join(f"T{trace_id}" for trace_id in trace_ids[:_NAMED])
    return named if len(trace_ids) <= _NAMED else f"{named} and {len(trace_ids) - _NAMED} more"


def at_hand(face: str) -> str:
    """The actor of a face that a person or a script drives: `cli:ada`, by the name of the system's user."""
    try:
        return f"{face}:{getpass.getuser()[:60]}"
    except (KeyError, OSError):
        return face
