"""Schema history, one alembic revision per change; together they are the schema.

Tables are defined in the revision that brings them (SQLAlchemy Core, frozen there) and read by hand-written SQL in the
query modules. A room that needs tables adds a revision `versions/m000N_<what>.py`, moves `store.schema.HEAD`
and writes the schema of new stores (`python -m retrospan.store.sqlite.fresh`).
"""
