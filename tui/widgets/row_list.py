"""A list of one-line rows that are made when they are drawn, so that 100,000 of them cost what a screenful costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

RowMaker = Callable[[int, int], Content]
"""Row number and width in cells → the row."""


_GUTTER = 2
"""Cells in front of each row; the sign there marks the row where colours do not."""


class _OfRow(Message, no_dispatch=None):
    """Something about one row. It goes nowhere where the rows were exchanged since: their numbers mean others now."""

    def __init__(self, rows: RowList, index: int) -> None:
        self.rows = rows
        self.index = index
        self._fillings = rows.fillings
        super().__init__()

    @property
    def control(self) -> RowList:
        return self.rows

    @property
    def no_dispatch(self) -> bool:  # type: ignore[override]  # Textual asks just before it calls a handler
        return self._fillings != self.rows.fillings


class RowList(ScrollView, can_focus=True):
    """Rows with one of them marked.

    Attributes:
        cursor: Number of the marked row; 0 where there is none.
        count: How many rows there are.
        fillings: How often the rows were exchanged.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
        Binding("g,home", "jump(0)", "First", show=False),
        Binding("G,end", "jump(-1)", "Last", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("enter", "choose", "Open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--row", "row-list--marked", "row-list--marked-blurred"}

    cursor: reactive[int] = reactive(0, init=False)

    class Marked(_OfRow, no_dispatch=None):
        """Another row was marked."""

    class Chosen(_OfRow, no_dispatch=None):
        """A row was opened."""

    def __init__(self, make_row: RowMaker, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._make_row = make_row
        self.count = 0
        self.fillings = 0

    def fill(self, count: int, cursor: int = 0) -> None:
        """Show `count` rows anew and mark one; says so, also when the number is the same."""
        self.count = count
        self.fillings += 1
        self.virtual_size = Size(0, count)
        # The mark is set without its watcher, which would tell twice.
        self.set_reactive(RowList.cursor, max(0, min(cursor, count - 1)))
        self.refresh(layout=True)
        self.call_after_refresh(self._show_cursor)
        if count:
            self.post_message(self.Marked(self, self.cursor))

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self, _old: int, new: int) -> None:
        self._show_cursor()
        self.refresh()
        if self.count:
            self.post_message(self.Marked(self, new))

    def _show_cursor(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, x_axis=False)

    def render_line(self, y: int) -> Strip:
        width, index = self.scrollable_content_region.width, self.scroll_offset.y + y
        if index >= self.count or width <= _GUTTER:
            return Strip.blank(width, self.rich_style)
        name = "row-list--row"
        if index == self.cursor:
            name = "row-list--marked" if self.has_focus else "row-list--marked-blurred"
        style = self.visual_style + self.get_visual_style(name)
        row = self._make_row(index, width - _GUTTER)
        strips = Visual.to_strips(self, row, width - _GUTTER, 1, style, apply_selection=False)
        gutter = Segment("▸ " if index == self.cursor else "  ", style.rich_style)
        return Strip.join([Strip([gutter], _GUTTER), *strips[:1]]).adjust_cell_length(width, style.rich_style)

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_jump(self, index: int) -> None:
        self.cursor = index if index >= 0 else self.count - 1

    def action_page(self, direction: int) -> None:
        self.cursor += direction * max(self.size.height - 1, 1)

    def action_choose(self) -> None:
        if self.count:
            self.post_message(self.Chosen(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.y
        if index >= self.count:
            return
        self.cursor = index
        if event.chain == 2:
            self.action_choose()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
