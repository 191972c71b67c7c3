"""Knowledge files are kept parsed beside their text, since reading YAML anew is most of a first answer's time."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0022_parsed"
down_revision = "0021_words_apart"


def upgrade() -> None:
    # Null until the file is taken in again; then it is parsed where it is read.
    op.add_column("knowledge_file", Column("parsed", Text))
