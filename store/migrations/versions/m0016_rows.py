"""Runs as rows that can be asked with SQL: steps, calls, messages, documents; texts by reference."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

revision = "0016_rows"
down_revision = "0015_fields"

metadata = MetaData()
Table("trace", metadata, Column("id", Integer, primary_key=True))

step_row = Table(
    "step_row",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True, nullable=False),
    Column("step", Integer, primary_key=True, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("parent", Integer),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("agent", Text),
    Column("tool", Text),
    Column("model", Text),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("started_at", BigInteger),
    Column("duration_ms", Float),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("text", LargeBinary),
)
call_row = Table(
    "call_row",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True, nullable=False),
    Column("call", Integer, primary_key=True, nullable=False),
    Column("asked", Integer),
    Column("done", Integer),
    Column("agent", Text),
    Column("tool", Text, nullable=False),
    Column("effect", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("arguments", LargeBinary),
    Column("result", LargeBinary),
    Index("call_row_by_tool", "tool", "trace_id"),
)
message_row = Table(
    "message_row",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True, nullable=False),
    Column("step", Integer, primary_key=True, nullable=False),
    Column("position", Integer, primary_key=True, nullable=False),
    Column("direction", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text),
    Column("text", LargeBinary),
)
document_row = Table(
    "document_row",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True, nullable=False),
    Column("step", Integer, primary_key=True, nullable=False),
    Column("rank", Integer, primary_key=True, nullable=False),
    Column("document", Text),
    Column("score", Float),
    Column("text", LargeBinary),
)
rows_of = Table(
    "rows_of",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("form", Integer, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[step_row, call_row, message_row, document_row, rows_of])
