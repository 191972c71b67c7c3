"""Traces as people and assistants read them: by short id, as summaries, as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from ...model.errors import UnknownIdError
from ...model.reading.assembly import build_steps, reading_order
from ...model.traces import Fold, JsonValue, Outcome, OutcomeSource, Span, Status, Trace, TraceSummary, Usage
from ..contract import Connection, Store
from ..findings.modes import modes_of
from ..reviews.outcomes import with_verdicts
from ..traces.compression import unpack
from ..traces.contents import marks
from ..traces.revisions import load_annotations, load_order, refresh, trace_rows
from ..traces.spans import load_spans

_SHORT_ID = re.compile(r"T?(\d{1,15})(?:\.(\d{1,9}))?", re.IGNORECASE)
_CHUNK = 900
SELECT_SIGNALS = """
SELECT DISTINCT trace_id, signal FROM signal WHERE trace_id IN ({marks}) AND failure = 1 ORDER BY position
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


def resolve_trace(store: Store, text: str) -> int:
    """The row id of a trace named by short id or by external id.

    Raises:
        UnknownIdError: if there is none; names the newest id and how to find others.
    """
    address = parse_trace_id(text)
    with store.read() as con:
        if address is not None and con.execute("SELECT 1 FROM trace WHERE id = ?", (address.trace_id,)).fetchone():
            return address.trace_id
        row = con.execute("SELECT id FROM trace WHERE trace_key = ? ORDER BY id DESC", (text.strip(),)).fetchone()
        if row is not None:
            return cast(int, row[0])
        newest = con.execute("SELECT max(id) FROM trace").fetchone()[0]
    known = f"newest: T{newest}" if newest else "the store is empty"
    next_step = "Search to find the id." if newest else "Run `retrospan import PATH` to bring traces in."
    raise UnknownIdError("trace", text, known=known, next_step=next_step)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(text.strip("\n").split("\n")) if text else ()


def get_summaries(store: Store, trace_ids: Sequence[int]) -> list[TraceSummary]:
    """Summaries in the order asked for; ids without a trace are left out."""
    refresh(store, trace_ids)
    with store.read() as con:
        rows = {row["id"]: row for row in trace_rows(con, trace_ids)}
        signals: dict[int, list[str]] = {}
        found = list(rows)
        for start in range(0, len(found), _CHUNK):
            chunk = found[start : start + _CHUNK]
            for trace_id, name in con.execute(SELECT_SIGNALS.format(marks=marks(len(chunk))), chunk):
                signals.setdefault(trace_id, []).append(name)
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
    summaries = get_summaries(store, [trace_id])
    if not summaries:
        resolve_trace(store, f"T{trace_id}")
    with store.read() as con:
        (row,) = trace_rows(con, [trace_id])
        spans = load_spans(con, trace_id, row["trace_key"])
        digests = {
            row["span_id"]: row["digest"]
            for row in con.execute("SELECT span_id, digest FROM span WHERE trace_id = ?", (trace_id,))
        }
        order = load_order(row) if row["reading"] and not row["dirty"] else reading_order(spans)
        steps = build_steps(spans, order, lambda span: digests[span.span_id])
        return Trace(summaries[0], steps, load_annotations(con, trace_id))


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
