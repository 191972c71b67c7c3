"""Queues with their draws, routing, due dates, questions back, active time; the engineer's part; who read what."""

from __future__ import annotations

from alembic import op
from retrospan.store.sqlite.append_only import guard_completions, guard_table
from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

revision = "0008_review_process"
down_revision = "0007_agent_runs"

metadata = MetaData()

# Only named, so that foreign keys find it; it is there already.
Table("review_item", metadata, Column("id", Integer, primary_key=True))

# One filling of a queue: the traces above `after_trace` up to `upto_trace` had their one chance to be drawn.
queue_draw = Table(
    "queue_draw",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("drawn_at", Text, nullable=False),
    Column("after_trace", Integer, nullable=False),
    Column("upto_trace", Integer, nullable=False),
    Column("population", Integer, nullable=False),
    Column("drawn", Integer, nullable=False),
    Column("seed", Text, nullable=False),
    # JSON: the rule as it read.
    Column("rule", Text, nullable=False),
    Index("queue_draw_by_queue", "queue", "id"),
)

# What a draw took, with the chance it had. Two queues may share one item, each with a chance of its own.
queue_sample = Table(
    "queue_sample",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("draw_id", Integer, ForeignKey("queue_draw.id"), nullable=False),
    Column("queue", Text, nullable=False),
    Column("item_id", Integer, ForeignKey("review_item.id"), nullable=False),
    # ranked, diverse, random
    Column("part", Text, nullable=False),
    Column("probability", Float, nullable=False),
    UniqueConstraint("queue", "item_id"),
    Index("queue_sample_by_item", "item_id"),
)

# Names of the people an item is meant for; none: for everybody.
review_assignee = Table(
    "review_assignee",
    metadata,
    Column("item_id", Integer, ForeignKey("review_item.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# Questions between who asked and who answers, both ways.
review_question = Table(
    "review_question",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", Integer, ForeignKey("review_item.id"), nullable=False),
    # asker, reviewer: who has to answer
    Column("waits_for", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("due_at", Text),
    # Where the item stood before.
    Column("state_before", Text, nullable=False),
    Column("answered_by", Text),
    Column("answer", Text),
    Column("answered_at", Text),
    Index("review_question_by_item", "item_id"),
)

# Active time: the sum of the pauses between a reviewer's acts, each counted up to two minutes.
review_time = Table(
    "review_time",
    metadata,
    Column("item_id", Integer, ForeignKey("review_item.id"), primary_key=True),
    Column("reviewer", Text, primary_key=True),
    Column("active_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# The engineer's part of a verdict, signed by itself. NULL is a tombstone.
completion = Table(
    "completion",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("verdict_uid", Text, nullable=False),
    Column("record", Text),
    Column("created_at", Text, nullable=False),
    Index("completion_by_verdict", "verdict_uid"),
)

# Who read or exported what, and what was sent to a model vendor; names and counts, no content. Hashes link the rows.
access_log = Table(
    "access_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    # read, export, model
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("access_log_by_time", "at"),
)

COLUMNS = (
    # Name of the rule that queued it; empty by hand.
    Column("queue", Text, nullable=False, server_default=""),
    Column("due_at", Text),
    # The item whose verdicts a new rubric version puts to people again.
    Column("reopens", Integer),
)


def upgrade() -> None:
    mine = [table for table in metadata.sorted_tables if table.name != "review_item"]
    metadata.create_all(op.get_bind(), tables=mine)
    for column in COLUMNS:
        op.add_column("review_item", column)
    op.create_index("review_item_by_queue", "review_item", ["queue", "state"])
    for statement in (*guard_table("access_log", "id = NEW.id"), *guard_completions()):
        op.execute(statement)
