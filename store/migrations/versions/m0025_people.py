"""Words beside review items, for colleagues; and invitations, which outlive the page that made them."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text

revision = "0025_people"
down_revision = "0022_parsed"

metadata = MetaData()

# Named here only, so that the foreign key has something to point at.
Table("review_item", metadata, Column("id", Integer, primary_key=True))
review_comment = Table(
    "review_comment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", Integer, ForeignKey("review_item.id"), nullable=False, index=True),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("written_at", Text, nullable=False),
)
review_invitation = Table(
    "review_invitation",
    metadata,
    # Of the link's token; the token itself is shown once and kept nowhere.
    Column("token_sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # Fingerprint of the key that the invited person's new one is to replace; empty for a new person.
    Column("replaces", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
    Column("used_at", Text),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), tables=[review_comment, review_invitation])
