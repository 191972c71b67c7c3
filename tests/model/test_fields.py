"""Values and records, each made of the other by name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import pytest
from retrospan.model.fields import from_record, record_of


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Thing:
    id: int
    colour: Colour | None = None
    good: bool = False
    names: tuple[str, ...] = ()


class Pair(NamedTuple):
    left: int
    right: bool


def test_types_of_fields_say_how_parts_are_read() -> None:
    assert from_record(Thing, {"id": 1, "colour": "red", "good": 1, "more": 2}) == Thing(1, Colour.RED, True)
    assert from_record(Thing, {"id": 1, "colour": None}) == Thing(1)
    assert from_record(Pair, {"left": 1, "right": 0}) == Pair(1, False)


def test_what_is_given_goes_before_what_is_in_the_record() -> None:
    assert from_record(Thing, {"id": 1, "names": "a b"}, names=("a", "b")) == Thing(1, names=("a", "b"))
    assert record_of(Thing(1, Colour.RED), leave_out=("good", "names"), id=2, own=3) == {
        "id": 2,
        "colour": "red",
        "own": 3,
    }


def test_a_part_that_is_needed_and_missing_is_an_error() -> None:
    with pytest.raises(TypeError, match="id"):
        from_record(Thing, {"colour": "red"})
