"""Take OTLP deliveries into the store: one thread decodes and commits, several deliveries a transaction."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from ...ingest.conventions.registry import to_batch
from ...ingest.limits import DEFAULT_LIMITS, MIB, Limits
from ...ingest.otlp.decode import decode_logs, decode_traces
from ...ingest.otlp.raw import Bounds, RawLog, RawSpan
from ...ingest.otlp.receiver import Delivery, Receipt
from ...ingest.otlp.trace_sizes import TraceSizes
from ...model.errors import BadInputError, StoreError
from ...model.text.display import safe_line
from ...model.traces import SpanBatch
from ...store.contract import Store
from ...store.traces.commit import commit_batch
from ...store.traces.spans import span_ids_of
from .self_tracing import without_own

_JOINED_BYTES = 8 * MIB
"""Bodies taken into one transaction; bounds the memory of the decoded form."""
_JOINED_REQUESTS = 64
_REASONS = 3
_BUSY_SECONDS = 1.0
_MOST_TOLD = 100
"""Recorders that are told of; a sender that makes up scopes shall not fill the log."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    """A delivery on its way into the store."""

    delivery: Delivery
    future: Future[Receipt]
    batch: SpanBatch = field(default_factory=SpanBatch)
    rejected: list[str] = field(default_factory=list)
    redacted: int = 0
    told: str = ""
    """A word to the sender that is about no rejected record."""

    def receipt(self) -> Receipt:
        reasons = list(dict.fromkeys(self.rejected))
        more = f" (and {len(reasons) - _REASONS} more reasons)" if len(reasons) > _REASONS else ""
        why = " ".join(filter(None, (*reasons[:_REASONS], self.told))) + more
        return Receipt(len(self.rejected), why, self.redacted)


class Receiving:
    """The writer thread. Deliveries that wait together are committed together; each is answered after that commit.

    Args:
        store: Where to.
        project: For traces that name none.
        limits: Bounds on one trace and on one attribute.
        redact: Takes secrets out of a batch, in place, before anything is written; returns how many.
        on_commit: Told the ids of traces that gained something, on the writer thread.
    """

    def __init__(
        self,
        store: Store,
        *,
        project: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        redact: Callable[[SpanBatch], int] | None = None,
        on_commit: Callable[[frozenset[int]], None] | None = None,
    ) -> None:
        self._store = store
        self._project = project
        self._redact = redact
        self._on_commit = on_commit
        self._bounds = Bounds(limits)
        self._sizes = TraceSizes(limits, lambda trace_key: span_ids_of(store, trace_key))
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="retrospan-writer", daemon=True)
        self._closed = False
        self._told_of: set[str] = set()
        self._last_delivery = -math.inf
        self.trouble: str | None = None
        """Why the last commit failed; None while the store takes what it is given."""

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def close(self) -> None:
        """Store everything that was submitted, then stop."""
        self._closed = True
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join()

    @property
    def busy(self) -> bool:
        """Whether something came within the last second, so that more is likely on its way."""
        return time.monotonic() - self._last_delivery < _BUSY_SECONDS

    def submit(self, delivery: Delivery) -> Future[Receipt]:
        """Queue a delivery. The future ends after its commit, or with the error that kept it out."""
        future: Future[Receipt] = Future()
        if self._closed:
            future.set_exception(StoreError("Retrospan is shutting down. Send this again when it is back."))
        else:
            self._last_delivery = time.monotonic()
            self._waiting.put(_Job(delivery, future))
        return future

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            jobs, stop = self._join(job)
            self._take(jobs)
            del job, jobs
            if stop:
                return

    def _join(self, first: _Job) -> tuple[list[_Job], bool]:
        """`first` and what waits behind it, as far as the bounds allow; and whether the end was met."""
        jobs, size = [first], len(first.delivery.body)
        while size < _JOINED_BYTES and len(jobs) < _JOINED_REQUESTS:
            try:
                job = self._waiting.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
            size += len(job.delivery.body)
        return jobs, False

    def _take(self, jobs: Sequence[_Job]) -> None:
        # From here on nobody can cancel a future under us; a request that was given up is not stored.
        ready = [job for job in jobs if job.future.set_running_or_notify_cancel() and self._prepare(job)]
        if not ready:
            return
        try:
            self._commit(ready)
        except StoreError as err:
            self.trouble = str(err)
            for job in ready:
                job.future.set_exception(err)
        except Exception as err:
            self._commit_singly(ready, err)

    def _prepare(self, job: _Job) -> bool:
        """Decode and map; an error is the answer to this delivery alone."""
        try:
            raw_spans: list[RawSpan] = []
            raw_logs: list[RawLog] = []
            delivery = job.delivery
            if delivery.signal == "traces":
                decoded = decode_traces(delivery.body, delivery.media_type, job.rejected, self._bounds)
                raw_spans = self._sizes.admit(without_own(decoded, job.rejected), job.rejected)
            else:
                raw_logs = decode_logs(delivery.body, delivery.media_type, self._bounds)
            job.batch = to_batch(raw_spans, raw_logs)
            job.told = self._of_unknown(job.batch)
            if self._redact:
                job.redacted = self._redact(job.batch)
        except Exception as err:
            if not isinstance(err, BadInputError | StoreError):
                log.exception("A request could not be read")
            job.future.set_exception(err)
            return False
        return True

    def _of_unknown(self, batch: SpanBatch) -> str:
        """Whose spans are of a convention that nobody knows, said once: exporters log every such word as a warning."""
        fresh = sorted(batch.by_shape.keys() - self._told_of)
        if not fresh or len(self._told_of) > _MOST_TOLD:
            return ""
        self._told_of.update(fresh)
        named = safe_line(", ".join(fresh[:_REASONS]), 200)
        log.info("Spans of an unknown convention are told by the shape of their values: %s", named)
        return f"Stored. The convention of {named} is not known: kinds, texts and tokens were told by shape."

    def _commit(self, jobs: Sequence[_Job]) -> None:
        batch = jobs[0].batch
        for job in jobs[1:]:
            batch = SpanBatch(batch.spans + job.batch.spans, batch.facts + job.batch.facts)
        if batch.spans or batch.facts:
            done = commit_batch(self._store, batch, project=self._project)
            self.trouble = None
            if self._on_commit and done.changed_trace_ids:
                self._on_commit(done.changed_trace_ids)
        for job in jobs:
            job.future.set_result(job.receipt())

    def _commit_singly(self, jobs: Sequence[_Job], err: Exception) -> None:
        """One delivery broke the joint commit: find it, so that the others get in."""
        log.error("A commit failed; its requests are stored one by one", exc_info=err)
        for job in jobs:
            try:
                self._commit([job])
            except Exception as own:
                job.future.set_exception(own)
