"""Traces, spans, contents, full text, annotations and findings."""

from __future__ import annotations

from alembic import op
from retrospan.store.sqlite.fulltext import CREATE_FULL_TEXT
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

revision = "0001_traces"
down_revision = None

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

trace = Table(
    "trace",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Text, nullable=False),
    Column("trace_key", Text, nullable=False),
    Column("revision", Integer, nullable=False, server_default="0"),
    # Spans have come since the revision was assembled.
    Column("dirty", SmallInteger, nullable=False, server_default="1"),
    Column("arrived_at", BigInteger, nullable=False),
    # zstd(JSON) of merged TraceFacts.
    Column("facts", LargeBinary),
    # zstd(JSON) of the reading order: [[span_id, parent index, [ids folded into it]], …].
    Column("reading", LargeBinary),
    Column("step_count", Integer, nullable=False, server_default="0"),
    Column("status", Text),
    Column("outcome", Text, nullable=False, server_default="unknown"),
    Column("outcome_source", Text, nullable=False, server_default="none"),
    Column("task", Text),
    Column("task_declared", SmallInteger, nullable=False, server_default="0"),
    Column("session", Text),
    Column("user", Text),
    Column("version", Text),
    Column("environment", Text),
    Column("agents", Text),
    Column("models", Text),
    Column("tools", Text),
    Column("tags", Text),
    Column("started_at", BigInteger),
    Column("duration_ms", Float),
    Column("input", Text),
    Column("output", Text),
    Column("input_tokens", BigInteger, nullable=False, server_default="0"),
    Column("output_tokens", BigInteger, nullable=False, server_default="0"),
    Column("cache_read_tokens", BigInteger, nullable=False, server_default="0"),
    Column("cache_write_tokens", BigInteger, nullable=False, server_default="0"),
    Column("reasoning_tokens", BigInteger, nullable=False, server_default="0"),
    Column("cost_usd", Float),
    Column("prompt_fingerprint", Text),
    Column("tools_fingerprint", Text),
    # Revision and rule set that signals and suspects were computed for; both must match to be served.
    Column("analysed_revision", Integer, nullable=False, server_default="-1"),
    Column("analysed_with", Text),
    UniqueConstraint("trace_key", "project"),
    Index("trace_by_time", "started_at"),
    Index("trace_by_task", "project", "task"),
    Index("trace_by_session", "session"),
    Index("trace_dirty", "dirty", sqlite_where=Column("dirty", SmallInteger) == 1),
)

span = Table(
    "span",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trace_id", Integer, ForeignKey("trace.id"), nullable=False),
    Column("span_id", Text, nullable=False),
    Column("parent_span_id", Text),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("agent", Text),
    Column("tool", Text),
    Column("model", Text),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("sequence", Integer, nullable=False),
    # 16-byte digest of all that the span holds; equal digest = the same recording sent again.
    Column("digest", LargeBinary, nullable=False),
    # zstd(JSON): everything else, with contents as body ids; see store/traces/codec.py.
    Column("detail", LargeBinary, nullable=False),
    UniqueConstraint("trace_id", "span_id"),
    Index("span_error", "trace_id", sqlite_where=Column("status", Text) == "error"),
)

body = Table(
    "body",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    # 0 text, 1 JSON value, 2 message envelope; plus 8 where `data` is zstd-compressed.
    Column("codec", SmallInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

occurrence = Table(
    "occurrence",
    metadata,
    Column("body_id", Integer, primary_key=True),
    Column("trace_id", Integer, primary_key=True),
    Column("span_id", Text, nullable=False),
    # 1 where the span brought the content forth, 0 where it only read it.
    Column("produced", SmallInteger, nullable=False),
    Index("occurrence_by_trace", "trace_id"),
    sqlite_with_rowid=False,
)

annotation = Table(
    "annotation",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("span_id", Text),
    Column("name", Text, nullable=False),
    Column("label", Text),
    Column("score", Float),
    Column("explanation", Text),
    Column("annotator_kind", Text, nullable=False),
    Column("source", Text),
)

signal = Table(
    "signal",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("signal", Text, nullable=False),
    Column("span_id", Text),
    Column("failure", SmallInteger, nullable=False),
    Column("strength", Float, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON: [[span_id, quote, path], …].
    Column("evidence", Text, nullable=False),
    Index("signal_by_name", "signal", "trace_id"),
)

suspect_cache = Table(
    "suspect_cache",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True),
    Column("key", Text, nullable=False),
    Column("report", LargeBinary, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    op.execute(CREATE_FULL_TEXT)
