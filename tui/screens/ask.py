"""Small questions to the person at the keyboard that end with a line of text, or with nothing."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ..gate import shown


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
