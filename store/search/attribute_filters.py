"""Conditions on what came with a run: its ids with wildcards, any attribute by name and value."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...model.query import attribute_test
from ...model.reading.fields import PLACES
from ..traces.attributes import like, name_patterns

Bind = Callable[[object], str]
"""Binds a value and gives the name under which a statement has it."""
_RUN_COLUMNS = ("t.run_id", "t.trace_key", "'T' || t.id")


def by_text(column: str, value: str, bind: Bind) -> str:
    """A column that holds this text; with `*` in it, any text of that pattern, whatever its case."""
    if "*" not in value:
        return f"{column} = :{bind(value)}"
    return f"lower({column}) LIKE :{bind(like(value))} ESCAPE '!'"


def by_run(value: str, bind: Bind) -> str:
    """A run whose own id, trace id or short id is this or fits the pattern."""
    return f"({' OR '.join(by_text(column, value, bind) for column in _RUN_COLUMNS)})"


def has_attribute(name: str, bind: Bind) -> str:
    """A run with an attribute of a name that fits, whatever it holds."""
    return _holds(name, "", bind)


def by_attribute(text: str, bind: Bind) -> str:
    """A run with an attribute that passes the test of an `attr` filter.

    `!=` asks for an attribute of the name with another value; runs without it do not count.
    """
    test = attribute_test(text)
    if test.op in ("=", "!="):
        asked = f"LIKE :{bind(like(test.value))} ESCAPE '!'"
        return _holds(test.name, f" AND lower(a.value) {'NOT ' if test.op == '!=' else ''}{asked}", bind)
    return _holds(test.name, f" AND a.number {test.op} :{bind(_number(test.value))}", bind)


def _holds(name: str, test: str, bind: Bind) -> str:
    """An attribute of this name, letter for letter so that the index finds it; with `*` in it, one that fits."""
    if "*" in name:
        fits = [f"lower(a.name) LIKE :{bind(pattern)} ESCAPE '!'" for pattern in name_patterns(name).values()]
        named = " OR ".join(fits)
    else:
        named = f"a.name IN :{bind([name, *(f'{place}.{name}' for place in PLACES)])}"
    return f"t.id IN (SELECT a.trace_id FROM run_attribute a WHERE ({named}){test})"  # noqa: S608 - bound values


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


BY_ATTRIBUTE: Mapping[str, Callable[[str, Bind], str]] = {
    "run": by_run,
    "has": has_attribute,
    "attr": by_attribute,
}
"""By the field of a search line."""
