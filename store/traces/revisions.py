"""Revisions: a trace assembled anew when spans have come for it.

Spans are the truth; a revision is their reading order and summary. It is made on first read or by background analysis,
so that receiving costs nothing but the spans.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, fields, replace
from enum import StrEnum
from typing import Any, cast

from ...model.errors import StoreFullError
from ...model.reading.assembly import Place, ReadingOrder, build_steps, reading_order
from ...model.reading.facts import facts_from_record
from ...model.reading.run_facts import RunFacts, summarise
from ...model.traces import Annotation, AnnotatorKind, Fold, TraceFacts
from ..contract import Connection, Store
from ..rows import assignments
from ..settings.fields import load_field_rules
from ..values import sql_text
from .attributes import save_attributes
from .compression import pack, unpack
from .score_scales import KnownScales, SeenScales
from .spans import spans_of_traces

_PREVIEW = 4_000
"""Characters of a run's input and output kept on its row; the whole text is in its steps."""
_BATCH = 64
"""Traces assembled in one transaction, so that receivers get their turn."""

_RENAMED = {"started_at_ns": "started_at"}
"""Columns of `trace` that are called otherwise than the field of `RunFacts` that they keep."""
_ELSEWHERE = frozenset({"metadata", "usage", "values"})
"""Fields without a column of their own: kept among the facts, or as a column for each number."""

SELECT_DIRTY = "SELECT id FROM trace WHERE dirty = 1 ORDER BY id LIMIT :most"
SELECT_DIRTY_OF = "SELECT id FROM trace WHERE dirty = 1 AND id IN :ids"
SELECT_TRACES = "SELECT * FROM trace WHERE id IN :ids"
SELECT_ANNOTATIONS = "SELECT * FROM annotation WHERE trace_id IN :trace_ids ORDER BY {as_written}"
SET_DIRTY = "UPDATE trace SET dirty = 1 WHERE id IN :ids"
UPDATE_TRACE = "UPDATE trace SET dirty = 0, {assignments} WHERE id = :id"


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
            rows = con.execute(SELECT_DIRTY, {"most": limit})
        else:
            # By id alone, since a row with its first texts is large.
            rows = con.execute(SELECT_DIRTY_OF, {"ids": trace_ids})
        dirty = [row["id"] for row in rows][:limit]
    if store.read_only:
        return dirty
    done: list[int] = []
    known: KnownScales = {}
    for start in range(0, len(dirty), _BATCH):
        chunk = dirty[start : start + _BATCH]
        try:
            with store.write() as con:
                scales = SeenScales(con, known)
                for trace_id in chunk:
                    _assemble(con, trace_id, scales)
                scales.settle()
        except StoreFullError:
            # What is assembled already can be read; the rest waits until there is room.
            break
        done += chunk
    return done


def reassemble(store: Store, trace_ids: Sequence[int], on_progress: Callable[[int, int], None] | None = None) -> None:
    """Make new revisions of these traces from their spans, some at a time; for when what is read out of them changed.

    Args:
        store: Where.
        trace_ids: Rows of traces.
        on_progress: Called with how many are done and how many there are.
    """
    for start in range(0, len(trace_ids), _BATCH):
        chunk = trace_ids[start : start + _BATCH]
        with store.write() as con:
            con.execute(SET_DIRTY, {"ids": chunk})
        refresh(store, chunk)
        if on_progress:
            on_progress(min(start + _BATCH, len(trace_ids)), len(trace_ids))


def trace_rows(con: Connection, trace_ids: Sequence[int]) -> list[Any]:
    """Rows of these traces, in no order."""
    return con.execute(SELECT_TRACES, {"ids": trace_ids}).fetchall()


def load_order(row: Any) -> ReadingOrder:
    """The reading order kept on a trace row."""
    record = unpack(row["reading"])
    assert isinstance(record, list)
    places, folded = cast(tuple[list[Any], dict[str, str]], record)
    return ReadingOrder(
        tuple(Place(span_id, parent, tuple(absorbed)) for span_id, parent, absorbed in places),
        {span_id: Fold(fold) for span_id, fold in folded.items()},
    )


def order_fits(row: Any, span_ids: Collection[str]) -> bool:
    """Whether the reading order kept on a trace row, if any, names spans that there are."""
    if not row["reading"]:
        return True
    order = load_order(row)
    named = {span_id for place in order.places for span_id in (place.span_id, *place.absorbed)}
    return named.union(order.folded).issubset(span_ids)


def summary_as_stored(con: Connection, row: Any) -> dict[str, Any]:
    """What the columns of a trace row would be if it were assembled now, by name."""
    columns, _ = _assembled(con, row, SeenScales(con, {}))
    return {name: value for name, value in columns.items() if name not in ("revision", "reading")}


def _assemble(con: Connection, trace_id: int, scales: SeenScales) -> None:
    (row,) = trace_rows(con, [trace_id])
    columns, run = _assembled(con, row, scales)
    save_attributes(con, trace_id, run.values)
    con.execute(UPDATE_TRACE.format(assignments=assignments(columns)), {**columns, "id": trace_id})


def _assembled(con: Connection, row: Any, scales: SeenScales) -> tuple[dict[str, Any], RunFacts]:
    """What a trace's row holds, by column, and the run that it was made from."""
    trace_id = row["id"]
    spans, digests = spans_of_traces(con, {trace_id: row["trace_key"]})[trace_id]
    order = reading_order(spans)
    steps = build_steps(spans, order, lambda span: digests[span.span_id])
    reading = pack([[list(place) for place in order.places], {k: v.value for k, v in order.folded.items()}])
    run = summarise(steps, spans, _facts(con, row, scales), load_field_rules(con, row["project"]))
    columns = {"revision": row["revision"] + 1, "reading": reading, "step_count": len(steps), **summary_columns(run)}
    return columns, run


def summary_columns(run: RunFacts) -> dict[str, Any]:
    """What a trace row keeps of a run, by column: each field under its own name, in a form that a database holds."""
    kept = replace(run, input=run.input[:_PREVIEW], output=run.output[:_PREVIEW])
    names = [field.name for field in fields(RunFacts) if field.name not in _ELSEWHERE]
    return {_RENAMED.get(name, name): _stored(getattr(kept, name)) for name in names} | asdict(run.usage)


def _stored(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, tuple):
        return _lines(value)
    return sql_text(value) if isinstance(value, str) else value


def _lines(names: Sequence[str]) -> str | None:
    """A set of names as one text with a newline before and after each, so that LIKE finds a whole name."""
    return sql_text("\n" + "\n".join(name.replace("\n", " ") for name in names) + "\n") if names else None


def _facts(con: Connection, row: Any, scales: SeenScales) -> TraceFacts:
    facts = facts_from_record(row["trace_key"], unpack(row["facts"])) if row["facts"] else TraceFacts(row["trace_key"])
    return replace(facts, annotations=load_annotations(con, {row["id"]: row["project"]}, scales)[row["id"]])


def load_annotations(
    con: Connection, projects: Mapping[int, str], scales: SeenScales | None = None
) -> dict[int, tuple[Annotation, ...]]:
    """The annotations of traces, each with what it says of the run; empty where there are none.

    Args:
        con: An open connection.
        projects: The project of each trace, by row.
        scales: What is known of the scales of scores; looked up where missing.
    """
    scales = scales or SeenScales(con)
    found: dict[int, list[Annotation]] = {trace_id: [] for trace_id in projects}
    for row in con.execute(SELECT_ANNOTATIONS.format(as_written=con.as_written), {"trace_ids": list(projects)}):
        found[row["trace_id"]].append(_annotation(row))
    return {trace_id: scales.understood(projects[trace_id], notes) for trace_id, notes in found.items()}


def _annotation(row: Any) -> Annotation:
    return Annotation(
        name=row["name"],
        label=row["label"],
        score=row["score"],
        explanation=row["explanation"],
        annotator_kind=AnnotatorKind(row["annotator_kind"]),
        span_id=row["span_id"],
        source=row["source"],
        low=row["low"],
        high=row["high"],
        is_expectation=bool(row["is_expectation"]),
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
