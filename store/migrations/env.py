"""Alembic's entry: runs the revisions on the connection that `store.upgrade` hands over."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=None, transaction_per_migration=True, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
