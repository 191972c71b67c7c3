"""The attributes of traces with their short values: kept per trace, counted, and looked for by name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ...model.reading.fields import PLACES
from ..contract import Connection, Store
from ..values import sql_text

DELETE_ATTRIBUTES = "DELETE FROM run_attribute WHERE trace_id = :trace_id"
INSERT_ATTRIBUTE = """
INSERT INTO run_attribute(name, value, number, trace_id) VALUES (:name, :value, :number, :trace_id)
ON CONFLICT DO NOTHING
"""
SELECT_NAMES = """
SELECT a.name AS name, count(DISTINCT a.trace_id) AS traces, count(DISTINCT a.value) AS kinds
FROM run_attribute a JOIN trace t ON t.id = a.trace_id
WHERE (:project IS NULL OR t.project = :project) AND (:pattern IS NULL OR lower(a.name) LIKE :pattern ESCAPE '!')
GROUP BY a.name ORDER BY traces DESC, a.name
"""
SELECT_VALUES = """
SELECT a.value AS value, count(*) AS traces FROM run_attribute a JOIN trace t ON t.id = a.trace_id
WHERE a.name = :name AND (:project IS NULL OR t.project = :project)
GROUP BY a.value ORDER BY traces DESC, a.value LIMIT :most
"""
SELECT_STORED = "SELECT id FROM trace WHERE :project IS NULL OR project = :project ORDER BY id"
SELECT_HOLDERS = """
SELECT DISTINCT a.trace_id AS trace_id FROM run_attribute a JOIN trace t ON t.id = a.trace_id
WHERE (:project IS NULL OR t.project = :project)
AND (lower(a.name) LIKE :bare ESCAPE '!' OR lower(a.name) LIKE :in_resource ESCAPE '!'
     OR lower(a.name) LIKE :in_scope ESCAPE '!' OR lower(a.name) LIKE :in_metadata ESCAPE '!')
ORDER BY 1
"""


class AttributeCount(NamedTuple):
    """One attribute: in how many traces it stands, how many values it has, the commonest with their traces."""

    name: str
    traces: int
    kinds: int
    values: tuple[tuple[str, int], ...]


def save_attributes(con: Connection, trace_id: int, values: Sequence[tuple[str, str]]) -> None:
    """Replace what is kept of a trace, inside the caller's transaction."""
    con.execute(DELETE_ATTRIBUTES, {"trace_id": trace_id})
    con.executemany(
        INSERT_ATTRIBUTE,
        [
            {"name": sql_text(name), "value": sql_text(value), "number": _number(value), "trace_id": trace_id}
            for name, value in values
        ],
    )


def _number(value: str) -> float | None:
    """The value as a number that comparisons are made by; None where it is none."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def count_attributes(
    store: Store, *, project: str | None = None, pattern: str | None = None, most: int = 5
) -> list[AttributeCount]:
    """Every attribute name with counts and its commonest values, the most widespread first.

    Args:
        store: Where.
        project: Only traces of this project.
        pattern: Only names that fit; `*` stands for anything.
        most: Values shown of each.
    """
    named = {"project": project, "pattern": like(pattern) if pattern else None}
    with store.read() as con:
        rows = con.execute(SELECT_NAMES, named).fetchall()
        found = []
        for row in rows:
            held = con.execute(SELECT_VALUES, {"name": row["name"], "project": project, "most": most}).fetchall()
            values = tuple((value["value"], value["traces"]) for value in held)
            found.append(AttributeCount(row["name"], row["traces"], row["kinds"], values))
        return found


def traces_with_attribute(store: Store, pattern: str, *, project: str | None = None) -> list[int]:
    """The traces that have an attribute of a name that fits, oldest first."""
    with store.read() as con:
        rows = con.execute(SELECT_HOLDERS, {"project": project, **name_patterns(pattern)})
        return [row["trace_id"] for row in rows]


def stored_traces(store: Store, project: str | None = None) -> list[int]:
    """All traces, or those of a project, oldest first."""
    with store.read() as con:
        return [row["id"] for row in con.execute(SELECT_STORED, {"project": project})]


def name_patterns(pattern: str) -> dict[str, str]:
    """The LIKE patterns of an attribute's name: as given, and in each place that may be left out."""
    return {"bare": like(pattern), **{f"in_{place}": like(f"{place}.{pattern}") for place in PLACES}}


def like(pattern: str) -> str:
    """A pattern with `*` as one for LIKE with the escape `!`, lower case.

    >>> like("run.*_id")
    'run.%!_id'
    """
    escaped = "".join(f"!{ch}" if ch in "!%_" else ch for ch in pattern.lower())
    return escaped.replace("*", "%")
