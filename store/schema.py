"""Which schema this Retrospan reads and writes."""

HEAD = "0026_signed_invitations"
"""Newest revision; a store at this revision opens without importing alembic. A test compares it with the scripts."""
