"""A long text made of blocks, one a step or message, wrapped when first drawn; one block may be marked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

_MARGIN = 2


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of text that belongs together."""

    content: Content
    key: int | None = None
    """The step it shows; only such blocks can be marked."""
    gap: bool = True
    """Whether an empty line follows."""


class BlockView(ScrollView, can_focus=True):
    """Shows blocks below each other and scrolls by line; `j` and `k` go from block to block.

    Attributes:
        marked: Place in the list of the marked block; None where nothing can be marked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "step(1)", "Next", show=False),
        Binding("k", "step(-1)", "Previous", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "End", show=False),
        Binding("space,ctrl+d", "page_down", "Page down", show=False),
        Binding("ctrl+u", "page_up", "Page up", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"block-view--bar"}

    class Marked(Message):
        """Another block was marked."""

        def __init__(self, view: BlockView, key: int) -> None:
            self.view = view
            self.key = key
            super().__init__()

        @property
        def control(self) -> BlockView:
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.blocks: tuple[Block, ...] = ()
        self.marked: int | None = None
        self._strips: list[list[Strip]] = []
        self._starts: list[int] = []
        self._wrapped_at = -1

    def show(self, blocks: Sequence[Block], *, key: int | None = None) -> None:
        """Show these blocks from the top, or with the one of `key` marked."""
        self.blocks = tuple(blocks)
        self.marked = self._place(key)
        self._wrapped_at = -1
        self._wrap()
        self.scroll_home(animate=False, immediate=True)
        if self.marked is not None:
            self.call_after_refresh(self._show_marked)
        self.refresh()

    def mark(self, key: int) -> None:
        """Mark the block of a step and bring it to the top of the view."""
        place = self._place(key)
        if place is not None:
            self.mark_place(place)

    def mark_place(self, place: int) -> None:
        """Mark a block by its place in the list and bring it to the top of the view."""
        self.marked = place
        self._show_marked(top=True)
        self.refresh()
        if (key := self.blocks[place].key) is not None:
            self.post_message(self.Marked(self, key))

    @property
    def marked_key(self) -> int | None:
        """The step of the marked block."""
        return None if self.marked is None else self.blocks[self.marked].key

    def on_resize(self, event: events.Resize) -> None:
        self._wrap()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._wrapped_at = -1

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if width - _MARGIN != self._wrapped_at:
            self._wrap()
        style = self.visual_style.rich_style
        line = self.scroll_offset.y + y
        place = bisect_right(self._starts, line) - 1
        if place < 0 or line - self._starts[place] >= len(self._strips[place]):
            return Strip.blank(width, style)
        bar = Segment("  ", style)
        if place == self.marked:
            bar = Segment("▌ ", self.get_visual_style("block-view--bar").rich_style)
        strip = self._strips[place][line - self._starts[place]]
        return Strip.join([Strip([bar], _MARGIN), strip]).adjust_cell_length(width, style)

    def _place(self, key: int | None) -> int | None:
        if key is None:
            return None
        return next((place for place, block in enumerate(self.blocks) if block.key == key), None)

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width - _MARGIN
        if width <= 0 or width == self._wrapped_at:
            return
        self._wrapped_at = width
        style = self.visual_style
        blank = Strip.blank(width, style.rich_style)
        self._strips = []
        for block in self.blocks:
            strips = Visual.to_strips(self, block.content, width, None, style, apply_selection=False)
            self._strips.append([*strips, blank] if block.gap else strips)
        heights = [len(strips) for strips in self._strips]
        self._starts = [0, *accumulate(heights)][: len(heights)]
        self.virtual_size = Size(0, sum(heights))

    def _show_marked(self, *, top: bool = False) -> None:
        if self.marked is not None and self.marked < len(self._starts):
            region = Region(0, self._starts[self.marked], 1, len(self._strips[self.marked]))
            self.scroll_to_region(region, animate=False, x_axis=False, top=top or region.height > self.size.height)

    def action_step(self, by: int) -> None:
        places = [place for place, block in enumerate(self.blocks) if block.key is not None]
        if not places:
            self.scroll_relative(y=by, animate=False)
            return
        if self.marked is None:
            chosen = places[0] if by > 0 else places[-1]
        else:
            chosen = places[max(0, min(places.index(self.marked) + by, len(places) - 1))]
        self.marked = chosen
        self._show_marked()
        self.refresh()
        key = self.blocks[chosen].key
        assert key is not None
        self.post_message(self.Marked(self, key))

    def on_click(self, event: events.Click) -> None:
        place = bisect_right(self._starts, self.scroll_offset.y + event.y) - 1
        if place >= 0 and self.blocks[place].key is not None:
            self.marked = place
            self.refresh()
