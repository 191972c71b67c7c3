"""Grounding: values are equal when a reader would call them equal."""

from __future__ import annotations

import doctest

import pytest
from retrospan.regression import grounding
from retrospan.regression.grounding import ungrounded, values


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(grounding).failed == 0


@pytest.mark.parametrize(
    ("answer", "source"),
    [
        ("It costs 1,249.50 USD", "total 1249.5"),
        ("within 30 days", "30-day returns"),
        ("order a-1002", "A-1002"),
        ("1. Pack it\n2. Send it", "nothing"),
        ("5-7 working days", "between 5 and 7 days"),
        ("on 2026-11-22", "shipped_on 2026-11-22"),
        ("on 22 November 2026", "shipped_at 2026-11-22T10:00:00Z"),
        ("on 2026-11-22", "shipped_at 2026-11-22T10:00:00Z"),
        ("on May 3", "2026-05-03"),
        ("write to help@gear24.example.", "help@gear24.example"),
        ("values 1,2,3", "1 2 3"),
        ("no values here", ""),
    ],
)
def test_a_value_with_a_source_is_grounded(answer: str, source: str) -> None:
    assert ungrounded(answer, [source]) == []


@pytest.mark.parametrize(
    ("answer", "source", "invented"),
    [
        ("within 45 days", "within 30 days", ["45"]),
        ("order A-1003", "order A-1002", ["A-1003"]),
        ("1,249 USD", "1 and 249", ["1,249"]),
        ("12.50", "1250", ["12.50"]),
        ("3-5 days", "3 days", ["5"]),
        ("on 23 November", "2026-11-22", ["23"]),
    ],
)
def test_a_value_without_a_source_is_named_as_written(answer: str, source: str, invented: list[str]) -> None:
    assert ungrounded(answer, [source]) == invented


def test_the_first_way_of_writing_is_kept() -> None:
    assert values("30 days, 30.0 days") == {"30": "30"}
