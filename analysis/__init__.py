"""Reasoning without a model and without SQL: pure functions on store models and graphs."""
