"""Experiments as kept: what was planned, every run of a case, and what was concluded."""
