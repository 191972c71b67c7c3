"""Revisions: a trace assembled anew when spans have come for it.

Spans are the truth; a revision is their reading order and summary. It is made on first read or by background analysis,
so that receiving costs nothing but the spans.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from ...model.errors import StoreFullError
from ...model.reading.assembly import Place, ReadingOrder, build_steps, reading_order
from ...model.reading.facts import facts_from_record
from ...model.reading.run_facts import RunFacts, summarise
from ...model.traces import Annotation, AnnotatorKind, Fold, TraceFacts
from ..contract import Connection, Store
from ..sqlite.values import sql_text
from .compression import pack, unpack
from .contents import marks
from .spans import load_spans, span_digests

_PREVIEW = 4_000
"""Characters of a run's input and output kept on its row; the whole text is in its steps."""
_CHUNK = 900
_BATCH = 64
"""Traces assembled in one transaction, so that receivers get their turn."""

SELECT_DIRTY = "SELECT id FROM trace WHERE dirty = 1 ORDER BY id LIMIT ?"
SELECT_DIRTY_OF = "SELECT id FROM trace WHERE dirty = 1 AND id IN ({marks})"
SELECT_TRACES = "SELECT * FROM trace WHERE id IN ({marks})"
SELECT_ANNOTATIONS = "SELECT * FROM annotation WHERE trace_id = ? ORDER BY rowid"
UPDATE_TRACE = """
UPDATE trace SET revision = ?, dirty = 0, reading = ?, step_count = ?, status = ?, outcome = ?, outcome_source = ?,
  task = ?, task_declared = ?, session = ?, user = ?, version = ?, environment = ?, agents = ?, models = ?, tools = ?,
  tags = ?, started_at = ?, duration_ms = ?, input = ?, output = ?, input_tokens = ?, output_tokens = ?,
  cache_read_tokens = ?, cache_write_tokens = ?, reasoning_tokens = ?, cost_usd = ?, prompt_fingerprint = ?,
  tools_fingerprint = ?
WHERE id = ?
"""


def refresh(store: Store, trace_ids: Sequence[int] | None = None, limit: int = 10_000) -> list[int]:
    """Assemble new revisions of traces that spans have come for since the last one.

    Args:
        store: Where.
        trace_ids: Only these; None for any that wait, oldest first.
        limit: At most so many.

    Returns:
        The traces that have a new revision.
    """
    with store.read() as con:
        if trace_ids is None:
            dirty = [row[0] for row in con.execute(SELECT_DIRTY, (limit,))]
        else:
            dirty = _dirty_of(con, trace_ids)[:limit]
    done: list[int] = []
    if store.read_only:
        return dirty
    for start in range(0, len(dirty), _BATCH):
        chunk = dirty[start : start + _BATCH]
        try:
            with store.write() as con:
                for trace_id in chunk:
                    _assemble(con, trace_id)
        except StoreFullError:
            # What is assembled already can be read; the rest waits until there is room.
            break
        done += chunk
    return done


def _dirty_of(con: Connection, trace_ids: Sequence[int]) -> list[int]:
    """By id alone, since a row with its first texts is large."""
    dirty: list[int] = []
    for start in range(0, len(trace_ids), _CHUNK):
        chunk = trace_ids[start : start + _CHUNK]
        dirty += [row[0] for row in con.execute(SELECT_DIRTY_OF.format(marks=marks(len(chunk))), chunk)]
    return dirty


def trace_rows(con: Connection, trace_ids: Sequence[int]) -> list[Any]:
    """Rows of these traces, in no order."""
    rows: list[Any] = []
    for start in range(0, len(trace_ids), _CHUNK):
        chunk = trace_ids[start : start + _CHUNK]
        rows += con.execute(SELECT_TRACES.format(marks=marks(len(chunk))), chunk).fetchall()
    return rows


def load_order(row: Any) -> ReadingOrder:
    """The reading order kept on a trace row."""
    record = unpack(row["reading"])
    assert isinstance(record, list)
    places, folded = cast(tuple[list[Any], dict[str, str]], record)
    return ReadingOrder(
        tuple(Place(span_id, parent, tuple(absorbed)) for span_id, parent, absorbed in places),
        {span_id: Fold(fold) for span_id, fold in folded.items()},
    )


def summary_as_stored(con: Connection, row: Any) -> dict[str, Any]:
    """What the columns of a trace row would be if it were assembled now, by name; without its revision."""
    columns = re.findall(r"(\w+) = \?", UPDATE_TRACE)
    found = dict(zip(columns, _assembled(con, row), strict=True))
    return {name: value for name, value in found.items() if name not in ("revision", "reading", "id")}


def _assemble(con: Connection, trace_id: int) -> None:
    (row,) = trace_rows(con, [trace_id])
    con.execute(UPDATE_TRACE, _assembled(con, row))


def _assembled(con: Connection, row: Any) -> tuple[Any, ...]:
    trace_id = row["id"]
    spans = load_spans(con, trace_id, row["trace_key"])
    order = reading_order(spans)
    digests = span_digests(con, trace_id)
    steps = build_steps(spans, order, lambda span: digests[span.span_id])
    reading = pack([[list(place) for place in order.places], {k: v.value for k, v in order.folded.items()}])
    run = summarise(steps, spans, _facts(con, row))
    return _summary_values(row["revision"] + 1, reading, len(steps), run, trace_id)


def _summary_values(revision: int, reading: bytes, count: int, run: RunFacts, trace_id: int) -> tuple[Any, ...]:
    return (
        revision,
        reading,
        count,
        run.status.value,
        run.outcome.value,
        run.outcome_source.value,
        sql_text(run.task),
        int(run.task_declared),
        sql_text(run.session),
        sql_text(run.user),
        sql_text(run.version),
        sql_text(run.environment),
        _lines(run.agents),
        _lines(run.models),
        _lines(run.tools),
        _lines(run.tags),
        run.started_at_ns,
        run.duration_ms,
        sql_text(run.input[:_PREVIEW]),
        sql_text(run.output[:_PREVIEW]),
        run.usage.input_tokens,
        run.usage.output_tokens,
        run.usage.cache_read_tokens,
        run.usage.cache_write_tokens,
        run.usage.reasoning_tokens,
        run.cost_usd,
        run.prompt_fingerprint,
        run.tools_fingerprint,
        trace_id,
    )


def _lines(names: Sequence[str]) -> str | None:
    """A set of names as one text with a newline before and after each, so that LIKE finds a whole name."""
    return sql_text("\n" + "\n".join(name.replace("\n", " ") for name in names) + "\n") if names else None


def _facts(con: Connection, row: Any) -> TraceFacts:
    facts = facts_from_record(row["trace_key"], unpack(row["facts"])) if row["facts"] else TraceFacts(row["trace_key"])
    return replace(facts, annotations=load_annotations(con, row["id"]))


def load_annotations(con: Connection, trace_id: int) -> tuple[Annotation, ...]:
    return tuple(
        Annotation(
            row["name"],
            row["label"],
            row["score"],
            row["explanation"],
            AnnotatorKind(row["annotator_kind"]),
            row["span_id"],
            row["source"],
        )
        for row in con.execute(SELECT_ANNOTATIONS, (trace_id,))
    )


def step_numbers(store: Store, trace_id: int | None) -> dict[str, int]:
    """The index of each span of a trace that is a step; none where there is no trace."""
    if trace_id is None:
        return {}
    with store.read() as con:
        return {span: index for row in trace_rows(con, [trace_id]) for span, index in step_index(row).items()}


def step_index(row: Any) -> dict[str, int]:
    """Step index by span id for a trace row; an absorbed span leads to the step that shows it."""
    if not row["reading"]:
        return {}
    index = {}
    for i, place in enumerate(load_order(row).places):
        index[place.span_id] = i
        index.update(dict.fromkeys(place.absorbed, i))
    return index
