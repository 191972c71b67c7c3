"""What was erased or redacted after the fact, without its payload; and how far pulls from other products have come."""

from __future__ import annotations

from alembic import op
from retrospan.store.sqlite.append_only import guard_table
from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

revision = "0004_erasures"
down_revision = "0003_tokens"

metadata = MetaData()

erasure = Table(
    "erasure",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    # delete, prune, redact
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    # JSON: who, scope, reason, and of each trace its id and the hashes of its key and content. Linked into the chain.
    Column("record", Text, nullable=False),
)

# One row for each trace that was taken out whole; its id is never given to another trace.
tombstone = Table(
    "tombstone",
    metadata,
    Column("trace_id", Integer, primary_key=True),
    Column("erasure_id", Integer, ForeignKey("erasure.id"), nullable=False),
    # SHA-256 of project and trace key.
    Column("key_sha256", LargeBinary, nullable=False),
    Index("tombstone_by_key", "key_sha256"),
)

# Spans whose content was changed by a later redaction, so that signatures over them are told from forged ones.
redacted_span = Table(
    "redacted_span",
    metadata,
    Column("trace_id", Integer, primary_key=True),
    Column("span_id", Text, primary_key=True),
    Column("erasure_id", Integer, ForeignKey("erasure.id"), nullable=False),
    sqlite_with_rowid=False,
)

pull_cursor = Table(
    "pull_cursor",
    metadata,
    # phoenix, …
    Column("source", Text, primary_key=True),
    Column("url", Text, primary_key=True),
    Column("project", Text, primary_key=True),
    # UTC text: start times up to here have been taken.
    Column("taken_until", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    for statement in guard_table("erasure", "id = NEW.id OR uid = NEW.uid"):
        op.execute(statement)
