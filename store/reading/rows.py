"""A run's rows as kept. A text is kept once: short ones stand in the row, others lead to the body that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ...model.reading.digest import Bag
from ...model.rows import CallRow, DocumentRow, MessageRow, RunRows, StepRow
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from ..contract import Connection, Store
from ..traces.compression import compress
from ..values import sql_text

FORM = 1
"""Raise it when the same run would become other rows: what stores have kept is then made anew."""
_INLINE = 120
"""Characters of a text that stands in its row."""
_TEXTS = ("text", "arguments", "result")
_BODIES = 900
SELECT_WAITING = """
SELECT t.id FROM trace t LEFT JOIN rows_of r ON r.trace_id = t.id
WHERE t.dirty = 1 OR r.trace_id IS NULL OR r.revision <> t.revision OR r.form <> :form ORDER BY t.id DESC LIMIT :most
"""
SELECT_IDS = "SELECT hash, id FROM body WHERE hash IN :hashes"
KEEP = """
INSERT INTO rows_of(trace_id, revision, form) VALUES (:trace_id, :revision, :form)
ON CONFLICT(trace_id) DO UPDATE SET revision = excluded.revision, form = excluded.form
"""


class _Part(NamedTuple):
    """One table of rows: how it is emptied of a run, how rows are put in."""

    table: str
    fields: tuple[str, ...]

    @property
    def empty(self) -> str:
        return f"DELETE FROM {self.table} WHERE trace_id = :trace_id"  # noqa: S608 - one of our tables

    @property
    def insert(self) -> str:
        names = ("trace_id", *self.fields)
        marks = ", ".join(f":{name}" for name in names)
        return f"INSERT INTO {self.table}({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names


_PARTS = (
    _Part("step_row", StepRow._fields),
    _Part("call_row", CallRow._fields),
    _Part("message_row", MessageRow._fields),
    _Part("document_row", DocumentRow._fields),
)


def traces_without_rows(store: Store, most: int) -> list[int]:
    """Runs whose rows are missing or of a former revision, newest first."""
    with store.read() as con:
        return [row["id"] for row in con.execute(SELECT_WAITING, {"form": FORM, "most": most})]


def save_rows(con: Connection, trace_id: int, revision: int, rows: RunRows) -> None:
    """Replace the rows of a run, inside the caller's transaction. Cost: linear in its steps and their texts."""
    refs = _references(con, rows)
    tables: tuple[Sequence[Any], ...] = rows
    for part, entries in zip(_PARTS, tables, strict=True):
        con.execute(part.empty, {"trace_id": trace_id})
        con.executemany(part.insert, [_values(trace_id, row, refs) for row in entries])
    con.execute(KEEP, {"trace_id": trace_id, "revision": revision, "form": FORM})


def _values(trace_id: int, row: Any, refs: dict[str, Any]) -> dict[str, Any]:
    values = row._asdict() | {"trace_id": trace_id}
    for name in _TEXTS:
        if name in values:
            values[name] = _kept(values[name], refs)
    return {name: sql_text(value) if isinstance(value, str) else value for name, value in values.items()}


def _kept(value: JsonValue, refs: dict[str, Any]) -> Any:
    if value is None:
        return None
    text = as_text(value)
    return refs.get(text, text)


def _references(con: Connection, rows: RunRows) -> dict[str, Any]:
    """For each long text the id of the body that holds it, else the text compressed."""
    bag = Bag()
    hashes: dict[bytes, str] = {}
    for value in _long_texts(rows):
        hashes[bag.content(value, produced=False)] = as_text(value)
    found: dict[str, Any] = {}
    asked = list(hashes)
    for start in range(0, len(asked), _BODIES):
        for row in con.execute(SELECT_IDS, {"hashes": asked[start : start + _BODIES]}):
            found[hashes[row["hash"]]] = row["id"]
    for text in hashes.values():
        if text not in found:
            found[text] = compress(text.encode("utf-8", "surrogatepass"))
    return found


def _long_texts(rows: RunRows) -> Iterator[JsonValue]:
    entries: Iterable[Any]
    for entries in rows:
        for row in entries:
            for name in _TEXTS:
                value = getattr(row, name, None)
                if value is not None and len(as_text(value)) > _INLINE:
                    yield value
