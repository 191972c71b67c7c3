"""Whether a trace's project is only the name of a service: one trace may run through several, and has one project."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer

revision = "0013_project_by_service"
down_revision = "0012_told_steps"


def upgrade() -> None:
    op.add_column("trace", Column("project_by_service", Integer, nullable=False, server_default="0"))
