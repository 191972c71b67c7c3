"""Small questions to the person at the keyboard that end with a line, typed or chosen, or with nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ..gate import cell, joined, shown
from ..widgets.row_list import RowList

_NOTE = 14
"""Cells for what is said of a choice."""


class LineScreen(ModalScreen[str | None]):
    """Asks for one line; Enter gives it, escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, heading: str, note: str, *, value: str = "", hidden: bool = False) -> None:
        super().__init__()
        self._heading, self._note, self._value, self._hidden = heading, note, value, hidden

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(shown(self._heading, "bold"))
            yield Input(value=self._value, password=self._hidden, id="line")
            yield Static(shown(self._note, "$quiet"), id="line-note")

    def on_mount(self) -> None:
        self.query_one("#line").focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        text = event.value if self._hidden else event.value.strip()
        if text:
            self.dismiss(text)

    def action_cancel(self) -> None:
        self.dismiss(None)


class AskScreen(LineScreen):
    """The question that an expert is to answer about a run."""

    def __init__(self, trace: str, step: int) -> None:
        super().__init__(
            f"What shall an expert answer about {trace}, step {step}?",
            "Ask for one fact that can be seen, in the past tense: "
            "“Did the reply promise a refund window that no source contains?”  Enter asks · esc cancels",
        )


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
