"""Invitations are signed by whoever makes them; those from before are over."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text

revision = "0026_signed_invitations"
down_revision = "0025_people"


def upgrade() -> None:
    op.add_column("review_invitation", Column("signature", Text, nullable=False, server_default=""))
