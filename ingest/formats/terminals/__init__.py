"""Logs that terminals and shells of agents write as they go, one event a line."""
