"""Traces as people and assistants read them: by short id, as summaries, as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from ...model.errors import UnknownIdError, UsageError
from ...model.reading.assembly import build_steps, reading_order
from ...model.traces import Fold, JsonValue, Outcome, OutcomeSource, Span, Status, Step, Trace, TraceSummary, Usage
from ..contract import Connection, Store
from ..findings.modes import modes_of
from ..reviews.outcomes import with_verdicts
from ..search.ids import near_ids
from ..traces.compression import unpack
from ..traces.revisions import load_annotations, load_order, refresh, trace_rows
from ..traces.spans import StoredSpans, load_spans, spans_of_traces
from .trace_ids import newest_trace_id

_SHORT_ID = re.compile(r"T?(\d{1,15})(?:\.(\d{1,9}))?", re.IGNORECASE)
_AT_ONCE, _STEPS_AT_ONCE = 8, 400
"""Traces, and steps of all of them, that are read together where there are many to go through."""
SELECT_SIZES = "SELECT id, step_count FROM trace WHERE id IN :ids"
SELECT_EXISTS = "SELECT 1 FROM trace WHERE id = :id"
SELECT_BY_KEY = "SELECT id FROM trace WHERE trace_key = :text ORDER BY id DESC LIMIT 1"
SELECT_BY_RUN_ID = "SELECT id FROM trace WHERE run_id = :text ORDER BY id DESC"
SELECT_SIGNALS = """
SELECT trace_id, signal FROM signal WHERE trace_id IN :ids AND failure = 1
GROUP BY trace_id, signal ORDER BY min(position)
"""


class StepAddress(NamedTuple):
    """What a typed id names: a trace, and perhaps one of its steps."""

    trace_id: int
    step: int | None


def parse_trace_id(text: str) -> StepAddress | None:
    """`T412` or `T412.7` (the T may be left out); None where it is no short id.

    >>> parse_trace_id("T412.7")
    StepAddress(trace_id=412, step=7)
    """
    match = _SHORT_ID.fullmatch(text.strip())
    return StepAddress(int(match[1]), int(match[2]) if match[2] else None) if match else None


def locate_trace(store: Store, text: str) -> StepAddress:
    """What a typed id names: `T412`, `T412.7`, a run's own id, or its own id and a step, `order-run-9.7`.

    The run's own id is what the application or the file calls it. It comes before a bare number; `T412` is always the
    store's.

    Raises:
        UnknownIdError: if there is none; names the nearest ids and how to find others.
        UsageError: if several runs have this id.
    """
    text = text.strip()
    found = _located(store, text)
    if found is None and refresh(store):  # what has just come has no id of its own yet
        found = _located(store, text)
    if found is None:
        raise _unknown(store, text)
    return found


def resolve_trace(store: Store, text: str) -> int:
    """The row id of a trace named as for `locate_trace`."""
    return locate_trace(store, text).trace_id


def _located(store: Store, text: str) -> StepAddress | None:
    address = parse_trace_id(text)
    with store.read() as con:
        exists = address is not None and con.execute(SELECT_EXISTS, {"id": address.trace_id}).fetchone() is not None
        if exists and text[:1] in ("T", "t"):
            return address
        if (own := _by_own_id(con, text)) is not None:
            return StepAddress(own, None)
        if exists:
            return address
        head, _, step = text.rpartition(".")
        if head and step.isascii() and step.isdigit() and len(step) < 10:
            own = _by_own_id(con, head)
            return None if own is None else StepAddress(own, int(step))
    return None


def _by_own_id(con: Connection, text: str) -> int | None:
    row = con.execute(SELECT_BY_KEY, {"text": text}).fetchone()
    if row is not None:
        return cast(int, row["id"])
    rows = con.execute(SELECT_BY_RUN_ID, {"text": text}).fetchall()
    if len(rows) > 1:
        names = ", ".join(f"T{row['id']}" for row in rows[:5])
        raise UsageError(f"{len(rows)} runs have the id {text!r} (newest first: {names}). Name one of them.")
    return cast(int, rows[0]["id"]) if rows else None


def _unknown(store: Store, text: str) -> UnknownIdError:
    newest = newest_trace_id(store)
    if not newest:
        return UnknownIdError(
            "trace", text, known="the store is empty", next_step="Run `retrospan import PATH` to bring traces in."
        )
    near = ", ".join(near_ids(store, text, 3))
    known = f"newest: T{newest}{f'; nearest: {near}' if near else ''}"
    return UnknownIdError("trace", text, known=known, next_step="Search to find the id.")


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(text.strip("\n").split("\n")) if text else ()


def get_summaries(store: Store, trace_ids: Sequence[int]) -> list[TraceSummary]:
    """Summaries in the order asked for; ids without a trace are left out."""
    refresh(store, trace_ids)
    with store.read() as con:
        return _summaries(store, con, trace_ids, {row["id"]: row for row in trace_rows(con, trace_ids)})


def get_summary(store: Store, trace_id: int) -> TraceSummary:
    """The summary of one trace.

    Raises:
        UnknownIdError: if there is no such trace.
    """
    for summary in get_summaries(store, [trace_id]):
        return summary
    raise _unknown(store, f"T{trace_id}")


def _summaries(store: Store, con: Connection, trace_ids: Sequence[int], rows: dict[int, Any]) -> list[TraceSummary]:
    signals: dict[int, list[str]] = {}
    found = list(rows)
    for row in con.execute(SELECT_SIGNALS, {"ids": found}):
        signals.setdefault(row["trace_id"], []).append(row["signal"])
    modes = modes_of(con, found)
    summaries = [
        _summary(con, rows[i], tuple(signals.get(i, ())), tuple(f"M{number}" for number in modes.get(i, ())))
        for i in trace_ids
        if i in rows
    ]
    return with_verdicts(store, summaries)


def _summary(con: Connection, row: Any, signals: tuple[str, ...], modes: tuple[str, ...]) -> TraceSummary:
    metadata: JsonValue = None
    if row["facts"]:
        record = unpack(row["facts"])
        metadata = record.get("metadata") if isinstance(record, dict) else None
    return TraceSummary(
        id=row["id"],
        external_id=row["trace_key"],
        project=row["project"],
        revision=row["revision"],
        step_count=row["step_count"],
        status=Status(row["status"] or "unset"),
        outcome=Outcome(row["outcome"]),
        outcome_source=OutcomeSource(row["outcome_source"]),
        task=row["task"],
        task_declared=bool(row["task_declared"]),
        run_id=row["run_id"],
        session=row["session"],
        user=row["user"],
        version=row["version"],
        environment=row["environment"],
        agents=_names(row["agents"]),
        models=_names(row["models"]),
        tags=_names(row["tags"]),
        started_at_ns=row["started_at"],
        duration_ms=row["duration_ms"],
        input=row["input"] or "",
        output=row["output"] or "",
        usage=Usage(
            row["input_tokens"],
            row["output_tokens"],
            row["cache_read_tokens"],
            row["cache_write_tokens"],
            row["reasoning_tokens"],
        ),
        cost_usd=row["cost_usd"],
        signals=signals,
        modes=modes,
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def get_trace(store: Store, trace_id: int) -> Trace:
    """One whole trace in its newest revision.

    Raises:
        UnknownIdError: if there is no such trace.
    """
    for trace in get_traces(store, [trace_id]):
        return trace
    raise _unknown(store, f"T{trace_id}")


def get_traces(store: Store, trace_ids: Sequence[int]) -> list[Trace]:
    """Whole traces in their newest revisions, in the order asked for; ids without a trace are left out.

    Cost: some ten statements for however many; a content that several share is read once, and all are held at once.
    """
    refresh(store, trace_ids)
    with store.read() as con:
        rows = {row["id"]: row for row in trace_rows(con, trace_ids)}
        summaries = _summaries(store, con, trace_ids, rows)
        stored = spans_of_traces(con, {trace_id: row["trace_key"] for trace_id, row in rows.items()})
        notes = load_annotations(con, {trace_id: row["project"] for trace_id, row in rows.items()})
    return [Trace(s, _steps(rows[s.id], stored[s.id]), notes[s.id]) for s in summaries]


def traces_in_turn(store: Store, trace_ids: Sequence[int]) -> Iterator[Trace]:
    """`get_traces` one after the other, for many: few are held at a time."""
    refresh(store, trace_ids)
    with store.read() as con:
        sizes = {row["id"]: row["step_count"] for row in con.execute(SELECT_SIZES, {"ids": trace_ids})}
    portion: list[int] = []
    steps = 0
    for trace_id in trace_ids:
        steps += sizes.get(trace_id, 0)
        if portion and (len(portion) == _AT_ONCE or steps > _STEPS_AT_ONCE):
            yield from get_traces(store, portion)
            portion, steps = [], sizes.get(trace_id, 0)
        portion.append(trace_id)
    yield from get_traces(store, portion)


def _steps(row: Any, stored: StoredSpans) -> tuple[Step, ...]:
    order = load_order(row) if row["reading"] and not row["dirty"] else reading_order(stored.spans)
    return build_steps(stored.spans, order, lambda span: stored.digests[span.span_id])


def folded_spans(store: Store, trace_id: int) -> list[tuple[Span, Fold]]:
    """The spans of a trace that take no step index, with the reason."""
    refresh(store, [trace_id])
    with store.read() as con:
        rows = trace_rows(con, [trace_id])
        if not rows or not rows[0]["reading"]:
            return []
        folded = load_order(rows[0]).folded
        spans = load_spans(con, trace_id, rows[0]["trace_key"], list(folded))
        return [(span, folded[span.span_id]) for span in spans]
