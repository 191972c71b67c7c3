"""Chats that were exported for people to read: Markdown with a heading for every turn."""
