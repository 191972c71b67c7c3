"""Reviewing as kept: items, claims, questions, proposals, verdicts, queues and reviewers."""
