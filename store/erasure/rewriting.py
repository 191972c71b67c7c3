"""Change the text of traces in place: what a later redaction takes out of spans, facts, proposals and questions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..commit import rewrite_trace
from ..compression import unpack
from ..connection import Store
from ..facts import facts_from_record
from ..models import JsonValue, SpanBatch, TraceFacts
from ..revisions import load_annotations, trace_rows
from ..spans import load_spans
from ..sqlite.driver import Connection
from .records import Occasion, insert_erasure, insert_redacted, mark_trace
from .sweep import note_pending_sweep

_SIDE_TEXTS = {
    "proposal": ("id", ("explanation", "cited"), "trace_id = ?"),
    "review_item": ("id", ("question", "reason", "note"), "trace_id = ?"),
    "review_draft": (
        "rowid",
        ("first", "final"),
        "item_id IN (SELECT id FROM review_item WHERE trace_id = ?)",
    ),
    "review_skip": ("rowid", ("reason",), "item_id IN (SELECT id FROM review_item WHERE trace_id = ?)"),
}
"""What people and agents wrote about a trace: table, (key, columns, which rows)."""
_DERIVED = ("signal", "suspect_cache", "embedding")

MAKE_DIRTY = "UPDATE trace SET dirty = 1, analysed_revision = -1 WHERE id = ?"
SELECT_RECORDS = """
SELECT v.id, v.record FROM verdict v JOIN verdict_subject s ON s.verdict_id = v.id
WHERE s.trace_id = ? AND v.record IS NOT NULL
"""

Redact = Callable[[SpanBatch], int]
"""Changes a batch in place; says how much it took out."""


class Text(NamedTuple):
    """One text beside the spans, and where it is."""

    table: str
    column: str
    key: int
    text: str


class TraceTexts(NamedTuple):
    """All that a store holds of a trace in words."""

    batch: SpanBatch
    """Its spans, and its facts with annotations; last, facts whose metadata lists `texts`."""
    texts: tuple[Text, ...]


def load_texts(con: Connection, trace_id: int) -> TraceTexts | None:
    """What a redaction looks at; None where the trace is gone."""
    rows = trace_rows(con, [trace_id])
    if not rows:
        return None
    trace_key, record = rows[0]["trace_key"], rows[0]["facts"]
    said = facts_from_record(trace_key, unpack(record)) if record else TraceFacts(trace_key)
    facts = replace(said, annotations=load_annotations(con, trace_id))
    texts = tuple(_side_texts(con, trace_id))
    values: list[JsonValue] = [_value(text) for text in texts]
    batch = SpanBatch(load_spans(con, trace_id, trace_key), [facts, TraceFacts(trace_key, metadata={"texts": values})])
    return TraceTexts(batch, texts)


def verdict_records(con: Connection, trace_id: int) -> list[tuple[int, str]]:
    """The signed records about a trace: they cannot be changed, only emptied."""
    return [(row[0], row[1]) for row in con.execute(SELECT_RECORDS, (trace_id,))]


def redact_traces(store: Store, trace_ids: Sequence[int], redact: Redact, occasion: Occasion) -> int:
    """Redact traces in one transaction; returns how many spans changed.

    Signatures over what changed read `redacted`; findings are computed anew; old contents wait for `sweep`.

    Args:
        store: Where.
        trace_ids: At most some dozen.
        redact: Applied to all text of each trace.
        occasion: Why.
    """
    with store.write() as con:
        con.execute("PRAGMA secure_delete=ON")
        note_pending_sweep(con)
        marked, changes = [], dict[int, frozenset[str]]()
        for trace_id in trace_ids:
            before = trace_rows(con, [trace_id])
            found = load_texts(con, trace_id)
            if found is None or not redact(found.batch):
                continue
            marked.append(mark_trace(con, trace_id, before[0]["project"], before[0]["trace_key"]))
            facts, beside = found.batch.facts
            changes[trace_id] = rewrite_trace(store, con, trace_id, found.batch.spans, facts)
            _write_side_texts(con, found.texts, beside)
            con.execute(MAKE_DIRTY, (trace_id,))
            for table in _DERIVED:
                con.execute(f"DELETE FROM {table} WHERE trace_id = ?", (trace_id,))  # noqa: S608
        if marked:
            erasure_id = insert_erasure(con, occasion, marked)
            for trace_id, span_ids in changes.items():
                insert_redacted(con, erasure_id, trace_id, span_ids)
    return sum(len(span_ids) for span_ids in changes.values())


def _side_texts(con: Connection, trace_id: int) -> list[Text]:
    found = []
    for table, (key, columns, where) in _SIDE_TEXTS.items():
        for column in columns:
            statement = f"SELECT {key}, {column} FROM {table} WHERE {where}"  # noqa: S608
            found += [Text(table, column, row[0], row[1]) for row in con.execute(statement, (trace_id,)) if row[1]]
    return found


def _value(text: Text) -> JsonValue:
    """A text, or the value of one that holds JSON."""
    value: JsonValue = json.loads(text.text) if text.column in ("cited", "first", "final") else text.text
    return value


def _write_side_texts(con: Connection, texts: Sequence[Text], redacted: TraceFacts) -> None:
    values: Any = (redacted.metadata or {}).get("texts", [])
    for text, value in zip(texts, values, strict=True):
        if value != _value(text):
            new = value if isinstance(value, str) else json.dumps(value)
            key = _SIDE_TEXTS[text.table][0]
            con.execute(f"UPDATE {text.table} SET {text.column} = ? WHERE {key} = ?", (new, text.key))  # noqa: S608
