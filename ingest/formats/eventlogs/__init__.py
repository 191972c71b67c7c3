"""Logs that agents of no known product write of their own acts."""
