"""What came with a trace as fields: the run's own id, and attributes with their short values to find traces by.

Both are made from the spans when a trace is read, so every stored trace is read anew once.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text

revision = "0014_fields"
down_revision = "0013_project_by_service"

metadata = MetaData()

# Named here only, so that the foreign key has something to point at.
Table("trace", metadata, Column("id", Integer, primary_key=True))
run_attribute = Table(
    "run_attribute",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("trace_id", Integer, ForeignKey("trace.id"), primary_key=True),
    sqlite_with_rowid=False,
)
Index("run_attribute_trace", run_attribute.c.trace_id)


def upgrade() -> None:
    op.add_column("trace", Column("run_id", Text))
    op.create_index("trace_run_id", "trace", ["run_id"])
    metadata.create_all(op.get_bind(), tables=[run_attribute])
    op.execute("UPDATE trace SET dirty = 1")
