"""Jobs of agents over many traces, one row a trace, so that a killed job goes on where it was; and what was said."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

revision = "0007_agent_runs"
down_revision = "0006_embeddings"

metadata = MetaData()

agent_job = Table(
    "agent_job",
    metadata,
    Column("id", Integer, primary_key=True),
    # triage, judge
    Column("kind", Text, nullable=False),
    # What makes two answers on one trace the same work: model, prompt version, criterion.
    Column("key", Text, nullable=False),
    # JSON, to go on with the same settings.
    Column("params", Text, nullable=False),
    # open, done
    Column("state", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Index("agent_job_by_kind", "kind", "state"),
)

agent_task = Table(
    "agent_task",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", Integer, ForeignKey("agent_job.id"), nullable=False),
    Column("trace_id", Integer, nullable=False),
    # The trace's revision when it was chosen; a grown trace is new work.
    Column("revision", Integer, nullable=False),
    # pending, done, no_result, failed
    Column("state", Text, nullable=False),
    Column("label", Text),
    Column("proposal_id", Integer),
    # The checked answer, a packed JSON object.
    Column("answer", LargeBinary),
    # The conversation up to the last paid turn, while the task is pending.
    Column("checkpoint", LargeBinary),
    Column("requests", Integer, nullable=False, server_default="0"),
    # input_tokens includes cached tokens.
    Column("input_tokens", Integer, nullable=False, server_default="0"),
    Column("output_tokens", Integer, nullable=False, server_default="0"),
    Column("cache_read_tokens", Integer, nullable=False, server_default="0"),
    Column("cache_write_tokens", Integer, nullable=False, server_default="0"),
    Column("cost_usd", Float, nullable=False, server_default="0"),
    Column("updated_at", Text, nullable=False),
    Index("agent_task_by_job", "job_id", "trace_id", unique=True),
    Index("agent_task_by_trace", "trace_id"),
    Index("agent_task_by_proposal", "proposal_id"),
)

agent_transcript = Table(
    "agent_transcript",
    metadata,
    Column("id", Integer, primary_key=True),
    # The trace it is about; it is erased with it.
    Column("trace_id", Integer),
    # The id under which it imports as a trace of its own.
    Column("key", Text, nullable=False, unique=True),
    # investigator, judge:tone, fixer
    Column("agent", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    # A conversation in the messages format, packed.
    Column("record", LargeBinary, nullable=False),
    Index("agent_transcript_by_trace", "trace_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
