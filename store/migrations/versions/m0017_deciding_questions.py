"""Whether the answer to a question decides the outcome of its run: who said so."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0017_deciding_questions"
down_revision = "0016_rows"


def upgrade() -> None:
    op.add_column("review_item", Column("decides", Text, nullable=False, server_default=""))
