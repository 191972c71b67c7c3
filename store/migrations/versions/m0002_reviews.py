"""Review items with their slots and drafts, proposals, verdicts, reviewers, rubrics, knowledge files, the chain."""

from __future__ import annotations

from alembic import op
from retrospan.store.sqlite.append_only import append_only_triggers
from sqlalchemy import Column, Float, ForeignKey, Index, Integer, MetaData, SmallInteger, Table, Text, UniqueConstraint

revision = "0002_reviews"
down_revision = "0001_traces"

metadata = MetaData()

# Only named, so that foreign keys find it; it is there already.
Table("trace", metadata, Column("id", Integer, primary_key=True))

review_item = Table(
    "review_item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Text, nullable=False),
    Column("trace_id", Integer, ForeignKey("trace.id")),
    # The subject where it is a session rather than one trace.
    Column("session", Text),
    Column("question", Text, nullable=False),
    Column("rubric_id", Text, nullable=False),
    Column("rubric_version", Integer, nullable=False),
    Column("rubric_sha256", Text, nullable=False),
    # JSON: span ids to look at first.
    Column("focus", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("priority", Float, nullable=False),
    Column("inclusion_probability", Float),
    Column("overlap", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", Text, nullable=False),
    Index("review_item_by_state", "state", "priority"),
    Index("review_item_by_trace", "trace_id"),
)

# One row for each reviewer that an item wants. A claim is one atomic UPDATE of such a row.
review_slot = Table(
    "review_slot",
    metadata,
    Column("item_id", Integer, ForeignKey("review_item.id"), primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    # open, claimed, answered
    Column("state", Text, nullable=False),
    Column("holder", Text),
    # Fencing: grows with each new holder.
    Column("token", Integer, nullable=False, server_default="0"),
    Column("lease_until", Text),
    UniqueConstraint("item_id", "holder"),
)

review_skip = Table(
    "review_skip",
    metadata,
    Column("item_id", Integer, ForeignKey("review_item.id"), primary_key=True),
    Column("reviewer", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("skipped_at", Text, nullable=False),
)

review_draft = Table(
    "review_draft",
    metadata,
    Column("item_id", Integer, ForeignKey("review_item.id"), primary_key=True),
    Column("reviewer", Text, primary_key=True),
    # JSON answers; see store.trust.verdicts.answer_json.
    Column("first", Text, nullable=False),
    Column("final", Text, nullable=False),
    # The proposal shown after the first answer; 0 where there was none to show.
    Column("revealed", Integer),
    Column("first_at", Text, nullable=False),
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trace_id", Integer, ForeignKey("trace.id"), nullable=False),
    Column("item_id", Integer, ForeignKey("review_item.id")),
    Column("label", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    # JSON: [[span_id, quote], …].
    Column("cited", Text, nullable=False),
    Column("cause", Text),
    Column("proposed_by", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Index("proposal_by_trace", "trace_id"),
    Index("proposal_by_item", "item_id"),
)

verdict = Table(
    "verdict",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("item_id", Integer, ForeignKey("review_item.id")),
    # The signed record, JSON: all that counts. NULL is a tombstone.
    Column("record", Text),
    Column("created_at", Text, nullable=False),
    Index("verdict_by_item", "item_id"),
)

verdict_subject = Table(
    "verdict_subject",
    metadata,
    Column("trace_id", Integer, primary_key=True),
    Column("verdict_id", Integer, ForeignKey("verdict.id"), primary_key=True),
    sqlite_with_rowid=False,
)

trust_record = Table(
    "trust_record",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    # A reviewer record, JSON. Worth nothing until a countersignature leads back to the user's own configuration.
    Column("record", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)

rubric_version = Table(
    "rubric_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rubric_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    # JSON: the content, and its signature or null.
    Column("content", Text, nullable=False),
    Column("signature", Text),
    Column("created_at", Text, nullable=False),
    Index("rubric_version_by_id", "rubric_id", "version"),
)

knowledge_file = Table(
    "knowledge_file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("folder", Text, nullable=False),
    # lesson, rubric, case, verdict, reviewer
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    # The whole file as read: its signature is checked again each time it is served.
    Column("text", Text, nullable=False),
    Column("indexed_at", Text, nullable=False),
    UniqueConstraint("folder", "kind", "name"),
)

# Append-only hashes over verdicts, rubric versions, lessons and reviewer records.
chain = Table(
    "chain",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
)


def upgrade() -> None:
    mine = [table for table in metadata.sorted_tables if table.name != "trace"]
    metadata.create_all(op.get_bind(), tables=mine)
    for statement in append_only_triggers():
        op.execute(statement)
