"""The moment before a signature: what is signed, and one key that does it."""

from __future__ import annotations

import time
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..gate import lines, shown

GUARD_SECONDS = 0.4
"""Keys that were typed ahead of a question must not answer it."""


class SignScreen(ModalScreen[bool]):
    """Ends with True only when `y` is pressed, here, after the guard time.

    The key is read from the event itself and is no action: no link, click or command can press it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,n", "cancel", "Back")]

    def __init__(self, reviewer: str, what: Content) -> None:
        super().__init__()
        self._reviewer, self._what = reviewer, what
        self._opened = 0.0

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(
                lines(
                    shown(f"Sign as {self._reviewer}?", "bold"),
                    self._what,
                    shown("The signature stays. A later one can supersede it, nothing erases it.", "$quiet"),
                    shown("y signs · esc goes back", "bold $accent"),
                )
            )

    def on_mount(self) -> None:
        self._opened = time.monotonic()

    def on_key(self, event: events.Key) -> None:
        if event.key == "y" and time.monotonic() - self._opened >= GUARD_SECONDS:
            event.stop()
            self.dismiss(True)

    def action_cancel(self) -> None:
        self.dismiss(False)
