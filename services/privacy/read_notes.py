"""Who read which runs, noted in the access log without making the reader wait."""

from __future__ import annotations

import getpass
import logging
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from ...model.errors import StoreError
from ...store.audit.access import AccessKind, insert_access
from ...store.contract import Store

_ANEW_SECONDS = 3_600.0
"""Reading a run again within the hour adds no line."""
_MOST_REMEMBERED = 20_000
_MOST_WAITING = 1_000
_NAMED = 10


class _Entry(NamedTuple):
    """A line that is to be written."""

    action: AccessKind
    actor: str
    subject: str
    detail: str


class _Notes:
    """What this process noted for one store, and what waits for another writer to end."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.noted: dict[_Entry, float] = {}
        self.waiting: list[_Entry] = []


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
    if trace_ids:
        _note(store, _Entry(AccessKind.READ, actor, _subject(trace_ids), detail))


def note_lessons(store: Store, lesson_ids: Sequence[str], *, actor: str, channel: str, paths: Sequence[str]) -> None:
    """Note that somebody was given these lessons; see `note_reading`.

    Args:
        store: Where they lie.
        lesson_ids: Those that were shown.
        actor: As in `note_reading`.
        channel: How they came: the name of a tool or command, `hook`, `skill`.
        paths: The files that are about to change, where they were named.
    """
    if lesson_ids:
        told = " ".join([channel, *(path.replace(" ", "?") for path in paths)])
        _note(store, _Entry(AccessKind.LESSON, actor, " ".join(lesson_ids), told))


def _note(store: Store, entry: _Entry) -> None:
    if store.read_only:
        return
    notes = _by_store.setdefault(store.id, _Notes())
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


def _written(store: Store, entries: Sequence[_Entry]) -> bool:
    with store.write_if_free() as con:
        if con is None:
            return False
        for entry in entries:
            insert_access(con, entry.action, entry.subject, actor=entry.actor, detail=entry.detail)
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
