"""The tables that a commit writes: a column is a field here, and nowhere else."""

from __future__ import annotations

from typing import NamedTuple

from ..rows import KEEP_FIRST, Table, overwrite


class SpanRow(NamedTuple):
    """A span as it is written."""

    trace_id: int
    span_id: str
    parent_span_id: str | None
    kind: str
    name: str | None
    status: str
    agent: str | None
    tool: str | None
    model: str | None
    started_at: int | None
    ended_at: int | None
    sequence: int
    digest: bytes
    detail: bytes


class OccurrenceRow(NamedTuple):
    """Where a content stands in a trace."""

    body_id: int
    trace_id: int
    span_id: str
    produced: int
    """1 where the span brought it forth, 0 where it only read it."""


class AnnotationRow(NamedTuple):
    """What somebody said of a trace, as it is written."""

    trace_id: int
    digest: bytes
    span_id: str | None
    name: str | None
    label: str | None
    score: float | None
    explanation: str | None
    annotator_kind: str
    source: str | None
    low: float | None
    high: float | None
    is_expectation: int


SPANS = Table("span", SpanRow, overwrite(SpanRow, key=("trace_id", "span_id"), but=("sequence",)))
OCCURRENCES = Table(
    "occurrence",
    OccurrenceRow,
    "(body_id, trace_id) DO UPDATE SET span_id = excluded.span_id, produced = 1 "
    "WHERE excluded.produced > occurrence.produced",
)
ANNOTATIONS = Table("annotation", AnnotationRow, KEEP_FIRST)
