"""Which row a trace of a batch has: the project it belongs to, and how a project is told where none is named."""

from __future__ import annotations

import time
from typing import NamedTuple

from ...model.traces import Span, SpanBatch
from ..contract import Connection
from ..values import sql_text

DEFAULT_PROJECT = "default"

SELECT_TRACE = "SELECT id, project, project_by_service FROM trace WHERE trace_key = :trace_key ORDER BY id"
INSERT_TRACE = """
INSERT INTO trace(id, project, project_by_service, trace_key, arrived_at)
SELECT 1 + max(used.id), :project, :by_service, :trace_key, :arrived_at
FROM (SELECT coalesce(max(id), 0) AS id FROM trace UNION ALL SELECT coalesce(max(trace_id), 0) FROM tombstone) used
RETURNING id
"""
"""The id of a trace that was erased is never given to another one."""
ADOPT_TRACE = """
UPDATE trace SET project = :project, project_by_service = :by_service
WHERE trace_key = :trace_key AND project = :waiting_in
AND NOT EXISTS (SELECT 1 FROM span WHERE trace_id = trace.id)
RETURNING id
"""
"""Judgements name no project; one that comes before the spans it is about waits in `default` for them."""
NAME_PROJECT = "UPDATE trace SET project = :project, project_by_service = :by_service, dirty = 1 WHERE id = :id"


class Place(NamedTuple):
    """The row of a trace that a batch speaks of."""

    trace_id: int
    is_new: bool


class _Project(NamedTuple):
    """Which project a batch puts a trace into, and how it knows."""

    name: str | None
    by_service: bool = False
    by_root: bool = False
    """The service is the one in which the run began; others only worked for it."""


def find_places(con: Connection, batch: SpanBatch, project: str | None) -> dict[str, Place]:
    """The row of each trace of the batch, made where it is new."""
    told: dict[str, _Project] = {facts.trace_key: _Project(facts.project) for facts in batch.facts}
    for span in batch.spans:
        known = told.get(span.trace_key)
        if known is None or known.name is None or (known.by_service and not known.by_root):
            told[span.trace_key] = _project_of(span, known)
    return {key: _place(con, sql_text(key) or "", said, project) for key, said in told.items()}


def _project_of(span: Span, known: _Project | None) -> _Project:
    """What a span adds to what is known of its trace's project: a name, else the service of its root."""
    if span.project is None:
        return known or _Project(None)
    said = _Project(span.project, span.project_by_service, span.parent_span_id is None)
    if known is None or known.name is None or not said.by_service or said.by_root:
        return said
    return known


def _place(con: Connection, trace_key: str, said: _Project, otherwise: str | None) -> Place:
    """The row of a trace: in the project that is named, and where only services are, in the one it has already."""
    wanted = sql_text(said.name or otherwise)
    rows = con.execute(SELECT_TRACE, {"trace_key": trace_key}).fetchall()
    for row in rows:
        if wanted is None or row["project"] == wanted:
            return Place(row["id"], False)
    values = {"project": wanted, "by_service": int(said.by_service), "trace_key": trace_key}
    adopted = {**values, "waiting_in": DEFAULT_PROJECT}
    if wanted and rows and (waiting := con.execute(ADOPT_TRACE, adopted).fetchone()):
        return Place(waiting["id"], False)
    for row in rows:
        # One trace may run through several services; two projects that somebody named are two traces.
        if said.name and (row["project_by_service"] or said.by_service):
            if row["project_by_service"] and (not said.by_service or said.by_root):
                con.execute(NAME_PROJECT, {**values, "id": row["id"]})
            return Place(row["id"], False)
    new = {**values, "project": wanted or DEFAULT_PROJECT, "arrived_at": time.time_ns()}
    return Place(con.execute(INSERT_TRACE, new).fetchone()["id"], True)
