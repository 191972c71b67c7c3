"""Which traces an erasure is about, and which knowledge files speak of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from ..contract import Store

Named = Literal["session", "user"]

_OF_PROJECT = "AND project = :project"
_NOT_REVIEWED = """
AND id NOT IN (SELECT trace_id FROM verdict_subject)
AND id NOT IN (SELECT trace_id FROM review_item WHERE trace_id IS NOT NULL)
AND NOT EXISTS (SELECT 1 FROM review_item i WHERE i.session = trace.session AND i.project = trace.project)
"""
SELECT_BEFORE = "SELECT id FROM trace WHERE coalesce(started_at, arrived_at) < :before {further} ORDER BY id"
SELECT_NAMED: dict[Named, str] = {
    "session": "SELECT id FROM trace WHERE session = :name {further} ORDER BY id",
    "user": "SELECT id FROM trace t WHERE t.user = :name {further} ORDER BY id",
}
SELECT_KEYS = "SELECT trace_key FROM trace WHERE id IN :ids"
SELECT_KNOWLEDGE = "SELECT folder, kind, name, text FROM knowledge_file"


class KnowledgeText(NamedTuple):
    """A knowledge file as the store has it."""

    folder: str
    kind: str
    name: str
    text: str


def traces_before(store: Store, unix_ns: int, *, project: str | None = None, keep_reviewed: bool = False) -> list[int]:
    """Traces that began before a moment, oldest id first.

    Args:
        store: Where.
        unix_ns: The moment.
        project: Only of this project.
        keep_reviewed: Without those that people have judged or that wait in the queue.
    """
    further = f"{_OF_PROJECT if project is not None else ''} {_NOT_REVIEWED if keep_reviewed else ''}"
    return _ids(store, SELECT_BEFORE.format(further=further), {"before": unix_ns, "project": project})


def traces_named(store: Store, by: Named, name: str, *, project: str | None = None) -> list[int]:
    """Traces of a session or a user by its whole name, oldest id first; of a project, or all."""
    further = _OF_PROJECT if project is not None else ""
    return _ids(store, SELECT_NAMED[by].format(further=further), {"name": name, "project": project})


def trace_keys(store: Store, trace_ids: Iterable[int]) -> set[str]:
    """The external ids of these traces."""
    with store.read() as con:
        return {row["trace_key"] for row in con.execute(SELECT_KEYS, {"ids": trace_ids})}


def knowledge_texts(store: Store) -> list[KnowledgeText]:
    """The text of every knowledge file that the store has indexed."""
    with store.read() as con:
        rows = con.execute(SELECT_KNOWLEDGE).fetchall()
    return [KnowledgeText(row["folder"], row["kind"], row["name"], row["text"]) for row in rows]


def _ids(store: Store, statement: str, values: dict[str, Any]) -> list[int]:
    with store.read() as con:
        return [row["id"] for row in con.execute(statement, values)]
