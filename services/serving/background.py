"""Assemble and analyse traces some seconds after their last span, in small slices that let receiving go first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from ...model.errors import RetrospanError
from ...store.contract import Store
from ...store.findings.mode_features import traces_to_place
from ...store.findings.signals import traces_to_analyse
from ..understanding.analysing import analyse, rules_of

QUIET_SECONDS = 3.0
"""After its last span a trace is taken to be complete, for now."""
_SLICE = 8
"""Traces between two looks at whether receiving waits."""
_LEFTOVER_SLICE = 2_000
_BUSY_SHARE = 0.1
"""Part of the time that background work may take while spans arrive."""
_AFTER_TROUBLE_S = 30.0

log = logging.getLogger(__name__)


class BackgroundWork:
    """A thread that keeps findings up with what arrives. What it did not reach is found again at the next start.

    Args:
        store: Where.
        quiet_seconds: How long a trace must have gained nothing.
        is_busy: Whether receiving has work waiting.
    """

    def __init__(
        self, store: Store, *, quiet_seconds: float = QUIET_SECONDS, is_busy: Callable[[], bool] = lambda: False
    ) -> None:
        self._store = store
        self._quiet = quiet_seconds
        self._is_busy = is_busy
        self._last_seen: dict[int, float] = {}
        """Trace → when it last gained something, oldest first."""
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retrospan-background", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier process left behind."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the slice at hand."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def touch(self, trace_ids: Iterable[int]) -> None:
        """Note that these traces gained spans just now."""
        now = time.monotonic()
        with self._guard:
            for trace_id in trace_ids:
                self._last_seen.pop(trace_id, None)
                self._last_seen[trace_id] = now
        self._wake.set()

    def _run(self) -> None:
        self._note_leftovers()
        while not self._stopping.is_set():
            due, wait = self._due()
            if not due:
                self._wake.wait(wait)
                self._wake.clear()
                continue
            began = time.monotonic()
            self._analyse(due)
            if self._is_busy():
                taken = time.monotonic() - began
                self._stopping.wait(taken * (1 / _BUSY_SHARE - 1))

    def _note_leftovers(self) -> None:
        try:
            left = traces_to_analyse(self._store, rules_of(self._store), _LEFTOVER_SLICE)
            left += traces_to_place(self._store, _LEFTOVER_SLICE)
        except RetrospanError as err:
            log.warning("Could not look for traces to analyse: %s", err)
            return
        with self._guard:
            for trace_id in left:
                self._last_seen.setdefault(trace_id, time.monotonic() - self._quiet)

    def _due(self) -> tuple[list[int], float | None]:
        """Traces that have been quiet long enough, at most a slice; else how long to wait for the first."""
        with self._guard:
            ready_before = time.monotonic() - self._quiet
            due: list[int] = []
            for trace_id, seen in self._last_seen.items():
                if seen > ready_before:
                    return (due, None) if due else (due, seen - ready_before)
                if len(due) == _SLICE:
                    break
                due.append(trace_id)
            return due, None

    def _analyse(self, trace_ids: list[int]) -> None:
        with self._guard:
            seen = {trace_id: self._last_seen.pop(trace_id, 0.0) for trace_id in trace_ids}
        try:
            analyse(self._store, trace_ids)
            self._place(trace_ids)
        except RetrospanError as err:
            log.warning("Could not analyse: %s", err)
            self._retry_later(seen)
        except Exception:
            # One odd trace must not stop the analysis of all others; it stays unanalysed until it changes.
            log.exception("Analysis failed on one of the traces %s", trace_ids)

    def _place(self, trace_ids: list[int]) -> None:
        # numpy is loaded with it, which an idle server can do without.
        from ..modes.gathering import update_modes

        update_modes(self._store, trace_ids=trace_ids)

    def _retry_later(self, trace_ids: Iterable[int]) -> None:
        with self._guard:
            for trace_id in trace_ids:
                self._last_seen.setdefault(trace_id, time.monotonic())
        self._stopping.wait(_AFTER_TROUBLE_S)
