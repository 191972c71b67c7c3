"""Lengths of time are read alike wherever they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from retrospan.knowledge.queues import QueueRule
from retrospan.model.clock import due_after, read_length, time_span
from retrospan.model.errors import UsageError
from retrospan.model.query import parse_query
from retrospan.services.privacy.erasing import parse_age

LENGTHS = {
    "30s": timedelta(seconds=30),
    "45m": timedelta(minutes=45),
    "12h": timedelta(hours=12),
    "90d": timedelta(days=90),
    "2w": timedelta(weeks=2),
}
WRONG = ("", "d", "3", "3 d", "3y", "-3d", "1.5h", "3d3h", "9999999d", "٣d")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("text", "length"), LENGTHS.items())
def test_every_face_reads_every_unit(text: str, length: timedelta) -> None:
    moment = NOON.timestamp()
    assert read_length(text) == time_span(f" {text} ") == length
    assert parse_age(text) == length.total_seconds()
    assert due_after(NOON, text) == (NOON + length).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert parse_query(f"since:{text}", now=moment).filters[0].value == (moment - length.total_seconds()) * 1e9
    assert parse_query(f"duration:>{text}").filters[0].value == length.total_seconds() * 1_000
    assert QueueRule(name="q", question="Right?", due=text, settle=text).due == text


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_length_of_time_is_told_so(text: str) -> None:
    assert read_length(text) is None
    with pytest.raises(UsageError, match="no length of time; write 30s, 30m, 12h, 3d or 2w"):
        time_span(text)


@pytest.mark.parametrize("text", [*WRONG, "0d"])
def test_an_age_of_nothing_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="is no age; write one as 30m, 12h, 90d or 6w"):
        parse_age(text)


def test_a_date_that_no_calendar_has_is_refused() -> None:
    with pytest.raises(UsageError, match="9999"):
        due_after(NOON, "999999w")
