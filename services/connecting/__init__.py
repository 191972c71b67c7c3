"""Connecting applications and assistants."""
