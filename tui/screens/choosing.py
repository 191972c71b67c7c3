"""A list to choose one line from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..gate import cell, joined, shown
from ..widgets.row_list import RowList

_NOTE = 14


class Choice(NamedTuple):
    """One line: what it gives, and what is said of it."""

    value: str
    note: str = ""


class ChooseScreen(ModalScreen[str | None]):
    """Ends with the value of the chosen line, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "cancel", "Close")]

    def __init__(self, heading: str, choices: Sequence[Choice], note: str = "Enter chooses · esc closes") -> None:
        super().__init__()
        self._heading, self._choices, self._note = heading, tuple(choices), note

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(shown(self._heading, "bold"))
            yield RowList(self._row, id="choices")
            yield Static(shown(self._note, "$quiet"))

    def on_mount(self) -> None:
        rows = self.query_one("#choices", RowList)
        rows.fill(len(self._choices))
        rows.focus()

    def _row(self, index: int, width: int) -> Content:
        choice = self._choices[index]
        return joined(cell(choice.value, max(width - _NOTE, 8)), cell(choice.note, min(_NOTE, width), "$quiet"))

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(self._choices[event.index].value)

    def action_cancel(self) -> None:
        self.dismiss(None)
