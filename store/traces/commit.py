"""Commit a batch of spans: the one road by which traces enter a store, in one transaction, idempotent."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, NamedTuple

from ...model.reading.digest import Bag, Refs, span_digest, span_facts
from ...model.reading.facts import facts_from_record, facts_record, merge_facts
from ...model.reading.merge import merge_spans
from ...model.text.jsontext import canonical
from ...model.traces import Annotation, Span, SpanBatch, TraceFacts
from ..contract import Connection, Store
from ..sqlite.values import sql_text, sql_time
from .codec import span_record
from .compression import pack, unpack
from .contents import marks, store_contents
from .spans import load_spans

DEFAULT_PROJECT = "default"
_CHUNK = 400

SELECT_TRACE = "SELECT id, project, project_by_service FROM trace WHERE trace_key = ? ORDER BY id"
INSERT_TRACE = """
INSERT INTO trace(id, project, project_by_service, trace_key, arrived_at)
SELECT 1 + max(coalesce((SELECT max(id) FROM trace), 0), coalesce((SELECT max(trace_id) FROM tombstone), 0)), ?, ?, ?, ?
RETURNING id
"""
"""The id of a trace that was erased is never given to another one."""
ADOPT_TRACE = """
UPDATE trace SET project = ?, project_by_service = ? WHERE trace_key = ? AND project = ?
AND NOT EXISTS (SELECT 1 FROM span WHERE trace_id = id)
RETURNING id
"""
"""Judgements name no project; one that comes before the spans it is about waits in `default` for them."""
NAME_PROJECT = "UPDATE trace SET project = ?, project_by_service = ?, dirty = 1 WHERE id = ?"
TOUCH_TRACE = "UPDATE trace SET dirty = 1 WHERE id = ?"
SET_FACTS = "UPDATE trace SET facts = ?, dirty = 1 WHERE id = ?"
SELECT_DIGESTS = "SELECT span_id, digest FROM span WHERE trace_id = ? AND span_id IN ({marks})"
INSERT_SPAN = """
INSERT INTO span(trace_id, span_id, parent_span_id, kind, name, status, agent, tool, model, started_at, ended_at,
                 sequence, digest, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(trace_id, span_id) DO UPDATE SET
  parent_span_id = excluded.parent_span_id, kind = excluded.kind, name = excluded.name, status = excluded.status,
  agent = excluded.agent, tool = excluded.tool, model = excluded.model, started_at = excluded.started_at,
  ended_at = excluded.ended_at, digest = excluded.digest, detail = excluded.detail
"""
INSERT_OCCURRENCE = """
INSERT INTO occurrence(body_id, trace_id, span_id, produced) VALUES (?, ?, ?, ?)
ON CONFLICT(body_id, trace_id) DO UPDATE SET span_id = excluded.span_id, produced = 1
WHERE excluded.produced > produced
"""
DELETE_OCCURRENCES = "DELETE FROM occurrence WHERE trace_id = ?"
DELETE_ANNOTATIONS = "DELETE FROM annotation WHERE trace_id = ?"
INSERT_ANNOTATION = """
INSERT OR IGNORE INTO annotation(trace_id, digest, span_id, name, label, score, explanation, annotator_kind, source)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit changed. A span that was known in the same form counts in none of the three."""

    trace_ids: tuple[int, ...]
    """Traces that the batch spoke of, also where nothing changed."""
    new_trace_ids: frozenset[int] = frozenset()
    changed_trace_ids: frozenset[int] = frozenset()
    """New traces, and known ones that gained spans, content or facts."""
    new_spans: int = 0
    updated_spans: int = 0
    unchanged_spans: int = 0


class _Place(NamedTuple):
    trace_id: int
    is_new: bool


def commit_batch(store: Store, batch: SpanBatch, *, project: str | None = None) -> Committed:
    """Write a batch; when this returns, it survives the death of the process.

    A span sent again in the same form changes nothing; in another form it is merged with what is known
    (`merge_spans`), so late content and out-of-order arrival are safe.

    Args:
        store: Where to.
        batch: Spans and facts of any number of traces.
        project: For traces whose spans and facts name none; None leaves a known trace in its project and puts a new
            one in `default`.

    Raises:
        StoreError: if the store cannot be written; nothing of the batch is kept then.

    Cost: O(spans + messages) in Python, one insert per new content.
    """
    with store.write() as con:
        places = _places(con, batch, project)
        spans, unchanged, updated, encoded = _encode(con, batch.spans, places)
        bag = encoded.bag
        ids = store_contents(store, con, bag)
        con.executemany(INSERT_SPAN, [_row(places[s.trace_key].trace_id, s, encoded.forms[id(s)], ids) for s in spans])
        con.executemany(INSERT_OCCURRENCE, _occurrences(spans, encoded, places, ids))
        changed = {places[s.trace_key].trace_id for s in spans}
        con.executemany(TOUCH_TRACE, [(trace_id,) for trace_id in changed])
        for facts in batch.facts:
            trace_id = places[facts.trace_key].trace_id
            if _apply_facts(con, trace_id, facts):
                changed.add(trace_id)
    return Committed(
        trace_ids=tuple(place.trace_id for place in places.values()),
        new_trace_ids=frozenset(place.trace_id for place in places.values() if place.is_new),
        changed_trace_ids=frozenset(changed),
        new_spans=len(spans) - updated,
        updated_spans=updated,
        unchanged_spans=unchanged,
    )


def rewrite_trace(
    store: Store, con: Connection, trace_id: int, spans: Sequence[Span], facts: TraceFacts
) -> frozenset[str]:
    """Put these spans and facts in the place of what the store holds of a trace, without merging.

    Args:
        store: Where.
        con: From its `write`.
        trace_id: The trace's row.
        spans: All spans of the trace.
        facts: What is said of it, annotations included.

    Returns:
        The ids of the spans that differ from before.
    """
    places = {facts.trace_key: _Place(trace_id, False)}
    before = _known_digests(con, spans, places)
    encoded = _Encoded(Bag(), {})
    for span in spans:
        encoded.forms[id(span)] = _form(span, encoded.bag)
    forms = encoded.forms
    changed = [span for span in spans if before.get((facts.trace_key, span.span_id)) != forms[id(span)].digest]
    ids = store_contents(store, con, encoded.bag)
    con.executemany(INSERT_SPAN, [_row(trace_id, span, forms[id(span)], ids) for span in changed])
    con.execute(DELETE_OCCURRENCES, (trace_id,))
    con.executemany(INSERT_OCCURRENCE, _occurrences(spans, encoded, places, ids))
    con.execute(DELETE_ANNOTATIONS, (trace_id,))
    con.executemany(INSERT_ANNOTATION, [_annotation_row(trace_id, annotation) for annotation in facts.annotations])
    con.execute(SET_FACTS, (pack(facts_record(replace(facts, annotations=()))), trace_id))
    return frozenset(span.span_id for span in changed)


class _Project(NamedTuple):
    """Which project a batch puts a trace into, and how it knows."""

    name: str | None
    by_service: bool = False
    by_root: bool = False
    """The service is the one in which the run began; others only worked for it."""


def _places(con: Connection, batch: SpanBatch, project: str | None) -> dict[str, _Place]:
    """The row of each trace of the batch, made where it is new."""
    told: dict[str, _Project] = {facts.trace_key: _Project(facts.project) for facts in batch.facts}
    for span in batch.spans:
        known = told.get(span.trace_key)
        if known is None or known.name is None or (known.by_service and not known.by_root):
            told[span.trace_key] = _project_of(span, known)
    return {key: _place(con, sql_text(key) or "", said, project) for key, said in told.items()}


def _project_of(span: Span, known: _Project | None) -> _Project:
    """What a span adds to what is known of its trace's project: a name, else the service of its root."""
    if span.project is None:
        return known or _Project(None)
    said = _Project(span.project, span.project_by_service, span.parent_span_id is None)
    if known is None or known.name is None or not said.by_service or said.by_root:
        return said
    return known


def _place(con: Connection, trace_key: str, said: _Project, otherwise: str | None) -> _Place:
    """The row of a trace: in the project that is named, and where only services are, in the one it has already."""
    wanted = sql_text(said.name or otherwise)
    rows = con.execute(SELECT_TRACE, (trace_key,)).fetchall()
    for row in rows:
        if wanted is None or row["project"] == wanted:
            return _Place(row["id"], False)
    adopted = (wanted, int(said.by_service), trace_key, DEFAULT_PROJECT)
    if wanted and rows and (waiting := con.execute(ADOPT_TRACE, adopted).fetchone()):
        return _Place(waiting["id"], False)
    for row in rows:
        # One trace may run through several services; two projects that somebody named are two traces.
        if said.name and (row["project_by_service"] or said.by_service):
            if row["project_by_service"] and (not said.by_service or said.by_root):
                con.execute(NAME_PROJECT, (wanted, int(said.by_service), row["id"]))
            return _Place(row["id"], False)
    values = (wanted or DEFAULT_PROJECT, int(said.by_service), trace_key, time.time_ns())
    cursor = con.execute(INSERT_TRACE, values)
    return _Place(cursor.fetchone()[0], True)


class _Form(NamedTuple):
    """A span as it will be written."""

    refs: Refs
    facts: dict[str, Any]
    digest: bytes


def _form(span: Span, bag: Bag) -> _Form:
    refs = bag.refs(span)
    facts = span_facts(span, refs)
    return _Form(refs, facts, span_digest(span, refs, facts))


class _Encoded(NamedTuple):
    bag: Bag
    forms: dict[int, _Form]
    """By the identity of the span object."""


def _encode(con: Connection, spans: Sequence[Span], places: dict[str, _Place]) -> tuple[list[Span], int, int, _Encoded]:
    """Merge with what is known, drop what says nothing new, hash the rest.

    Returns:
        Spans to write, how many were unchanged, how many of those to write replace a row, and their encoding.
    """
    encoded = _Encoded(Bag(), {})
    known = _known_digests(con, spans, places)
    pending: dict[tuple[str, str], Span] = {}
    unchanged = updated = 0
    for span in spans:
        key = (span.trace_key, span.span_id)
        if key in pending:
            span = merge_spans(pending[key], span)
        pending[key] = span
    writes = []
    for (trace_key, span_id), span in pending.items():
        old_digest = known.get((trace_key, span_id))
        form = _form(span, encoded.bag if old_digest is None else Bag())
        if old_digest is not None:
            if form.digest == old_digest:
                unchanged += 1
                continue
            old = load_spans(con, places[trace_key].trace_id, trace_key, [span_id])[0]
            span = merge_spans(old, span)
            form = _form(span, encoded.bag)
            if form.digest == old_digest:
                unchanged += 1
                continue
            updated += 1
        encoded.forms[id(span)] = form
        writes.append(span)
    return writes, unchanged, updated, encoded


def _known_digests(con: Connection, spans: Iterable[Span], places: dict[str, _Place]) -> dict[tuple[str, str], bytes]:
    by_trace: dict[str, list[str]] = {}
    for span in spans:
        if not places[span.trace_key].is_new:
            by_trace.setdefault(span.trace_key, []).append(span.span_id)
    known = {}
    for key, span_ids in by_trace.items():
        for start in range(0, len(span_ids), _CHUNK):
            chunk = span_ids[start : start + _CHUNK]
            statement = SELECT_DIGESTS.format(marks=marks(len(chunk)))
            for span_id, digest in con.execute(statement, (places[key].trace_id, *chunk)):
                known[key, span_id] = digest
    return known


def _row(trace_id: int, span: Span, form: _Form, ids: dict[bytes, int]) -> tuple[Any, ...]:
    return (
        trace_id,
        span.span_id,
        span.parent_span_id,
        span.kind.value,
        sql_text(span.name),
        span.status.value,
        sql_text(span.agent),
        sql_text(span.tool),
        sql_text(span.model),
        sql_time(span.started_at_ns),
        sql_time(span.ended_at_ns),
        span.sequence,
        form.digest,
        pack(span_record(form.facts, form.refs, ids)),
    )


def _occurrences(
    spans: Iterable[Span], encoded: _Encoded, places: dict[str, _Place], ids: dict[bytes, int]
) -> list[tuple[int, int, str, int]]:
    """Where each content stands in each trace, once, at the span that brought it forth if there is one."""
    found: dict[tuple[int, int], tuple[int, int, str, int]] = {}
    bag = encoded.bag
    for span in spans:
        trace_id = places[span.trace_key].trace_id
        for key, produced in _content_keys(bag, encoded.forms[id(span)].refs):
            place = (ids[key], trace_id)
            if place not in found or (produced and not found[place][3]):
                found[place] = (*place, span.span_id, int(produced))
    return list(found.values())


def _content_keys(bag: Bag, refs: Refs) -> Iterable[tuple[bytes, bool]]:
    for key in (refs.inputs, refs.tool_definitions, *refs.attributes.values()):
        if key is not None:
            yield key, False
    if refs.outputs is not None:
        yield refs.outputs, bag.contents[refs.outputs].produced
    yield from ((key, True) for key, _ in refs.documents)
    for messages, produced in ((refs.input_messages, False), (refs.output_messages, True)):
        for message in messages:
            envelope = bag.envelopes[message]
            for key in (envelope.content, envelope.reasoning, *(args for _, _, args in envelope.calls)):
                if key is not None:
                    yield key, produced


def _apply_facts(con: Connection, trace_id: int, facts: TraceFacts) -> bool:
    """Merge what was said; True where anything is new."""
    rows = [_annotation_row(trace_id, annotation) for annotation in facts.annotations]
    added = con.executemany(INSERT_ANNOTATION, rows).rowcount if rows else 0
    row = con.execute("SELECT trace_key, facts FROM trace WHERE id = ?", (trace_id,)).fetchone()
    old = facts_from_record(row["trace_key"], unpack(row["facts"])) if row["facts"] else TraceFacts(row["trace_key"])
    merged = merge_facts(old, replace(facts, annotations=()))
    if merged == old and added <= 0:
        return False
    con.execute(SET_FACTS, (pack(facts_record(merged)), trace_id))
    return True


def _annotation_row(trace_id: int, a: Annotation) -> tuple[Any, ...]:
    texts = [sql_text(text) for text in (a.span_id, a.name, a.label, a.explanation, a.source)]
    fields = (texts[0], texts[1], texts[2], a.score, texts[3], a.annotator_kind.value, texts[4])
    return (trace_id, _annotation_digest(fields), *fields)


def annotation_digest(row: Any) -> bytes:
    """The hash that a row of `annotation` should have."""
    names = ("span_id", "name", "label", "score", "explanation", "annotator_kind", "source")
    return _annotation_digest(tuple(row[name] for name in names))


def _annotation_digest(fields: tuple[Any, ...]) -> bytes:
    return blake2b(canonical(fields), digest_size=16).digest()
