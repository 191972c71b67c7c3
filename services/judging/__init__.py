"""Judges beside people: which answers meet which verdicts, and what can be said of a judge."""
