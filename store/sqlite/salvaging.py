"""Bring what can still be read of a damaged file into a new store.

Rows are copied as they are; a content that cannot be read is replaced by a text that says so, since runs would not open
without it. What is computed (signals, full text, steps in words) is left out and made anew.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from ...model.errors import DamagedStoreError, StoreError
from ...model.reading.digest import BodyKind, content_hash, digest_of, envelope_hash
from ..damage import Salvaged
from ..fields import insert_text
from ..traces.codec import envelope_refs
from ..traces.compression import unpack
from ..traces.contents import body_kind, decode_row, indexed_text_of
from ..traces.revisions import order_fits, summary_as_stored, trace_rows
from ..traces.spans import load_spans, record_refs, span_digests
from .connection import SqliteConnection
from .copies import refuse_to_replace
from .damaged import DERIVED, POINTS_NOWHERE, Gap, bad_contents, open_raw, readable, tables_of, with_definitions
from .driver import DatabaseError
from .fulltext import INSERT_TEXT, words_apart
from .opening import open_file

INSERT_BODY = "INSERT INTO body(id, hash, codec, data) VALUES (:id, :hash, :codec, :data)"
_OWN = ("alembic_version", "body")
_KEPT_META = ("store_id", "kind", "created_at")
_STUB_TRACE = """
INSERT INTO trace(id, project, trace_key, revision, dirty, arrived_at) VALUES (:id, 'salvaged', :key, 0, 1, :at)
"""


def salvage_file(path: Path, target: Path) -> Salvaged:
    """See `Keeping.salvage`. Cost: reads all, writes it again, and hashes every content."""
    refuse_to_replace(target)
    try:
        source = open_raw(path)
    except DatabaseError as err:
        raise StoreError(
            f"Nothing of {path} can be read ({err}). Use a backup: `retrospan store restore COPY`."
        ) from err
    done = Salvaged(str(target))
    try:
        with open_file(target) as store, store.outside_transaction() as con:
            con.execute("PRAGMA foreign_keys=OFF")
            con.execute("BEGIN IMMEDIATE")
            with with_definitions(source, path, con) as readable_source:
                _Salvage(readable_source, con, done).run()
            con.execute("COMMIT")
            con.execute("PRAGMA foreign_keys=ON")
    finally:
        source.close()
    return done


class _Salvage:
    def __init__(self, source: SqliteConnection, con: SqliteConnection, done: Salvaged) -> None:
        self._source = source
        self._con = con
        self._done = done
        self._hashes: dict[int, bytes] = {}
        """Of the contents that are in the new store."""

    def run(self) -> None:
        known = tables_of(self._con)
        self._bodies()
        for table, numbered in tables_of(self._source).items():
            if table in known and table not in (*DERIVED, *_OWN):
                self._table(table, numbered)
        self._stub_runs()
        self._runs()
        self._drop_strays()
        self._con.execute("UPDATE trace SET analysed_revision = -1")

    def _table(self, table: str, numbered: bool) -> None:
        columns = self._con.execute("SELECT name, type FROM pragma_table_info(:t)", {"t": table})
        kinds = {row["name"]: str(row["type"]) for row in columns}
        statement = insert_text(table, tuple(kinds)).replace("INSERT", "INSERT OR REPLACE", 1)
        for row in readable(self._source, table, numbered=numbered):
            if isinstance(row, Gap):
                self._lose(table)
                continue
            values = {name: row[name] for name in kinds if name in row.keys()}  # noqa: SIM118
            if not all(_fits(value, kinds[name]) for name, value in values.items()):
                self._lose(table)
            elif table != "meta" or row["key"] in _KEPT_META:
                self._insert(statement, table, values)

    def _insert(self, statement: str, table: str, values: dict[str, Any]) -> None:
        try:
            self._con.execute(statement, values)
            self._done.rows[table] = self._done.rows.get(table, 0) + 1
        except DatabaseError:
            self._lose(table)

    def _lose(self, table: str) -> None:
        self._done.lost[table] = self._done.lost.get(table, 0) + 1

    def _bodies(self) -> None:
        good, bad, gaps = bad_contents(self._source)
        if bad or gaps:
            self._done.lost["body"] = len(bad) + len(gaps)
        half = {content.id for content in bad if content.why == POINTS_NOWHERE}
        for row in readable(self._source, "body", numbered=True):
            if isinstance(row, Gap) or (row["id"] not in good and row["id"] not in half):
                continue
            values = {name: row[name] for name in ("id", "hash", "codec", "data")}
            self._insert(INSERT_BODY, "body", values)
            self._hashes[row["id"]] = row["hash"]
            if body_kind(row["codec"]) is not BodyKind.ENVELOPE:
                self._con.execute(INSERT_TEXT, (row["id"], words_apart(indexed_text_of(row["codec"], row["data"]))))
        for body_id in sorted(half):
            self._mend_message(body_id)

    def _mend_message(self, body_id: int) -> None:
        """A message one of whose contents is lost keeps the others."""
        row = self._con.execute("SELECT codec, data FROM body WHERE id = ?", (body_id,)).fetchone()
        parts = decode_row(row["codec"], row["data"])
        for wanted in envelope_refs(parts):
            if wanted not in self._hashes:
                self._stand_in(wanted)
        self._hash_of_message(body_id, parts)

    def _hash_of_message(self, body_id: int, parts: list[Any]) -> None:
        digest = envelope_hash(parts, self._hashes.__getitem__)
        if self._con.execute("SELECT 1 FROM body WHERE hash = ?", (digest,)).fetchone():
            digest = secrets.token_bytes(16)
        self._con.execute("UPDATE body SET hash = :hash WHERE id = :id", {"hash": digest, "id": body_id})
        self._hashes[body_id] = digest

    def _stub_runs(self) -> None:
        """A run whose row is lost keeps its spans, under a name of ours."""
        strays = "SELECT DISTINCT trace_id FROM span WHERE trace_id NOT IN (SELECT id FROM trace)"
        for (trace_id,) in self._con.execute(strays).fetchall():
            self._con.execute(_STUB_TRACE, {"id": trace_id, "key": f"salvaged-T{trace_id}", "at": 0})

    def _runs(self) -> None:
        """See that every run opens: stand-ins for lost contents, hashes of what the spans are now."""
        for trace_id, trace_key in self._con.execute("SELECT id, trace_key FROM trace").fetchall():
            spans = "SELECT id, span_id, detail FROM span WHERE trace_id = ?"
            for row in self._con.execute(spans, (trace_id,)).fetchall():
                self._span(row)
            for row in self._con.execute(spans, (trace_id,)).fetchall():
                self._readable_span(trace_id, trace_key, row)
            try:
                self._run(trace_id)
            except Exception:
                # Spans that are readable one by one and make no run together.
                self._con.execute("DELETE FROM span WHERE trace_id = ?", (trace_id,))
                self._con.execute("UPDATE trace SET dirty = 1, facts = NULL WHERE id = ?", (trace_id,))
                self._lose("whole runs")

    def _span(self, row: Any) -> None:
        try:
            record: Any = unpack(row["detail"])
            messages = {*record.get("im", ()), *record.get("om", ())}
            wanted = set(record_refs(record))
        except Exception:
            self._drop_span(row)
            return
        for body_id in wanted - self._hashes.keys():
            (self._message_stand_in if body_id in messages else self._stand_in)(body_id)

    def _readable_span(self, trace_id: int, trace_key: str, row: Any) -> None:
        """Spans hash as they read now, so that sending them again brings back what was lost."""
        try:
            (span,) = load_spans(self._con, trace_id, trace_key, [row["span_id"]])
            digest = digest_of(span)
        except Exception:
            self._drop_span(row)
            return
        changed = "UPDATE span SET digest = :digest WHERE id = :id AND digest <> :digest"
        if self._con.execute(changed, {"digest": digest, "id": row["id"]}).rowcount:
            self._con.execute("UPDATE trace SET dirty = 1 WHERE id = ?", (trace_id,))

    def _drop_span(self, row: Any) -> None:
        self._con.execute("DELETE FROM span WHERE id = ?", (row["id"],))
        self._lose("span")

    def _run(self, trace_id: int) -> None:
        (row,) = trace_rows(self._con, [trace_id])
        if row["facts"] is not None and not _unpacks(row["facts"]):
            self._con.execute("UPDATE trace SET facts = NULL, dirty = 1 WHERE id = ?", (trace_id,))
            self._lose("trace facts")
            (row,) = trace_rows(self._con, [trace_id])
        made = summary_as_stored(self._con, row)
        differs = any(row[name] != value for name, value in made.items())
        if differs or not _unpacks(row["reading"]) or not order_fits(row, span_digests(self._con, trace_id)):
            self._con.execute("UPDATE trace SET dirty = 1 WHERE id = ?", (trace_id,))

    def _stand_in(self, body_id: int) -> None:
        text = f"[lost: content {body_id} was damaged on the disk]"
        data = text.encode()
        self._put(body_id, content_hash(BodyKind.TEXT, data), BodyKind.TEXT, data)
        self._con.execute(INSERT_TEXT, (body_id, text))
        self._done.replaced_contents += 1

    def _message_stand_in(self, body_id: int) -> None:
        (inner,) = self._con.execute("SELECT max(id) + 1 FROM body").fetchone()
        self._stand_in(max(inner, body_id + 1))
        parts = ["unknown", max(inner, body_id + 1)]
        digest = envelope_hash(parts, self._hashes.__getitem__)
        self._put(body_id, digest, BodyKind.ENVELOPE, json.dumps(parts).encode())

    def _put(self, body_id: int, digest: bytes, kind: BodyKind, data: bytes) -> None:
        self._con.execute(INSERT_BODY, {"id": body_id, "hash": digest, "codec": int(kind), "data": data})
        self._hashes[body_id] = digest

    def _drop_strays(self) -> None:
        """Rows that belong to something that is gone; history stays as it reads."""
        for table, number, _parent, _ in self._con.execute("PRAGMA foreign_key_check").fetchall():
            if number is not None:
                try:
                    self._con.execute(f"DELETE FROM {table} WHERE rowid = ?", (number,))  # noqa: S608
                    self._lose(table)
                except DatabaseError:
                    continue


def _unpacks(data: bytes | None) -> bool:
    try:
        return data is None or unpack(data) is not None
    except DamagedStoreError:
        return False


def _fits(value: object, kind: str) -> bool:
    """Whether a value is of its column's kind: a flipped byte may turn a text into bytes, or into a number."""
    if value is None:
        return True
    if kind in ("TEXT", "BLOB"):
        return isinstance(value, str if kind == "TEXT" else bytes)
    return isinstance(value, int | float)
