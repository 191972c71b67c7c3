"""The turns of a session are found in order of time, however many runs name the same one.

An application that gives every run the same session would else sort all of them for each run.
"""

from __future__ import annotations

from alembic import op

revision = "0018_sessions"
down_revision = "0017_deciding_questions"


def upgrade() -> None:
    op.drop_index("trace_by_session", "trace")
    op.create_index("trace_by_session", "trace", ["session", "started_at"])
