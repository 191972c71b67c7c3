"""Which schema this Retrospan reads and writes."""

HEAD = "0025_people"
"""Newest revision; a store at this revision opens without importing alembic. A test compares it with the scripts."""
