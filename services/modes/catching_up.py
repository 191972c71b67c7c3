"""Analyse and place what waits a little at a time, so that nobody has to wait for all of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...store.contract import Store
from ...store.findings.mode_features import traces_to_place
from ...store.findings.signals import traces_to_analyse
from ...store.reading.trace_ids import newest_trace_ids, store_size
from ...store.traces.revisions import refresh
from ..understanding.analysing import analyse, rules_of
from ..understanding.known_failures import refresh_known_failures
from .gathering import update_modes

_READ, _ANALYSED, _PLACED = 64, 16, 16
"""Runs of one portion, some tenths of a second each."""
_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is left to do, in runs."""

    to_read: int = 0
    """Spans have come that no revision has."""
    to_analyse: int = 0
    to_place: int = 0

    @property
    def runs(self) -> int:
        """Runs that are not in the numbers yet."""
        # What is not read is not analysed either; what is to be placed is both.
        return max(self.to_read, self.to_analyse) + self.to_place

    @property
    def in_words(self) -> str:
        """One sentence; empty where nothing is left."""
        return f"{self.runs:,} runs are not in these numbers yet." if self.runs else ""


def catch_up(store: Store, *, seconds: float, on_progress: Callable[[Backlog], None] | None = None) -> Backlog:
    """Look for signals in the runs that wait, the newest first, then place them in failure modes; stop in time.

    Args:
        store: Where.
        seconds: How long to go on; at least one portion is done, so that repeated calls come to an end.
        on_progress: Called before each portion, with what is left.

    Returns:
        What is left; nothing in a read-only store, where nothing is kept.
    """
    if store.read_only:
        return Backlog()
    until = time.monotonic() + seconds
    refresh_known_failures(store)
    for left in _portions(store):
        if on_progress:
            on_progress(left)
        if time.monotonic() >= until:
            return backlog(store)
    return backlog(store)


def backlog(store: Store) -> Backlog:
    """What waits now. Cost: three counts."""
    to_analyse = len(traces_to_analyse(store, rules_of(store), _COUNTED))
    return Backlog(store_size(store).waiting, to_analyse, len(traces_to_place(store, _COUNTED)))


def _portions(store: Store) -> Iterator[Backlog]:
    """Do one portion after the other; what is left is told after each."""
    newest = newest_trace_ids(store, _ANALYSED * 2)
    if refresh(store, newest) or traces_to_analyse(store, rules_of(store), 1, newest):
        # They are what somebody who has just come looks at.
        analyse(store, newest)
        yield backlog(store)
    to_read = store_size(store).waiting
    while refresh(store, limit=_READ):
        to_read = max(to_read - _READ, 0)
        yield Backlog(to_read, to_read, 0)
    waiting = traces_to_analyse(store, rules_of(store), _COUNTED)[::-1]
    for start in range(0, len(waiting), _ANALYSED):
        analyse(store, waiting[start : start + _ANALYSED])
        yield Backlog(0, max(len(waiting) - start - _ANALYSED, 0), 0)
    to_place = len(traces_to_place(store, _COUNTED))
    while placed := update_modes(store, limit=_PLACED):
        to_place = max(to_place - placed, 0)
        yield Backlog(0, 0, to_place)
