"""Traces as kept: spans, contents once, revisions."""
