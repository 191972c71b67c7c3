"""Failure modes with their members and life, what each run is like, observations, and the state of digests."""

from __future__ import annotations

from alembic import op
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
)

revision = "0009_failure_modes"
down_revision = "0008_review_process"

metadata = MetaData()

# Only named, so that foreign keys find it; it is there already.
Table("trace", metadata, Column("id", Integer, primary_key=True))

failure_mode = Table(
    "failure_mode",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Text, nullable=False),
    # 1 for a mode of failing, 0 for something good that was observed.
    Column("failure", SmallInteger, nullable=False, server_default="1"),
    # new, confirmed, fixed, regressed
    Column("status", Text, nullable=False, server_default="new"),
    # Made from distinctive words; emptied whenever a member goes, since it may rest on that member's text.
    Column("computed_name", Text),
    # By a person.
    Column("name", Text),
    Column("proposed_name", Text),
    Column("proposed_by", Text),
    # Digests of the errors that lead here, one a line.
    Column("signatures", Text, nullable=False, server_default=""),
    # Sum of the members' vectors: packed bucket numbers and values.
    Column("centre", LargeBinary),
    # Digest of the label under which observations were filed; equal labels share a mode.
    Column("label_key", Text),
    Column("opened_at", Text, nullable=False),
    # Unix nanoseconds; later members mean that it came back.
    Column("fixed_at", BigInteger),
    Index("failure_mode_by_project", "project", "label_key"),
)

mode_member = Table(
    "mode_member",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True),
    Column("mode_id", Integer, ForeignKey("failure_mode.id"), primary_key=True),
    # The step that shows it.
    Column("span_id", Text),
    # 1 where somebody said that the run failed.
    Column("known", SmallInteger, nullable=False),
    # 1 where an observation put it here, 0 where likeness did.
    Column("observed", SmallInteger, nullable=False, server_default="0"),
    Column("likeness", Float, nullable=False),
    Column("joined_at", Text, nullable=False),
    Index("mode_member_by_mode", "mode_id", "trace_id"),
    sqlite_with_rowid=False,
)

mode_event = Table(
    "mode_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mode_id", Integer, ForeignKey("failure_mode.id"), nullable=False),
    Column("at", Text, nullable=False),
    # opened, renamed, proposed, confirmed, fixed, regressed
    Column("kind", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Index("mode_event_by_mode", "mode_id", "id"),
)

trace_features = Table(
    "trace_features",
    metadata,
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True),
    Column("project", Text, nullable=False),
    # What the row was computed from; a difference means that it is stale.
    Column("revision", Integer, nullable=False),
    Column("rules", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    # The sparse vector of hashed features; holds no text.
    Column("features", LargeBinary, nullable=False),
    Index("trace_features_by_project", "project"),
)

mode_background = Table(
    "mode_background",
    metadata,
    Column("project", Text, primary_key=True),
    Column("runs", Integer, nullable=False),
    # In how many runs each feature occurs, uint32 each.
    Column("counts", LargeBinary, nullable=False),
)

observation = Table(
    "observation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("trace_id", Integer, ForeignKey("trace.id"), nullable=False),
    Column("mode_id", Integer, ForeignKey("failure_mode.id"), nullable=False),
    Column("span_id", Text, nullable=False),
    # Words that stand in the step.
    Column("quote", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("good", SmallInteger, nullable=False),
    Column("observed_by", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Index("observation_by_trace", "trace_id"),
    Index("observation_by_mode", "mode_id"),
)

digest_run = Table(
    "digest_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    # JSON: project filter, and by mode its size and status at that time.
    Column("state", Text, nullable=False),
)

MEMBER_GONE = """
CREATE TRIGGER mode_member_gone AFTER DELETE ON mode_member
BEGIN UPDATE failure_mode SET computed_name = NULL WHERE id = OLD.mode_id; END
"""


def upgrade() -> None:
    metadata.create_all(op.get_bind())
    op.execute(MEMBER_GONE)
