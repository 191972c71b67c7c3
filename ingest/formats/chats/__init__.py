"""Conversations with a model's API or a chat product."""
