"""One step over the whole screen, for who wants to see everything."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from ...model.traces import Step, TraceSummary
from ..gate import shown
from ..step_text import step_blocks
from ..widgets.block_view import BlockView


class StepScreen(ModalScreen[None]):
    """A step in full detail; `x` adds all that the model saw."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "whole", "Whole step"),
        Binding("escape,q,enter", "dismiss", "Close"),
    ]

    def __init__(self, trace: TraceSummary, step: Step) -> None:
        super().__init__()
        self._trace, self._step, self._whole = trace, step, False

    def compose(self) -> ComposeResult:
        with Vertical(classes="box", id="step-box"):
            yield BlockView(id="one-step")
            yield Static(
                shown("x shows all that the step saw · space and ctrl+u page · esc closes", "$quiet"), classes="note"
            )

    def on_mount(self) -> None:
        self.query_one("#one-step").focus()
        self._show()

    def action_whole(self) -> None:
        self._whole = not self._whole
        self._show()

    def _show(self) -> None:
        blocks = step_blocks(self._trace, self._step, (), whole=self._whole)
        self.query_one("#one-step", BlockView).show(blocks)
