"""Between rows and frozen values, by name: a column joins the field that is called like it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .contract import Connection, Cursor, Row

T = TypeVar("T")


def from_row(kind: type[T], row: Row | Mapping[str, Any], **given: Any) -> T:
    """A dataclass or named tuple from the columns, or parts of a record, that are called like its fields.

    The type of a field says how its column is read: a flag becomes a bool, a member of a closed set that member.

    Args:
        kind: What to make.
        row: Columns that no field is called like are passed over.
        given: The fields that no column holds as they are.

    Raises:
        TypeError: if neither row nor `given` has a field that needs a value.
    """
    columns = set(row.keys())
    values = dict(given)
    for name, read in _plan(kind).readers:
        if name in columns and name not in given:
            value = row[name]
            values[name] = value if read is None or value is None else read(value)
    return kind(**values)


def values_of(value: Any, *, leave_out: Collection[str] = (), **given: Any) -> dict[str, Any]:
    """What a statement is given of a dataclass or named tuple: its fields by name, flags and closed sets as kept.

    Args:
        value: The value.
        leave_out: Fields that are no column.
        given: Columns that hold something else than the field of their name, or have none.
    """
    found = {name: _kept(getattr(value, name)) for name in _plan(type(value)).names if name not in leave_out}
    return found | given


def insert_row(con: Connection, table: str, values: Mapping[str, Any], conflict: str = "") -> Cursor:
    """Insert one row, its columns called like the values; `conflict` is an ON CONFLICT clause."""
    return con.execute(insert_text(table, tuple(values), conflict), values)


def insert_many(con: Connection, table: str, rows: Sequence[Mapping[str, Any]], conflict: str = "") -> None:
    """Insert many rows, each with the columns of the first."""
    if rows:
        con.executemany(insert_text(table, tuple(rows[0]), conflict), rows)


def insert_numbered(con: Connection, table: str, values: Mapping[str, Any]) -> int:
    """Insert one row of a table whose ids are given out by the store; returns its id."""
    return int(insert_row(con, table, values, "RETURNING id").fetchone()["id"])


def upsert_row(con: Connection, table: str, values: Mapping[str, Any], key: Sequence[str]) -> None:
    """Insert a row, or bring the one with the same `key` up to date in all other columns."""
    con.execute(upsert_text(table, tuple(values), tuple(key)), values)


def upsert_rows(con: Connection, table: str, rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """`upsert_row` of many, each with the columns of the first."""
    if rows:
        con.executemany(upsert_text(table, tuple(rows[0]), tuple(key)), rows)


@lru_cache(maxsize=500)
def insert_text(table: str, columns: tuple[str, ...], conflict: str = "") -> str:
    """The INSERT of these columns, each given by name. Names are this program's own, never a caller's text."""
    marks = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table}({', '.join(columns)}) VALUES ({marks}) {conflict}"  # noqa: S608


@lru_cache(maxsize=500)
def upsert_text(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    """The INSERT that brings a row with the same key up to date."""
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    return insert_text(table, columns, f"ON CONFLICT({', '.join(key)}) DO UPDATE SET {changes}")


def _kept(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return int(value) if isinstance(value, bool) else value


class _Plan(NamedTuple):
    """What is known of a class once its type hints were looked at."""

    names: tuple[str, ...]
    readers: tuple[tuple[str, Callable[[Any], Any] | None], ...]


_PLANS: dict[type, _Plan] = {}


def _plan(kind: type) -> _Plan:
    found = _PLANS.get(kind)
    if found is None:
        own = fields(kind) if is_dataclass(kind) else ()
        names = tuple(field.name for field in own if field.init) or cast(Any, kind)._fields
        hints = get_type_hints(kind)
        found = _PLANS[kind] = _Plan(names, tuple((name, _reader(hints[name])) for name in names))
    return found


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    if get_origin(hint) in (Union, UnionType):
        alone = [part for part in get_args(hint) if part is not type(None)]
        return _reader(alone[0]) if len(alone) == 1 else None
    return hint if isinstance(hint, type) and (hint is bool or issubclass(hint, Enum)) else None
