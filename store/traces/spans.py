"""Read spans back in normal form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from ...model.traces import Span
from ..contract import Connection, Store
from .codec import decode_span
from .compression import unpack
from .contents import Contents

SELECT_SPANS = "SELECT * FROM span WHERE trace_id = :trace_id ORDER BY id"
SELECT_OF_TRACES = "SELECT * FROM span WHERE trace_id IN :trace_ids ORDER BY trace_id, id"
SELECT_SOME = "SELECT * FROM span WHERE trace_id = :trace_id AND span_id IN :span_ids"
SELECT_DIGESTS = "SELECT span_id, digest FROM span WHERE trace_id = :trace_id"
SELECT_SOME_DIGESTS = "SELECT span_id, digest FROM span WHERE trace_id = :trace_id AND span_id IN :span_ids"
SELECT_SPAN_IDS = "SELECT span_id FROM span WHERE trace_id IN (SELECT id FROM trace WHERE trace_key = :trace_key)"
COUNT_SPANS = "SELECT count(*) AS spans FROM span WHERE trace_id = :trace_id"
SELECT_ROOT = """
SELECT s.span_id FROM span s JOIN trace t ON t.id = s.trace_id WHERE t.trace_key = :trace_key AND t.project = :project
ORDER BY s.parent_span_id IS NOT NULL, s.started_at NULLS FIRST, s.id LIMIT 1
"""
SELECT_TRACES_OF = """
SELECT span_id, trace_key, project FROM span JOIN trace ON trace.id = span.trace_id WHERE span_id IN :span_ids
"""


def load_spans(con: Connection, trace_id: int, trace_key: str, span_ids: Sequence[str] | None = None) -> list[Span]:
    """Spans of one trace with all their contents, in order of arrival.

    Args:
        con: An open connection.
        trace_id: The trace's row.
        trace_key: Its external id, put on each span.
        span_ids: Only these, in no order; None for all.
    """
    values = {"trace_id": trace_id, "span_ids": span_ids}
    found = con.execute(SELECT_SPANS if span_ids is None else SELECT_SOME, values)
    return [span for _, span in _decoded(con, {trace_id: trace_key}, found)]


class StoredSpans(NamedTuple):
    """What is stored of one trace."""

    spans: list[Span]
    """In order of arrival."""
    digests: dict[str, bytes]
    """The content digest of each, by span id."""


def spans_of_traces(con: Connection, trace_keys: Mapping[int, str]) -> dict[int, StoredSpans]:
    """All spans of these traces with their contents; equal messages are one object, in whichever trace they stand.

    Args:
        con: An open connection.
        trace_keys: External id, put on each span, by row.

    Cost: three statements; a content that several traces share is read once.
    """
    stored = {trace_id: StoredSpans([], {}) for trace_id in trace_keys}
    for row, span in _decoded(con, trace_keys, con.execute(SELECT_OF_TRACES, {"trace_ids": list(trace_keys)})):
        stored[row["trace_id"]].spans.append(span)
        stored[row["trace_id"]].digests[span.span_id] = row["digest"]
    return stored


def _decoded(con: Connection, trace_keys: Mapping[int, str], found: Iterable[Any]) -> Iterable[tuple[Any, Span]]:
    rows = [(row, cast(dict[str, Any], unpack(row["detail"]))) for row in found]
    contents = Contents(con)
    contents.load(ref for _, record in rows for ref in record_refs(record))
    for row, record in rows:
        yield row, decode_span(trace_keys[row["trace_id"]], row, record, contents.value, contents.message)


def span_digests(con: Connection, trace_id: int, span_ids: Sequence[str] | None = None) -> dict[str, bytes]:
    """The content digest of each span of a trace, or of those of `span_ids` that it has."""
    values = {"trace_id": trace_id, "span_ids": span_ids}
    found = con.execute(SELECT_DIGESTS if span_ids is None else SELECT_SOME_DIGESTS, values)
    return {row["span_id"]: row["digest"] for row in found}


def record_refs(record: Any) -> Iterable[int]:
    """Body ids that a span's record points at; envelopes point at more."""
    for key in ("i", "o", "td", "E"):
        if key in record:
            yield record[key]
    yield from record.get("im", ())
    yield from record.get("om", ())
    yield from (document[0] for document in record.get("d", ()))
    yield from record.get("A", {}).values()


def span_ids_of(store: Store, trace_key: str) -> list[str]:
    """The span ids that are stored of a trace, by its external id, in no order; empty where it is unknown."""
    with store.read() as con:
        return [row["span_id"] for row in con.execute(SELECT_SPAN_IDS, {"trace_key": trace_key})]


def count_spans(store: Store, trace_id: int) -> int:
    """How many spans of a trace have come so far; 0 for an unknown one."""
    with store.read() as con:
        return int(con.execute(COUNT_SPANS, {"trace_id": trace_id}).fetchone()["spans"])


def root_span_id(store: Store, project: str, trace_key: str) -> str | None:
    """The span that begins a trace, named by its external id: the first without a parent, else the first of all."""
    with store.read() as con:
        row = con.execute(SELECT_ROOT, {"trace_key": trace_key, "project": project}).fetchone()
    return None if row is None else str(row["span_id"])


def traces_of_spans(store: Store, span_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """External id and project of the trace that holds each of these spans; those that none holds are missing.

    Cost: one pass over all spans of the store.
    """
    with store.read() as con:
        rows = con.execute(SELECT_TRACES_OF, {"span_ids": list(span_ids)})
        return {row["span_id"]: (row["trace_key"], row["project"]) for row in rows}
