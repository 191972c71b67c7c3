"""Equations in prose: which are read, which are left alone, which hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrospan.analysis.texts.equations import equations_in


def verdicts(text: str) -> list[bool]:
    return [equation.holds for equation in equations_in(text)]


@pytest.mark.parametrize(
    "text",
    [
        "3 + 4 = 7",
        "The total is $1,200.50 + $99.50 = $1,300.",
        "10 / 3 = 3.33",
        "2 × 12.50 = 25",
        "3 x 4 = 12 dollars",
        "A = (-9 - 5 - 0) = (-9 - 5) = -14.",
        "7 = 3 + 4",
        "合計: 3 + 4 = 7",
        "10 / 4 = 2.5 = 5 / 2",
    ],
)
def test_what_adds_up_holds(text: str) -> None:
    assert verdicts(text) and all(verdicts(text))


@pytest.mark.parametrize(
    "text",
    [
        "3 + 4 = 8",
        "Total: $1,500 + $500 + $600 = $2,300",
        "B = (7 - -7 * 4) = (7 - 28) = -21",
        "so 12 * 3 = 35, and that is all",
        "(2 + 3) * 4 = 14",
        "10 / 3 = 3.4",
    ],
)
def test_what_does_not_add_up_does_not_hold(text: str) -> None:
    assert False in verdicts(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = 5",
        "2x + 1 = 25",
        "a1 + 2 = 5",
        "y - 3 + 4 = 10",
        "x^2 + 3 = 5",
        "20% of 50 = 11",
        "child aged 5 = 1 * $75.00",
        "5/12/2024 = 3",
        "pages 10-12 = 4",
        "if 3 + 4 == 8: pass",
        "3 + 4 != 8, 3 + 4 <= 8",
        "?a=1&b=2-1=5",
        "```\n3 + 4 = 8\n```",
        "`3 + 4 = 8`",
        "5*60=300 +25=325",
        "20*3600=72,000 +5*60=300 +25=72,325",
        "- 3 + 4 = 8",
        "2 ** 3 = 9",
        "1 / 0 = 7",
        "3 + 4 = 8kg",
        "(((((( = 1 + 1",
    ],
)
def test_what_may_be_something_else_is_left_alone(text: str) -> None:
    assert False not in verdicts(text)


def test_the_place_is_the_equation() -> None:
    text = "First.\nWe owe 3 + 4 = 8, sorry."
    (found,) = equations_in(text)
    assert text[found.start : found.end] == "3 + 4 = 8"


@given(st.text(alphabet="0123456789 .,+-*/x()=$\n`a", max_size=300))
def test_any_text_is_read(text: str) -> None:
    for equation in equations_in(text):
        assert 0 <= equation.start < equation.end <= len(text)


@pytest.mark.parametrize("piece", ["1 + ", "(", "1" * 50 + "*", " ", "1=", "-", "1 + 1 = 2 = ", ",", ". "])
def test_hostile_text_costs_little(piece: str) -> None:
    text = "1 + 1 = " + piece * (200_000 // len(piece))
    lines = "\n".join(["1 + 1 = " + piece * (1_900 // len(piece))] * 100)
    began = time.process_time()
    list(equations_in(text))
    list(equations_in(lines))
    assert time.process_time() - began < 5
