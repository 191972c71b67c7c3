"""Commit a batch of spans: the one road by which traces enter a store, in one transaction, idempotent."""

from __future__ import annotations

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
from ..values import sql_text, sql_time
from .codec import span_record
from .compression import pack, unpack
from .contents import store_contents
from .places import Place, find_places
from .score_scales import declare_scale
from .spans import load_spans, span_digests
from .tables import ANNOTATIONS, OCCURRENCES, SPANS, AnnotationRow, OccurrenceRow, SpanRow

TOUCH_TRACES = "UPDATE trace SET dirty = 1 WHERE id IN :ids"
SELECT_FACTS = "SELECT trace_key, facts FROM trace WHERE id = :id"
SET_FACTS = "UPDATE trace SET facts = :facts, dirty = 1 WHERE id = :id"
DELETE_OCCURRENCES = "DELETE FROM occurrence WHERE trace_id = :trace_id"
DELETE_ANNOTATIONS = "DELETE FROM annotation WHERE trace_id = :trace_id"


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
        places = find_places(con, batch, project)
        spans, unchanged, updated, encoded = _encode(con, batch.spans, places)
        bag = encoded.bag
        ids = store_contents(store, con, bag)
        con.insert_rows(SPANS, [_row(places[s.trace_key].trace_id, s, encoded.forms[id(s)], ids) for s in spans])
        con.insert_rows(OCCURRENCES, _occurrences(spans, encoded, places, ids))
        changed = {places[s.trace_key].trace_id for s in spans}
        con.execute(TOUCH_TRACES, {"ids": changed})
        for facts in batch.facts:
            trace_id = places[facts.trace_key].trace_id
            if _apply_facts(con, trace_id, facts):
                changed.add(trace_id)
        for name, scale in batch.scales.items():
            declare_scale(con, name, scale)
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
    places = {facts.trace_key: Place(trace_id, False)}
    before = _known_digests(con, spans, places)
    encoded = _Encoded(Bag(), {})
    for span in spans:
        encoded.forms[id(span)] = _form(span, encoded.bag)
    forms = encoded.forms
    changed = [span for span in spans if before.get((facts.trace_key, span.span_id)) != forms[id(span)].digest]
    ids = store_contents(store, con, encoded.bag)
    con.insert_rows(SPANS, [_row(trace_id, span, forms[id(span)], ids) for span in changed])
    con.execute(DELETE_OCCURRENCES, {"trace_id": trace_id})
    con.insert_rows(OCCURRENCES, _occurrences(spans, encoded, places, ids))
    con.execute(DELETE_ANNOTATIONS, {"trace_id": trace_id})
    con.insert_rows(ANNOTATIONS, [_annotation_row(trace_id, annotation) for annotation in facts.annotations])
    con.execute(SET_FACTS, {"id": trace_id, "facts": pack(facts_record(replace(facts, annotations=())))})
    return frozenset(span.span_id for span in changed)


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


def _encode(con: Connection, spans: Sequence[Span], places: dict[str, Place]) -> tuple[list[Span], int, int, _Encoded]:
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


def _known_digests(con: Connection, spans: Iterable[Span], places: dict[str, Place]) -> dict[tuple[str, str], bytes]:
    by_trace: dict[str, list[str]] = {}
    for span in spans:
        if not places[span.trace_key].is_new:
            by_trace.setdefault(span.trace_key, []).append(span.span_id)
    known = {}
    for key, span_ids in by_trace.items():
        for span_id, digest in span_digests(con, places[key].trace_id, span_ids).items():
            known[key, span_id] = digest
    return known


def _row(trace_id: int, span: Span, form: _Form, ids: dict[bytes, int]) -> SpanRow:
    return SpanRow(
        trace_id=trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        kind=span.kind.value,
        name=sql_text(span.name),
        status=span.status.value,
        agent=sql_text(span.agent),
        tool=sql_text(span.tool),
        model=sql_text(span.model),
        started_at=sql_time(span.started_at_ns),
        ended_at=sql_time(span.ended_at_ns),
        sequence=span.sequence,
        digest=form.digest,
        detail=pack(span_record(form.facts, form.refs, ids)),
    )


def _occurrences(
    spans: Iterable[Span], encoded: _Encoded, places: dict[str, Place], ids: dict[bytes, int]
) -> list[OccurrenceRow]:
    """Where each content stands in each trace, once, at the span that brought it forth if there is one."""
    found: dict[tuple[int, int], OccurrenceRow] = {}
    bag = encoded.bag
    for span in spans:
        trace_id = places[span.trace_key].trace_id
        for key, produced in _content_keys(bag, encoded.forms[id(span)].refs):
            place = (ids[key], trace_id)
            if place not in found or (produced and not found[place].produced):
                found[place] = OccurrenceRow(*place, span.span_id, int(produced))
    return list(found.values())


def _content_keys(bag: Bag, refs: Refs) -> Iterable[tuple[bytes, bool]]:
    for key in (refs.inputs, refs.tool_definitions, *refs.attributes.values()):
        if key is not None:
            yield key, False
    if refs.outputs is not None:
        yield refs.outputs, bag.contents[refs.outputs].produced
    if refs.error is not None:
        yield refs.error, True
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
    added = con.insert_rows(ANNOTATIONS, rows)
    row = con.execute(SELECT_FACTS, {"id": trace_id}).fetchone()
    old = facts_from_record(row["trace_key"], unpack(row["facts"])) if row["facts"] else TraceFacts(row["trace_key"])
    merged = merge_facts(old, replace(facts, annotations=()))
    if merged == old and not added:
        return False
    con.execute(SET_FACTS, {"id": trace_id, "facts": pack(facts_record(merged))})
    return True


def _annotation_row(trace_id: int, a: Annotation) -> AnnotationRow:
    row = AnnotationRow(
        trace_id=trace_id,
        digest=b"",
        span_id=sql_text(a.span_id),
        name=sql_text(a.name),
        label=sql_text(a.label),
        score=a.score,
        explanation=sql_text(a.explanation),
        annotator_kind=a.annotator_kind.value,
        source=sql_text(a.source),
        low=a.low,
        high=a.high,
        is_expectation=int(a.is_expectation),
    )
    return row._replace(digest=annotation_digest(row))


def annotation_digest(row: AnnotationRow) -> bytes:
    """Tells an annotation that is sent again. The order of the fields is that of the stores there are."""
    said = (row.span_id, row.name, row.label, row.score, row.explanation, row.annotator_kind, row.source)
    return blake2b(canonical(said), digest_size=16).digest()
