"""Telemetry conventions, one table-driven module each, mapped to the normal form."""
