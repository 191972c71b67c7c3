"""Vectors of traces and of their notable steps, for search by meaning."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

revision = "0006_embeddings"
down_revision = "0005_full_text_merging"

metadata = MetaData()

# Only named, so that foreign keys find it; it is there already.
Table("trace", metadata, Column("id", Integer, primary_key=True))

embedding = Table(
    "embedding",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trace_id", Integer, ForeignKey("trace.id"), nullable=False),
    # The step meant; empty for the trace as a whole.
    Column("span_id", Text, nullable=False),
    Column("project", Text, nullable=False),
    # Vectors of different models are never compared.
    Column("model", Text, nullable=False),
    # The trace's revision that the text was taken from.
    Column("revision", Integer, nullable=False),
    # One bit a number: its sign. Scanned first, since it is a sixteenth of the vector.
    Column("bits", LargeBinary, nullable=False),
    # float16, little-endian.
    Column("vector", LargeBinary, nullable=False),
    Index("embedding_by_trace", "trace_id", "span_id", "model", unique=True),
    Index("embedding_by_project", "model", "project"),
)


def upgrade() -> None:
    embedding.create(op.get_bind())
