"""Rows that go into a table many at a time: a table's columns are the fields of its row type, said nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

R = TypeVar("R", bound=tuple[Any, ...])

KEEP_FIRST = "DO NOTHING"
"""Of two rows with one key the one that is there stays."""


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """Where rows in bulk go."""

    name: str
    row: type[R]
    """A NamedTuple; its fields are the columns."""
    on_conflict: str = ""
    """What follows `ON CONFLICT`, for rows whose key is there already; empty where that is an error."""


def columns_of(row: type[tuple[Any, ...]]) -> tuple[str, ...]:
    """The columns of a row type."""
    return cast(tuple[str, ...], row._fields)  # type: ignore[attr-defined]


def quoted(columns: Iterable[str]) -> str:
    """A list of columns, quoted, as some of their names are words of SQL."""
    return ", ".join(f'"{column}"' for column in columns)


def overwrite(row: type[tuple[Any, ...]], *, key: Collection[str], but: Collection[str] = ()) -> str:
    """For `Table.on_conflict`: a row takes the place of the one with its key, except for the columns of `but`."""
    columns = [column for column in columns_of(row) if column not in (*key, *but)]
    return f"({quoted(key)}) DO UPDATE SET " + ", ".join(f'"{column}" = excluded."{column}"' for column in columns)


def assignments(columns: Iterable[str]) -> str:
    """For an UPDATE: each column takes the value of its own name."""
    return ", ".join(f'"{column}" = :{column}' for column in columns)


@lru_cache(maxsize=100)
def insert_statement(into: Table[Any], mark: str = "?") -> str:
    """The INSERT of one row, its values in the order of the fields.

    >>> from typing import NamedTuple
    >>> class Pair(NamedTuple):
    ...     left: int
    ...     right: int
    >>> insert_statement(Table("pair", Pair, KEEP_FIRST))
    'INSERT INTO "pair"("left", "right") VALUES (?, ?) ON CONFLICT DO NOTHING'
    """
    columns = columns_of(into.row)
    marks = ", ".join([mark] * len(columns))
    otherwise = f" ON CONFLICT {into.on_conflict}" if into.on_conflict else ""
    return f'INSERT INTO "{into.name}"({quoted(columns)}) VALUES ({marks}){otherwise}'  # noqa: S608
