"""A file over the whole screen, to read."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from ...model.cases import MAX_CASE_BYTES
from ...model.errors import RetrospanError
from ...trust.files import read_bounded
from ..gate import shown
from ..values import WHOLE, bounded
from ..widgets.block_view import Block, BlockView


class TextScreen(ModalScreen[None]):
    """Shows a text file; nothing can be changed here."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close")]

    def __init__(self, heading: str, path: Path) -> None:
        super().__init__()
        self._heading, self._path = heading, path

    def compose(self) -> ComposeResult:
        with Vertical(classes="box", id="step-box"):
            yield Static(shown(self._heading, "bold"))
            yield BlockView(id="file-text")
            yield Static(shown("space and ctrl+u page · esc closes", "$quiet"), classes="note")

    def on_mount(self) -> None:
        try:
            text = read_bounded(self._path, MAX_CASE_BYTES).decode("utf-8", "replace")
        except RetrospanError as err:
            text = str(err)
        view = self.query_one("#file-text", BlockView)
        view.show([Block(bounded(text, WHOLE))])
        view.focus()
