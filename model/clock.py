"""Time as it stands in records: UTC to the second, `2026-11-22T11:00:00Z`, which sorts as text."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """A moment as it stands in records."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
