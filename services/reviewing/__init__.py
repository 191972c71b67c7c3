"""Reviewing: asking, claiming, deciding, queues, people, agreement and what came of it."""
