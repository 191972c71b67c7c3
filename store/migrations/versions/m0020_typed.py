"""What reviewers have typed and not yet kept: the fields of a form, saved while they type."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text

revision = "0020_typed"
down_revision = "0019_experiments"

metadata = MetaData()

# Named here only, so that the foreign key has something to point at.
Table("review_item", metadata, Column("id", Integer, primary_key=True))
review_typed = Table(
    "review_typed",
    metadata,
    Column("item_id", Integer, ForeignKey("review_item.id"), primary_key=True),
    Column("reviewer", Text, primary_key=True),
    # JSON: texts by field.
    Column("fields", Text, nullable=False),
    Column("saved_at", Text, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[review_typed])
