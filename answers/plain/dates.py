"""Moments as people say them, in the time of the place where they are read."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from ...model.clock import utc_now

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def moment_of(text: str) -> datetime | None:
    """The moment of a record, `2026-11-22T11:00:00Z`; None where it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def moment_words(text: str, *, now: datetime | None = None, zone: tzinfo | None = None) -> str:
    """A moment of a record as a person says it: `today at 11:52`, `3 Dec at 09:00`, `3 Dec 2025`.

    Args:
        text: As it stands in records; anything else comes back as it is.
        now: For tests.
        zone: Where it is read; this machine's place where left out.
    """
    moment = moment_of(text)
    if moment is None:
        return text
    local, here = moment.astimezone(zone), (now or utc_now()).astimezone(zone)
    days = (local.date() - here.date()).days
    time = f"{local:%H:%M}"
    if days in (-1, 0, 1):
        return f"{('today', 'tomorrow', 'yesterday')[days]} at {time}"
    if local.year == here.year:
        return f"{local.day} {local:%b} at {time}"
    return f"{local.day} {local:%b %Y}"


def due_words(text: str | None, *, now: datetime | None = None) -> str:
    """How long there is until a date: `due in 3 days`, `overdue by 2 hours`; empty without one."""
    moment = moment_of(text or "")
    if moment is None:
        return ""
    left = (moment - (now or utc_now())).total_seconds()
    return f"due in {_length(left)}" if left > 0 else f"overdue by {_length(-left)}"


def _length(seconds: float) -> str:
    """
    >>> _length(80), _length(7_200), _length(200_000)
    ('1 minute', '2 hours', '2 days')
    """
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= unit:
            amount = round(seconds / unit)
            return f"{amount} {name}{'' if amount == 1 else 's'}"
    return "a moment"
