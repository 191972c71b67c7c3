"""Cheap computed facts about a trace, one small module per signal."""
