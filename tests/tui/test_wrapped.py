"""Text wrapped where one reads: it ends up as if all had been wrapped, and what one reads stays where it is."""

from __future__ import annotations

import pytest
from retrospan.tui.widgets.wrapped import SLICE, Later, Source, Wrapped, slices
from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip

WIDTH = 40


class Wrapper:
    """Breaks at the width, and counts what it was given."""

    def __init__(self) -> None:
        self.characters = 0

    def __call__(self, content: Content) -> list[Strip]:
        self.characters += len(content.plain)
        parts = [
            line[at : at + WIDTH] for line in content.plain.split("\n") for at in range(0, max(len(line), 1), WIDTH)
        ]
        return [Strip([Segment(part)]) for part in parts]


def numbered(name: str, count: int) -> Content:
    return Content("\n".join(f"{name} {number} " + "x" * (number % 90) for number in range(count)))


def whole(contents: list[Content]) -> list[str]:
    return [strip.text for content in contents for strip in [*Wrapper()(content), Strip([Segment("")])]]


def shown(wrapped: Wrapped) -> list[str]:
    found = [wrapped.line(number) for number in range(wrapped.height)]
    return ["" if line is None or line[1] is None else line[1].text for line in found]


@pytest.mark.parametrize("later", [False, True])
def test_all_of_it_is_what_wrapping_at_once_gives(later: bool) -> None:
    contents = [numbered(name, 2_000) for name in "abc"]
    wrap = Wrapper()
    sources = [
        Source(Content(""), Later(lambda c=c: c, len(c.plain)), True) if later else Source(c, None, True)  # type: ignore[misc]
        for c in contents
    ]
    wrapped = Wrapped(sources, WIDTH, wrap, Strip([Segment("")]))
    wrapped.settle(0, 10**9, 0)
    assert shown(wrapped) == whole(contents)
    start, height = wrapped.region(1) or (0, 0)
    assert shown(wrapped)[start].startswith("b 0") and height == len(whole(contents[1:2]))


def test_a_windowful_costs_what_stands_in_it() -> None:
    made: list[int] = []

    def make(number: int) -> Content:
        made.append(number)
        return numbered(str(number), 20_000)

    wrap = Wrapper()
    sources = [Source(Content(""), Later(lambda n=n: make(n), 1_000_000, 20_000), True) for n in range(60)]  # type: ignore[misc]
    wrapped = Wrapped(sources, WIDTH, wrap, Strip([Segment("")]))
    assert wrap.characters == 0
    wrapped.settle(0, 80, 0)
    assert made == [0]
    assert wrap.characters <= 3 * SLICE


def test_what_one_reads_stays_where_it_is_while_text_above_takes_its_height() -> None:
    wrapped = Wrapped([Source(numbered("a", 9_000), None, False)], WIDTH, Wrapper(), Strip([Segment("")]))
    top = wrapped.height // 2
    wrapped.settle(top, top + 30, top)
    reading = wrapped.line(top)
    moved = wrapped.settle(top - 600, top + 30, top)
    after = wrapped.line(top + moved)
    assert reading and after and reading[1] and after[1]
    assert after[1].text == reading[1].text


def test_a_line_without_end_is_cut_at_a_blank() -> None:
    parts = [part.plain for part in slices(Content("word " * 5_000))]
    assert "".join(parts) == "word " * 5_000
    assert all(part.startswith("word") for part in parts)
