"""Which schema this Retrospan reads and writes."""

HEAD = "0017_deciding_questions"
"""Newest revision; a store at this revision opens without importing alembic. A test compares it with the scripts."""
