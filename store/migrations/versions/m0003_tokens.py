"""Access tokens of the server, as hashes."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text

revision = "0003_tokens"
down_revision = "0002_reviews"

metadata = MetaData()

token = Table(
    "token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    # ingest, read, agent
    Column("role", Text, nullable=False),
    # The public part of the token, by which it is found.
    Column("handle", Text, nullable=False, unique=True),
    # SHA-256 of the secret part.
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("expires_at", Text),
    Column("revoked_at", Text),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind())
