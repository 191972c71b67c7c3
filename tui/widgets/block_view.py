"""A long text made of blocks, one a step or message, wrapped where one reads; one block may be marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

from .wrapped import Later, Source, Wrapped

_MARGIN = 2
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of text that belongs together."""

    content: Content
    key: int | None = None
    """The step it shows; only such blocks can be marked."""
    gap: bool = True
    """Whether an empty line follows."""
    later: Later | None = None
    """In place of `content`, where making it costs too much before it is seen."""


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
        self._wrapped: Wrapped | None = None
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
        found = self._wrapped.line(self.scroll_offset.y + y) if self._wrapped else None
        if found is None:
            return Strip.blank(width, style)
        place, strip = found
        bar = Segment("  ", style)
        if place == self.marked:
            bar = Segment("▌ ", self.get_visual_style("block-view--bar").rich_style)
        if strip is None:
            strip = Strip.blank(width - _MARGIN, style)
        return Strip.join([Strip([bar], _MARGIN), strip]).adjust_cell_length(width, style)

    def action_scroll_end(self) -> None:
        """To the last line; its place is known once the text before it is wrapped."""
        for _ in range(_TRIES):
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True)
            self._settle()
            if self.scroll_offset.y >= self.max_scroll_y:
                break

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

        def wrap(content: Content) -> list[Strip]:
            return Visual.to_strips(self, content, width, None, style, apply_selection=False)

        sources = (Source(block.content, block.later, block.gap) for block in self.blocks)
        self._wrapped = Wrapped(sources, width, wrap, Strip.blank(width, style.rich_style))
        self._settle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._settle()

    def _settle(self) -> None:
        """Wrap what stands in the window and a page around it; what one reads stays where it is."""
        if self._wrapped is None:
            return
        top, page = self.scroll_offset.y, max(self.size.height, 1)
        moved = self._wrapped.settle(max(top - page, 0), top + 2 * page, top)
        if self.virtual_size.height != self._wrapped.height:
            self.virtual_size = Size(0, self._wrapped.height)
        if moved:
            self.scroll_to(y=top + moved, animate=False, immediate=True)

    def _show_marked(self, *, top: bool = False) -> None:
        found = self._wrapped.region(self.marked) if self._wrapped and self.marked is not None else None
        if found is not None:
            region = Region(0, found[0], 1, found[1])
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
        found = self._wrapped.line(self.scroll_offset.y + event.y) if self._wrapped else None
        if found is not None and self.blocks[found[0]].key is not None:
            self.marked = found[0]
            self.refresh()
