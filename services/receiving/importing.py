"""Bring files and folders of traces in, and end in findings."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...ingest.formats.read import read_path, unread_files
from ...ingest.formats.records import LeftOut, ReadItem, RecordError
from ...ingest.limits import DEFAULT_LIMITS, Limits
from ...model.errors import BadInputError, RetrospanError, UsageError
from ...model.text.display import safe_line
from ...model.traces import Annotation, Span, SpanBatch
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.traces.commit import commit_batch
from ...store.traces.revisions import refresh
from ..finding.top_failures import Finding, top_findings
from ..privacy.redacting import Redactor
from ..understanding.analysing import analyse
from .import_notes import left_out_line, placed, unknown_scores

_BATCH_CHARACTERS = 8_000_000
"""Or spans with so much new text, since a commit holds its batch, its hashed form and its compressed form at once."""
_BATCH_SPANS = 512
"""Spans committed together: enough to make the commit cheap, few enough to lose little when a file breaks off."""

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with the stage (`reading`, `analysing`), how much is done, and how much there is."""


@dataclass(slots=True)
class ImportReport:
    """What an import did. Counts are of this run; a re-import of the same file counts as skipped."""

    traces: int = 0
    """New traces."""
    steps: int = 0
    """Steps of the traces that are new or changed."""
    updated: int = 0
    """Known traces that gained or changed spans."""
    skipped: int = 0
    """Known traces in which nothing changed."""
    redacted: int = 0
    """Secrets taken out before anything was written."""
    by_shape: Counter[str] = field(default_factory=Counter)
    """Spans of conventions that nobody knows, told by the shape of their values, by who recorded them."""
    errors: list[RecordError] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    """Records that were understood and make no step, and files of other kinds, counted."""
    notes: list[str] = field(default_factory=list)
    """What was counted and not taken, and scores whose meaning is not known: a line each."""
    findings: list[Finding] = field(default_factory=list)
    trace_ids: list[int] = field(default_factory=list)
    """The traces of this import, in order of first mention."""


def import_paths(
    store: Store,
    paths: Sequence[Path],
    *,
    project: str | None = None,
    format: str = "auto",  # noqa: A002
    personal: Sequence[str] = (),
    structure_only: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Progress | None = None,
) -> ImportReport:
    """Import files and folders; a bad record is reported with its place and skipped, the rest goes in.

    Args:
        store: Where to.
        paths: Files (also compressed) and folders.
        project: For traces that name none.
        format: A format's name, or `auto`.
        personal: Kinds of personal data to take out beside secrets: `email`, `phone`, `card`, `iban`.
        structure_only: Keep no content, only lengths and hashes of it.
        limits: What is too large.
        on_progress: Called during long work.

    Raises:
        UsageError: if a path does not exist or the format is unknown; nothing was imported then.
        StoreError: if the store cannot be written; what was committed before stays.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"No file or folder {str(path)!r}. Give the path of a trace file or a folder of them.")
    importer = _Importer(store, project, Redactor(personal, outline_key=store.id.encode() if structure_only else None))
    for path in paths:
        importer.take(path, format, limits, on_progress)
    return importer.finish(on_progress)


class _Importer:
    def __init__(self, store: Store, project: str | None, redact: Redactor) -> None:
        self._store = store
        self._project = project
        self._redact = redact
        self._report = ImportReport()
        self._new: dict[int, bool] = {}
        self._changed: set[int] = set()
        self._left_out: Counter[tuple[str, str]] = Counter()
        self._span_notes: list[tuple[str, Annotation]] = []

    def take(self, path: Path, format_name: str, limits: Limits, on_progress: Progress | None) -> None:
        def reading(done: int, total: int) -> None:
            if on_progress:
                on_progress("reading", done, total)

        self._report.left_out += unread_files(path)
        try:
            items = read_path(path, format_name, limits=limits, on_progress=reading)
            for batch in self._batches(items):
                self._span_notes += [(str(path), note) for note in batch.span_notes]
                self._commit(batch)
        except BadInputError as err:
            self._report.errors.append(RecordError(str(path), err.where or "file", str(err)))
        except (RetrospanError, KeyboardInterrupt):
            raise
        except Exception as err:
            # A fault of ours in one file must not keep the others out; the log has where it came from.
            log.exception("%s could not be read on", safe_line(str(path)))
            what = f"Reading stopped at a fault of Retrospan ({type(err).__name__}); what came before it is in."
            self._report.errors.append(RecordError(str(path), "file", what))

    def _batches(self, items: Iterator[ReadItem]) -> Iterator[SpanBatch]:
        """Small batches joined; what was read before a file breaks off is still handed on."""
        waiting, weight = SpanBatch(), 0
        try:
            for item in items:
                if isinstance(item, RecordError):
                    self._report.errors.append(item)
                    continue
                if isinstance(item, LeftOut):
                    self._report.left_out.append(item)
                    self._left_out[item.what, item.why] += item.count
                    continue
                waiting.spans += item.spans
                waiting.facts += item.facts
                waiting.scales |= item.scales
                waiting.span_notes += item.span_notes
                waiting.by_shape += item.by_shape
                weight += sum(map(_weight, item.spans))
                if len(waiting.spans) >= _BATCH_SPANS or weight >= _BATCH_CHARACTERS:
                    yield waiting
                    waiting, weight = SpanBatch(), 0
        except BadInputError:
            yield waiting
            raise
        if waiting.spans or waiting.facts or waiting.scales or waiting.span_notes:
            yield waiting

    def _commit(self, batch: SpanBatch) -> None:
        self._report.redacted += self._redact(batch)
        self._report.by_shape += batch.by_shape
        done = commit_batch(self._store, batch, project=self._project)
        for trace_id in done.trace_ids:
            self._new.setdefault(trace_id, trace_id in done.new_trace_ids)
        self._changed.update(done.changed_trace_ids)

    def _place_span_notes(self) -> None:
        """Judgements of spans go to the traces that have them, whichever file came first."""
        found, unknown = placed(self._store, self._span_notes)
        self._report.errors += unknown
        if found.facts:
            self._commit(found)

    def finish(self, on_progress: Progress | None) -> ImportReport:
        report = self._report
        self._place_span_notes()
        report.trace_ids = list(self._new)
        report.traces = sum(self._new.values())
        report.updated = sum(not self._new[trace_id] for trace_id in self._changed)
        report.skipped = len(self._new) - report.traces - report.updated
        refresh(self._store, report.trace_ids, limit=len(report.trace_ids))
        analyse(
            self._store,
            report.trace_ids,
            on_progress=(lambda done, total: on_progress("analysing", done, total)) if on_progress else None,
        )
        changed = sorted(self._changed)
        report.steps = sum(summary.step_count for summary in get_summaries(self._store, changed))
        report.findings = top_findings(self._store, report.trace_ids)
        report.notes = [left_out_line(what, count, why) for (what, why), count in self._left_out.items()]
        report.notes += unknown_scores(self._store, report.trace_ids)
        return report


def _weight(span: Span) -> int:
    """Characters that a span brings, roughly; what it repeats of a conversation is not counted."""
    said = sum(len(message.content) for message in (*span.input_messages[-1:], *span.output_messages))
    return said + sum(len(value) for value in (span.inputs, span.outputs) if isinstance(value, str))
