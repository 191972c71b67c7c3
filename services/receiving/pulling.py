"""Pull traces from another product, again and again, and write human verdicts back to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ...ingest.connectors.base import Connector, Judgement, Window
from ...ingest.formats.records import RecordError
from ...model.errors import RefusedError
from ...model.reviews import Label, SeenTrace, Verdict
from ...model.text.jsontext import canonical
from ...model.traces import SpanBatch
from ...store.contract import Store
from ...store.erasure.records import erased_keys
from ...store.reviews.verdicts import list_verdicts
from ...store.settings.pulls import PullSource, advance_cursor, known_trace_keys, pull_cursor
from ...store.traces.commit import commit_batch
from ...store.traces.revisions import refresh
from ...store.traces.spans import root_span_id
from ..finding.top_failures import Finding, top_findings
from ..privacy.erasing import Progress
from ..privacy.redacting import Redactor
from ..understanding.analysing import analyse

OVERLAP = timedelta(hours=1)
"""Fetched again each time: spans are sent when they end, so a long one arrives after younger ones."""
_SCORES = {Label.PASS: 1.0, Label.FAIL: 0.0, Label.CANT_TELL: None}


@dataclass(slots=True)
class Pulled:
    """What a pull brought."""

    since: datetime
    """Start times from here on were asked for."""
    spans: int = 0
    """Spans that were fetched, known ones too."""
    traces: int = 0
    """New traces."""
    updated: int = 0
    """Known traces that gained something."""
    redacted: int = 0
    erased: int = 0
    """Traces left out, since they were deleted here on purpose."""
    errors: list[RecordError] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WrittenBack:
    """What a write-back did."""

    verdicts: int
    """Valid verdicts on traces of the project."""
    annotations: int
    """Annotations that the product took."""
    unknown: int
    """Annotations on spans that the product does not have."""


def pull_traces(
    store: Store,
    connector: Connector,
    project: str,
    *,
    since: float | None = None,
    again: bool = False,
    redact: Redactor | None = None,
    on_progress: Progress | None = None,
) -> Pulled:
    """Fetch what began since the last pull. Killed in the middle, the next pull goes on from the last whole window.

    Args:
        store: Where to; the traces keep their project's name.
        connector: Where from.
        project: The project there.
        since: Seconds: how far back to begin where there was no pull before.
        again: Begin there even so, which also brings annotations that were made since.
        redact: Takes secrets out before anything is written.
        on_progress: Called with the stage (`pulling`, `analysing`), and how much is done of how much.

    Raises:
        RemoteError: if the product cannot be reached or refuses; what was fetched before stays.
        StoreError: if the store cannot be written.
    """
    source = PullSource(connector.source, connector.url, project)
    now = datetime.now(UTC)
    first = now - timedelta(seconds=since) if since is not None else datetime(1970, 1, 1, tzinfo=UTC)
    cursor = None if again else pull_cursor(store, source)
    begin = first if cursor is None else cursor - OVERLAP
    pulling = _Pulling(store, project, redact or Redactor(), Pulled(begin))
    for window in connector.fetch(project, begin, now):
        pulling.take(window)
        # The clock of a sender may be ahead or behind: the last hour is fetched again next time.
        advance_cursor(store, source, window.until)
        if on_progress:
            on_progress("pulling", int((window.until - begin).total_seconds()), int((now - begin).total_seconds()))
    return pulling.finish(on_progress)


class _Pulling:
    def __init__(self, store: Store, project: str, redact: Redactor, report: Pulled) -> None:
        self._store = store
        self._project = project
        self._redact = redact
        self._report = report
        self._new: dict[int, bool] = {}
        self._changed: set[int] = set()

    def take(self, window: Window) -> None:
        report = self._report
        report.errors += window.errors
        report.spans += len(window.batch.spans)
        batch = self._without_erased(window.batch)
        report.redacted += self._redact(batch)
        for part, project in self._parts(batch):
            done = commit_batch(self._store, part, project=project)
            for trace_id in done.trace_ids:
                self._new.setdefault(trace_id, trace_id in done.new_trace_ids)
            self._changed |= done.changed_trace_ids

    def _parts(self, batch: SpanBatch) -> Iterator[tuple[SpanBatch, str | None]]:
        """New traces, for the project; and those that came another way already, which stay where they are."""
        known = known_trace_keys(self._store, _keys(batch))
        for here in (False, True):
            spans = [span for span in batch.spans if (span.trace_key in known) is here]
            facts = [fact for fact in batch.facts if (fact.trace_key in known) is here]
            if spans or facts:
                yield SpanBatch(spans, facts), None if here else self._project

    def _without_erased(self, batch: SpanBatch) -> SpanBatch:
        gone = erased_keys(self._store, self._project, _keys(batch))
        self._report.erased += len(gone)
        return SpanBatch(
            [span for span in batch.spans if span.trace_key not in gone],
            [facts for facts in batch.facts if facts.trace_key not in gone],
        )

    def finish(self, on_progress: Progress | None) -> Pulled:
        report, trace_ids = self._report, list(self._new)
        report.traces = sum(self._new.values())
        report.updated = sum(not self._new[trace_id] for trace_id in self._changed)
        refresh(self._store, trace_ids, limit=len(trace_ids))
        progress = (lambda done, total: on_progress("analysing", done, total)) if on_progress else None
        analyse(self._store, trace_ids, on_progress=progress)
        report.findings = top_findings(self._store, trace_ids)
        return report


def _keys(batch: SpanBatch) -> list[str]:
    return list({span.trace_key for span in batch.spans} | {facts.trace_key for facts in batch.facts})


def write_back(store: Store, connector: Connector, project: str, *, local_project: str | None = None) -> WrittenBack:
    """Write every valid human verdict on traces of a project to the product they came from.

    A verdict becomes an annotation on the root span, named after its rubric; the cause, where one was named, another on
    that step. Verdicts whose signature is not valid today (stale, redacted, forged) are left out. A repeat replaces.

    Args:
        store: Where the verdicts are.
        connector: Where they go.
        project: The project there.
        local_project: The project here, where it has another name.

    Raises:
        RefusedError: in a demo store.
        RemoteError: if the product cannot be reached or refuses.
    """
    if store.kind == "demo":
        raise RefusedError("This is a demo store; its verdicts stay in it. Name another with --store.")
    verdicts = _standing(list_verdicts(store), local_project or project)
    judgements = [entry for verdict, seen in verdicts for entry in _judgements(store, verdict, seen)]
    taken = connector.write_back(project, judgements) if judgements else 0
    return WrittenBack(len({verdict.uid for verdict, _ in verdicts}), taken, len(judgements) - taken)


def _standing(verdicts: Iterable[Verdict], project: str) -> list[tuple[Verdict, SeenTrace]]:
    """Valid verdicts with the traces of the project that they are about, without those that were superseded."""
    valid = [verdict for verdict in verdicts if verdict.confirmed and not verdict.demo]
    replaced = {uid for verdict in valid for uid in verdict.supersedes}
    return [
        (verdict, seen)
        for verdict in valid
        if verdict.uid not in replaced
        for seen in verdict.subjects
        if seen.project == project
    ]


def _judgements(store: Store, verdict: Verdict, seen: SeenTrace) -> Sequence[Judgement]:
    root = root_span_id(store, seen.project, seen.trace_key)
    if root is None:
        return ()
    answer, name = verdict.answer, verdict.rubric.id
    who = [verdict.reviewer, verdict.question, verdict.rubric.id, seen.trace_key]
    identifier = hashlib.sha256(canonical(who)).hexdigest()[:24]
    said = "\n".join(text for text in (answer.reason, answer.expected and f"Expected: {answer.expected}") if text)
    explanation = f"{verdict.question}\n{said}".strip()
    found = [Judgement(seen.trace_key, root, name, answer.label.value, _SCORES[answer.label], explanation, identifier)]
    if answer.cause_span and answer.cause:
        where = f"{name} cause"
        found.append(
            Judgement(seen.trace_key, answer.cause_span, where, answer.cause.value, None, explanation, identifier)
        )
    return found
