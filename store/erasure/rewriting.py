"""Change the text of traces in place: what a later redaction takes out of spans, facts, proposals and questions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ...model.reading.facts import facts_from_record
from ...model.traces import JsonValue, SpanBatch, TraceFacts
from ..contract import Connection, Store
from ..traces.commit import rewrite_trace
from ..traces.compression import pack, unpack
from ..traces.revisions import load_annotations, trace_rows
from ..traces.spans import load_spans
from .records import Occasion, insert_erasure, insert_redacted, mark_trace
from .sweep import note_pending_sweep
from .tables import delete_rows

_OF_ITEMS = "item_id IN (SELECT id FROM review_item WHERE trace_id = :trace_id)"


class _Place(NamedTuple):
    """Columns with words of people and agents about a trace."""

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    where: str = "trace_id = :trace_id"


_PLACES = (
    _Place("proposal", ("explanation", "cited")),
    _Place("review_item", ("question", "reason", "note")),
    _Place("observation", ("quote", "label", "note")),
    _Place("agent_task", ("answer", "checkpoint")),
    _Place("agent_transcript", ("record",)),
    _Place("review_question", ("question", "answer"), where=_OF_ITEMS),
    _Place("review_comment", ("text",), where=_OF_ITEMS),
    _Place("review_draft", ("first", "final"), ("item_id", "reviewer"), _OF_ITEMS),
    _Place("review_typed", ("fields",), ("item_id", "reviewer"), _OF_ITEMS),
    _Place("review_skip", ("reason",), ("item_id", "reviewer"), _OF_ITEMS),
)
_JSON_COLUMNS = frozenset({"cited", "fields", "first", "final"})
_DERIVED = (
    "signal",
    "suspect_cache",
    "embedding",
    "told_steps",
    "step_row",
    "call_row",
    "message_row",
    "document_row",
    "rows_of",
)

FORGET_NAMES = """
UPDATE failure_mode SET computed_name = NULL WHERE id IN (SELECT mode_id FROM mode_member WHERE trace_id = :trace_id)
"""
"""They are computed from the words of the members."""
MAKE_DIRTY = "UPDATE trace SET dirty = 1, analysed_revision = -1 WHERE id = :trace_id"
SELECT_RECORDS = """
SELECT v.id, v.record FROM verdict v JOIN verdict_subject s ON s.verdict_id = v.id
WHERE s.trace_id = :trace_id AND v.record IS NOT NULL
UNION ALL
SELECT v.id, c.record FROM completion c JOIN verdict v ON v.uid = c.verdict_uid
JOIN verdict_subject s ON s.verdict_id = v.id
WHERE s.trace_id = :trace_id AND c.record IS NOT NULL
"""

Redact = Callable[[SpanBatch], int]
"""Changes a batch in place; says how much it took out."""


class Text(NamedTuple):
    """Words beside the spans, and where they are."""

    place: _Place
    column: str
    key: dict[str, Any]
    """Column and value, for each column of the key."""
    value: JsonValue
    packed: bool


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
    facts = replace(said, annotations=load_annotations(con, {trace_id: rows[0]["project"]})[trace_id])
    texts = tuple(_side_texts(con, trace_id))
    values = [text.value for text in texts]
    batch = SpanBatch(load_spans(con, trace_id, trace_key), [facts, TraceFacts(trace_key, metadata={"texts": values})])
    return TraceTexts(batch, texts)


def verdict_records(con: Connection, trace_id: int) -> list[tuple[int, str]]:
    """The signed records about a trace: they cannot be changed, only emptied."""
    return [(row["id"], row["record"]) for row in con.execute(SELECT_RECORDS, {"trace_id": trace_id})]


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
        store.erasing.begin(con)
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
            con.execute(MAKE_DIRTY, {"trace_id": trace_id})
            con.execute(FORGET_NAMES, {"trace_id": trace_id})
            for table in _DERIVED:
                delete_rows(con, table, "trace_id", [trace_id])
        if marked:
            erasure_id = insert_erasure(con, occasion, marked)
            for trace_id, span_ids in changes.items():
                insert_redacted(con, erasure_id, trace_id, span_ids)
    return sum(len(span_ids) for span_ids in changes.values())


def _side_texts(con: Connection, trace_id: int) -> list[Text]:
    found: list[Text] = []
    for place in _PLACES:
        columns = ", ".join([*place.key, *place.columns])
        statement = f"SELECT {columns} FROM {place.table} WHERE {place.where}"  # noqa: S608
        for row in con.execute(statement, {"trace_id": trace_id}):
            found += (_text(place, column, row) for column in place.columns if row[column])
    return found


def _text(place: _Place, column: str, row: Any) -> Text:
    stored = row[column]
    key = {name: row[name] for name in place.key}
    return Text(place, column, key, _decoded(column, stored), isinstance(stored, bytes))


def _decoded(column: str, stored: str | bytes) -> JsonValue:
    if isinstance(stored, bytes):
        return unpack(stored)
    value: JsonValue = json.loads(stored) if column in _JSON_COLUMNS else stored
    return value


def _write_side_texts(con: Connection, texts: Sequence[Text], redacted: TraceFacts) -> None:
    values: Any = (redacted.metadata or {}).get("texts", [])
    for text, value in zip(texts, values, strict=True):
        if value != text.value:
            new = pack(value) if text.packed else value if isinstance(value, str) else json.dumps(value)
            same = " AND ".join(f"{name} = :{name}" for name in text.place.key)
            statement = f"UPDATE {text.place.table} SET {text.column} = :new WHERE {same}"  # noqa: S608
            con.execute(statement, {**text.key, "new": new})
