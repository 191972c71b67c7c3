"""Read spans back in normal form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from ...model.traces import Span
from ..contract import Connection, Store
from .codec import decode_span
from .compression import unpack
from .contents import Contents

SELECT_SPANS = "SELECT * FROM span WHERE trace_id = :trace_id ORDER BY id"
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
    rows = [(row, cast(dict[str, Any], unpack(row["detail"]))) for row in found]
    contents = Contents(con)
    contents.load(ref for _, record in rows for ref in record_refs(record))
    return [decode_span(trace_key, row, record, contents.value, contents.message) for row, record in rows]


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
