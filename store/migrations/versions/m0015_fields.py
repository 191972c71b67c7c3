"""What came with a trace as fields: the run's own id, and attributes with their short values to find traces by.

Both are made from the spans when a trace is read, so every stored trace is read anew once. The words of an error are
a content from here on, so that they are found; what is stored gets its own now.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson
import zstandard
from alembic import op
from sqlalchemy import Column, Connection, Float, ForeignKey, Index, Integer, MetaData, Table, Text

revision = "0015_fields"
down_revision = "0014_score_scales"

metadata = MetaData()

# Named here only, so that the foreign key has something to point at.
Table("trace", metadata, Column("id", Integer, primary_key=True))
run_attribute = Table(
    "run_attribute",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True),
    Column("number", Float),
    sqlite_with_rowid=False,
)
Index("run_attribute_trace", run_attribute.c.trace_id)


def upgrade() -> None:
    op.add_column("trace", Column("run_id", Text))
    op.create_index("trace_run_id", "trace", ["run_id"])
    metadata.create_all(op.get_bind(), tables=[run_attribute])
    op.execute("UPDATE trace SET dirty = 1")
    _index_errors(op.get_bind())


def _index_errors(con: Connection) -> None:
    """Give the error of every stored span that failed a content of its own, indexed and placed."""
    known = {bytes(row[0]): row[1] for row in con.exec_driver_sql("SELECT hash, id FROM body WHERE codec & 7 = 0")}
    free = con.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM body").scalar_one()
    failed = con.exec_driver_sql("SELECT id, trace_id, span_id, detail FROM span WHERE status = 'error'").fetchall()
    for row_id, trace_id, span_id, detail in failed:
        record: dict[str, Any] = orjson.loads(zstandard.decompress(detail))
        message, kind = record.get("e") or (None, None)
        text = "\n".join(dict.fromkeys(filter(None, (kind, message))))
        if not text or "E" in record:
            continue
        data = text.encode("utf-8", "surrogatepass")
        key = blake2b(data, digest_size=16, person=b"text").digest()
        if key not in known:
            known[key], free = free, free + 1
            con.exec_driver_sql("INSERT INTO body(id, hash, codec, data) VALUES (?, ?, 0, ?)", (known[key], key, data))
            plain = data.decode("utf-8", "replace")
            con.exec_driver_sql("INSERT INTO body_text(rowid, text) VALUES (?, ?)", (known[key], plain))
        con.exec_driver_sql(
            "INSERT INTO occurrence(body_id, trace_id, span_id, produced) VALUES (?, ?, ?, 1)"
            " ON CONFLICT(body_id, trace_id) DO NOTHING",
            (known[key], trace_id, span_id),
        )
        con.exec_driver_sql(
            "UPDATE span SET detail = ? WHERE id = ?",
            (zstandard.compress(orjson.dumps({**record, "E": known[key]}), 1), row_id),
        )
