"""Schema history, one alembic revision per change."""
