"""Experiments: every run of a regression case, on which version, and what came of it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

revision = "0019_experiments"
down_revision = "0018_sessions"

metadata = MetaData()

experiment = Table(
    "experiment",
    metadata,
    Column("id", Integer, primary_key=True),
    # run, verify
    Column("kind", Text, nullable=False),
    # planned, running, done
    Column("state", Text, nullable=False),
    # The folder whose cases are run, as its owner names it.
    Column("project", Text, nullable=False),
    Column("base", Text),
    Column("candidate", Text, nullable=False),
    # Canonical JSON, and its SHA-256; empty for runs that nobody planned.
    Column("plan", Text, nullable=False),
    Column("plan_hash", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("finished_at", Text),
    # Of a verification: holds, blocked, not enough evidence.
    Column("verdict", Text),
    # What was said of each case and of the whole, a packed JSON object.
    Column("report", LargeBinary),
    Index("experiment_by_plan", "plan_hash"),
)

experiment_run = Table(
    "experiment_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("experiment_id", Integer, ForeignKey("experiment.id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("case_hash", Text, nullable=False),
    # base, candidate
    Column("side", Text, nullable=False),
    # first, confirming
    Column("batch", Text, nullable=False),
    Column("repeat", Integer, nullable=False),
    # passed, failed, error, skipped
    Column("outcome", Text, nullable=False),
    # JSON: check, status and reason of each.
    Column("checks", Text, nullable=False),
    Column("error", Text),
    Column("version", Text, nullable=False),
    Column("target_hash", Text, nullable=False),
    Column("commit_sha", Text),
    Column("dirty_hash", Text),
    Column("judge_hash", Text),
    Column("prompt_fingerprint", Text),
    Column("tools_fingerprint", Text),
    Column("model", Text),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cost_usd", Float),
    Column("attempts", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("duration_ms", Float, nullable=False),
    # The run's own trace, or the recorded one that was judged. The row is erased with it.
    Column("trace_id", Integer),
    Index("experiment_run_once", "experiment_id", "case_id", "side", "batch", "repeat", unique=True),
    Index("experiment_run_by_case", "case_id", "id"),
    Index("experiment_run_by_trace", "trace_id"),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
