"""From what cause a run went wrong: one of a closed list, or nothing."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...model.findings import CauseClass
from ..gate import cell, joined, shown
from ..widgets.row_list import RowList

CAUSE_WORDS = {
    CauseClass.PROMPT: "the instructions do not say it, or say otherwise",
    CauseClass.RETRIEVAL: "what was needed was not found, or is out of date",
    CauseClass.PASSAGE_SELECTION: "it was found, and something else was used",
    CauseClass.TOOL: "a tool failed or gave a wrong result",
    CauseClass.ARGUMENTS: "a call was made with a wrong argument",
    CauseClass.REASONING: "the conclusion does not follow from what it had",
    CauseClass.MODEL: "the model is unreliable on inputs of this kind",
    CauseClass.WORKFLOW: "a step too many, too few, or in the wrong order",
    CauseClass.UNDETERMINED: "it cannot be told",
}
_CAUSES = tuple(CAUSE_WORDS)
_NAME = 20


class CauseScreen(ModalScreen[CauseClass | None]):
    """A list to choose from; ends with None where the person leaves it open."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "cancel", "Leave open")]

    def __init__(self, heading: str, marked: CauseClass | None = None) -> None:
        super().__init__()
        self._heading, self._marked = heading, marked

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(shown(self._heading, "bold"))
            yield RowList(self._row, id="causes")
            yield Static(shown("Enter chooses · esc leaves it open", "$quiet"))

    def on_mount(self) -> None:
        rows = self.query_one("#causes", RowList)
        rows.fill(len(_CAUSES), _CAUSES.index(self._marked) if self._marked else 0)
        rows.focus()

    def _row(self, index: int, width: int) -> Content:
        cause = _CAUSES[index]
        return joined(
            cell(cause.value.replace("_", " "), _NAME, "bold"),
            cell(CAUSE_WORDS[cause], max(width - _NAME, 8), "$quiet"),
        )

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(_CAUSES[event.index])

    def action_cancel(self) -> None:
        self.dismiss(None)
