"""Read spans back in normal form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from ...model.traces import Span
from ..contract import Connection, Store
from .codec import decode_span
from .compression import unpack
from .contents import Contents, marks

SELECT_SPANS = "SELECT * FROM span WHERE trace_id = ? ORDER BY id"
SELECT_SOME = "SELECT * FROM span WHERE trace_id = ? AND span_id IN ({marks})"
SELECT_SPAN_IDS = "SELECT span_id FROM span WHERE trace_id IN (SELECT id FROM trace WHERE trace_key = ?)"
SELECT_TRACES_OF = """
SELECT span_id, trace_key, project FROM span JOIN trace ON trace.id = span.trace_id WHERE span_id IN ({marks})
"""
_CHUNK = 900


def load_spans(
    con: Connection,
    trace_id: int,
    trace_key: str,
    span_ids: Sequence[str] | None = None,
    contents: Contents | None = None,
) -> list[Span]:
    """Spans of one trace with all their contents, in order of arrival.

    Args:
        con: An open connection.
        trace_id: The trace's row.
        trace_key: Its external id, put on each span.
        span_ids: Only these; None for all.
    """
    rows = [(row, cast(dict[str, Any], unpack(row["detail"]))) for row in _rows(con, trace_id, span_ids)]
    contents = Contents(con)
    contents.load(ref for _, record in rows for ref in record_refs(record))
    return [decode_span(trace_key, row, record, contents.value, contents.message) for row, record in rows]


def span_digests(con: Connection, trace_id: int) -> dict[str, bytes]:
    """The content digest of each span of a trace."""
    return dict(con.execute("SELECT span_id, digest FROM span WHERE trace_id = ?", (trace_id,)).fetchall())


def _rows(con: Connection, trace_id: int, span_ids: Sequence[str] | None) -> Iterable[Any]:
    if span_ids is None:
        yield from con.execute(SELECT_SPANS, (trace_id,))
        return
    for start in range(0, len(span_ids), _CHUNK):
        chunk = span_ids[start : start + _CHUNK]
        yield from con.execute(SELECT_SOME.format(marks=marks(len(chunk))), (trace_id, *chunk))


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
        return [row[0] for row in con.execute(SELECT_SPAN_IDS, (trace_key,))]


def traces_of_spans(store: Store, span_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """External id and project of the trace that holds each of these spans; those that none holds are missing.

    Cost: one pass over all spans of the store for each 900 ids.
    """
    wanted, found = list(span_ids), {}
    with store.read() as con:
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            for row in con.execute(SELECT_TRACES_OF.format(marks=marks(len(chunk))), chunk):
                found[row["span_id"]] = (row["trace_key"], row["project"])
    return found
