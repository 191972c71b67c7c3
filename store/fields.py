"""Rows and frozen values, by name: a column joins the field that is called like it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ..model.fields import from_record, record_of
from .contract import Connection, Cursor

from_row = from_record
"""A value from a row: flags are kept as 0 and 1, members of closed sets as their words."""


def values_of(value: Any, *, leave_out: Collection[str] = (), **given: Any) -> dict[str, Any]:
    """What a statement is given of a value: its fields by name, flags as 0 and 1; see `record_of`."""
    found = record_of(value, leave_out=leave_out, **given)
    return {name: int(part) if isinstance(part, bool) else part for name, part in found.items()}


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
