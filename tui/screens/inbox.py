"""The engineers' inbox: signed fails that nothing has come of yet, wherever they were signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...services.reviewing.inbox import ToComplete, to_complete
from ..gate import counted, lines, shown, shown_line
from ..inbox_text import inbox_row
from ..widgets.row_list import RowList
from .base import Newsreel


class InboxScreen(Newsreel):
    """Newest first; Enter opens the short form."""

    guide = (
        "Runs that a person failed and signed, and that nothing has come of yet. Enter opens what one teaches: cause, "
        "step, lesson, case and rubric on one form. A fail leaves this list once that is signed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "open_trace", "Its run"),
        Binding("R,f5", "reload", "Reload", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[ToComplete] = []

    def body(self) -> ComposeResult:
        yield RowList(self._row, id="inbox", classes="framed")
        yield Static(Content(""), id="inbox-facts", classes="note")

    def on_mount(self) -> None:
        self.set_title("To complete")
        self.query_one("#inbox").focus()
        self.watch_for_news()
        self.action_reload()

    def on_screen_resume(self) -> None:
        self.action_reload()

    def news(self) -> None:
        self.action_reload()

    def action_reload(self) -> None:
        self.in_background(lambda: to_complete(self.store), self._loaded)

    def _loaded(self, entries: Sequence[ToComplete]) -> None:
        marked = self._current()
        self.entries = list(entries)
        rows = self.query_one("#inbox", RowList)
        rows.border_title = shown(f"{counted(len(entries), 'signed fail')} to complete")
        places = {entry.verdict.uid: place for place, entry in enumerate(self.entries)}
        rows.fill(len(self.entries), places.get(marked.verdict.uid, rows.cursor) if marked else rows.cursor)
        if not self.entries:
            words = "Something has come of every signed fail. New ones stand here, also those signed on the page."
            self.query_one("#inbox-facts", Static).update(shown(words, "$quiet"))

    def _row(self, index: int, width: int) -> Content:
        return inbox_row(self.entries[index], width) if index < len(self.entries) else Content("")

    @on(RowList.Marked, "#inbox")
    def _marked(self, event: RowList.Marked) -> None:
        if event.index >= len(self.entries):
            return
        entry, width = self.entries[event.index], max(self.size.width - 2, 10)
        parts = [shown_line(entry.failed, width, "bold"), shown_line(f"asked: {entry.asked or '–'}", width)]
        if entry.says:
            parts.append(shown_line(f"{entry.verdict.reviewer_name}: {entry.says}", width))
        self.query_one("#inbox-facts", Static).update(lines(*parts))

    @on(RowList.Chosen, "#inbox")
    def _chosen(self, event: RowList.Chosen) -> None:
        from .teaching import TeachingScreen

        self.app.push_screen(TeachingScreen(self.entries[event.index].verdict))

    def action_open_trace(self) -> None:
        entry = self._current()
        if entry is not None and entry.verdict.trace_id is not None:
            self.desk.open_trace(entry.verdict.trace_id)

    def _current(self) -> ToComplete | None:
        cursor = self.query_one("#inbox", RowList).cursor
        return self.entries[cursor] if cursor < len(self.entries) else None
