"""Knowledge files are kept parsed beside their text, and confirmed lessons as vectors: both take long to make anew."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, LargeBinary, MetaData, Table, Text

revision = "0022_parsed"
down_revision = "0021_words_apart"

lesson_vector = Table(
    "lesson_vector",
    MetaData(),
    # SHA-256 of the text that was embedded.
    Column("digest", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    # float16, little-endian.
    Column("vector", LargeBinary, nullable=False),
)


def upgrade() -> None:
    lesson_vector.create(op.get_bind())
    # Null until the file is taken in again; then it is parsed where it is read.
    op.add_column("knowledge_file", Column("parsed", Text))
