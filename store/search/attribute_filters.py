"""Conditions on what came with a run: its ids with wildcards, any attribute by name and value."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...model.query import attribute_test
from ...model.reading.fields import PLACES
from ..traces.attributes import like, name_patterns

_LIKE = "(" + " OR ".join(["lower(a.name) LIKE ? ESCAPE '!'"] * 4) + ")"
_EXACT = "a.name IN (?, ?, ?, ?)"
_HOLDS = "t.id IN (SELECT a.trace_id FROM run_attribute a WHERE {named}{test})"
_RUN_COLUMNS = ("t.run_id", "t.trace_key", "'T' || t.id")


class Clause(NamedTuple):
    """SQL over the trace `t` with its bound values."""

    sql: str
    values: tuple[Any, ...]


def by_text(column: str, value: str) -> Clause:
    """A column that holds this text; with `*` in it, any text of that pattern, whatever its case."""
    if "*" not in value:
        return Clause(f"{column} = ?", (value,))
    return Clause(f"lower({column}) LIKE ? ESCAPE '!'", (like(value),))


def by_run(value: str) -> Clause:
    """A run whose own id, trace id or short id is this or fits the pattern."""
    clauses = [by_text(column, value) for column in _RUN_COLUMNS]
    return Clause(
        f"({' OR '.join(clause.sql for clause in clauses)})", tuple(v for clause in clauses for v in clause.values)
    )


def has_attribute(name: str) -> Clause:
    """A run with an attribute of a name that fits, whatever it holds."""
    return _holds(name, "")


def by_attribute(text: str) -> Clause:
    """A run with an attribute that passes the test of an `attr` filter.

    `!=` asks for an attribute of the name with another value; runs without it do not count.
    """
    test = attribute_test(text)
    if test.op in ("=", "!="):
        sql = f" AND lower(a.value) {'NOT ' if test.op == '!=' else ''}LIKE ? ESCAPE '!'"
        return _holds(test.name, sql, like(test.value))
    number = _number(test.value)
    is_number = "a.value GLOB '[-0-9]*' AND a.value NOT GLOB '*[^-+.eE0-9]*'"
    sql = f" AND {is_number} AND CAST(a.value AS REAL) {test.op} ?"
    return _holds(test.name, sql, number)


def _holds(name: str, test: str, *values: Any) -> Clause:
    """An attribute of this name, letter for letter so that the index finds it; with `*` in it, one that fits."""
    if "*" in name:
        return Clause(_HOLDS.format(named=_LIKE, test=test), (*name_patterns(name).values(), *values))
    names = (name, *(f"{place}.{name}" for place in PLACES))
    return Clause(_HOLDS.format(named=_EXACT, test=test), (*names, *values))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
