"""What is set or learned for a store or a project: muted signals, weights of evidence."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, MetaData, Table, Text

revision = "0010_settings"
down_revision = "0009_failure_modes"

metadata = MetaData()

setting = Table(
    "setting",
    metadata,
    # Empty for the whole store.
    Column("project", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    # JSON.
    Column("value", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
