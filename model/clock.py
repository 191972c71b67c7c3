"""Time as it stands in records and as people write it.

In records: UTC to the second, `2026-11-22T11:00:00Z`, which sorts as text. A length of time is written `30s`, `30m`,
`12h`, `90d` or `2w`, and read here for search lines, review queues and erasures alike.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from .errors import UsageError
from .text.display import safe_line

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LENGTH = re.compile(rf"([0-9]{{1,6}})([{''.join(UNIT_SECONDS)}])")


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def utc_text(moment: datetime) -> str:
    """A moment as it stands in records."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_length(text: str) -> timedelta | None:
    """The length of `30s`, `30m`, `12h`, `90d` or `2w`; None where it is none.

    >>> read_length("2w")
    datetime.timedelta(days=14)
    """
    found = _LENGTH.fullmatch(text.strip())
    return None if found is None else timedelta(seconds=int(found[1]) * UNIT_SECONDS[found[2]])


def time_span(text: str) -> timedelta:
    """As `read_length`.

    Raises:
        UsageError: if it is no length of time.
    """
    found = read_length(text)
    if found is None:
        raise UsageError(f"{safe_line(text, 40)!r} is no length of time; write 30s, 30m, 12h, 3d or 2w.")
    return found


def due_after(moment: datetime, length: str) -> str:
    """UTC text of a length of time after a moment.

    Raises:
        UsageError: if it is no length of time, or one beyond the year 9999.
    """
    try:
        return utc_text(moment + time_span(length))
    except OverflowError:
        raise UsageError(f"{safe_line(length, 40)!r} ends after the year 9999. Name an earlier date.") from None
