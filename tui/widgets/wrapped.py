"""Text in pieces, each wrapped when it comes near the window; until then its height is an estimate.

A run of 28 MiB unfolded is half a million lines; wrapping all of them takes forty seconds, a windowful a few milliseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from textual.content import Content
from textual.strip import Strip

SLICE = 4_000
"""Characters that are wrapped in one go; a longer text is cut at ends of lines, a longer line at a blank."""
_EAGER = 40_000
"""Characters that are wrapped at once, so that what is short has its true height from the start."""


class Later(NamedTuple):
    """A text that is made when it is first seen."""

    make: Callable[[], Content]
    length: int
    """About how many characters it has."""
    breaks: int = 0
    """About how many line breaks."""


class Source(NamedTuple):
    """One block's text, and whether an empty line follows it."""

    content: Content
    later: Later | None
    gap: bool


@dataclass(slots=True)
class _Piece:
    block: int
    content: Content | None
    later: Later | None = None
    gap: bool = False
    strips: list[Strip] | None = None
    height: int = 0


class Wrapped:
    """All blocks at one width.

    Args:
        sources: The blocks, first to last.
        width: Cells.
        wrap: Wraps one text at that width.
        blank: The empty line after a block.
    """

    def __init__(
        self, sources: Iterable[Source], width: int, wrap: Callable[[Content], list[Strip]], blank: Strip
    ) -> None:
        self._width, self._wrap, self._blank = max(width, 1), wrap, blank
        self._pieces: list[_Piece] = []
        room = _EAGER
        for block, source in enumerate(sources):
            if source.later is not None:
                piece = _Piece(block, None, source.later, source.gap)
                piece.height = self._guess(source.later.length, source.later.breaks) + source.gap
                self._pieces.append(piece)
                continue
            for piece in self._sliced(block, source.content, gap=source.gap):
                room -= len(piece.content.plain) if piece.content else 0
                if room >= 0:
                    self._settle_one(piece)
                self._pieces.append(piece)
        self._place()

    @property
    def height(self) -> int:
        """Lines in all, those not yet wrapped by estimate."""
        return self._height

    def line(self, number: int) -> tuple[int, Strip | None] | None:
        """The block and the text of a line; no text where it is empty or not wrapped yet, None below the last."""
        place = bisect_right(self._starts, number) - 1
        if place < 0 or number >= self._height:
            return None
        piece = self._pieces[place]
        offset = number - self._starts[place]
        strips = piece.strips or []
        return piece.block, strips[offset] if offset < len(strips) else None

    def region(self, block: int) -> tuple[int, int] | None:
        """First line of a block, and its height."""
        first = self._first.get(block)
        if first is None:
            return None
        after = self._first.get(block + 1)
        end = self._starts[after] if after is not None else self._height
        return self._starts[first], end - self._starts[first]

    def settle(self, first: int, last: int, top: int) -> int:
        """Wrap what stands from one line to another; by how many lines the text at `top` has moved down.

        Cost: the pieces in between, and one pass over the list of pieces for each whose height was not known.
        """
        moved = 0
        while (todo := self._open_piece(first, last + moved)) is not None:
            end = self._starts[todo] + self._pieces[todo].height
            grown = self._exact(todo) - (end - self._starts[todo])
            if end <= top + moved:
                moved += grown
            self._place()
        return moved

    def _open_piece(self, first: int, last: int) -> int | None:
        place = max(bisect_right(self._starts, first) - 1, 0)
        while place < len(self._pieces) and self._starts[place] <= last:
            if self._pieces[place].strips is None:
                return place
            place += 1
        return None

    def _exact(self, place: int) -> int:
        """Wrap one piece, or make what it stands for and put its slices in its place; the height from now on."""
        piece = self._pieces[place]
        if piece.later is None:
            self._settle_one(piece)
            return piece.height
        fresh = list(self._sliced(piece.block, piece.later.make(), gap=piece.gap))
        self._pieces[place : place + 1] = fresh
        return sum(one.height for one in fresh)

    def _settle_one(self, piece: _Piece) -> None:
        assert piece.content is not None
        strips = self._wrap(piece.content)
        piece.strips = [*strips, self._blank] if piece.gap else strips
        piece.height = len(piece.strips)

    def _sliced(self, block: int, content: Content, *, gap: bool) -> Iterable[_Piece]:
        parts = list(slices(content))
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            piece = _Piece(block, part, gap=gap and last)
            piece.height = self._guess(len(part.plain), part.plain.count("\n")) + piece.gap
            yield piece

    def _guess(self, length: int, breaks: int) -> int:
        return breaks + 1 + max(length - breaks * self._width // 2, 0) // self._width

    def _place(self) -> None:
        heights = [piece.height for piece in self._pieces]
        ends = list(accumulate(heights))
        self._starts = [0, *ends][: len(heights)]
        self._height = ends[-1] if ends else 0
        self._first: dict[int, int] = {}
        for place, piece in enumerate(self._pieces):
            self._first.setdefault(piece.block, place)


def slices(content: Content) -> Iterable[Content]:
    """A text in parts of about `SLICE` characters that stand below each other as the whole would."""
    text = content.plain
    if len(text) <= SLICE:
        return [content]
    cuts, start = [], 0
    while len(text) - start > SLICE:
        end = text.rfind("\n", start, start + SLICE)
        if end <= start:
            end = text.rfind(" ", start, start + SLICE)
        start = end + 1 if end > start else start + SLICE
        cuts.append(start)
    parts = content.divide(cuts)
    return [*(part[:-1] if part.plain.endswith("\n") else part for part in parts[:-1]), parts[-1]]
