"""The scale that a score is on, whether it is an expectation, and a way to the scores of one name."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Float, SmallInteger

revision = "0014_score_scales"
down_revision = "0013_project_by_service"


def upgrade() -> None:
    op.add_column("annotation", Column("low", Float))
    op.add_column("annotation", Column("high", Float))
    op.add_column("annotation", Column("is_expectation", SmallInteger, nullable=False, server_default="0"))
    op.create_index("annotation_by_name", "annotation", ["name", "annotator_kind"])
