"""The steps where a run most likely went wrong, with quoted evidence."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ...answers.plain.words import step_name
from ...model.findings import Suspect
from ...services.understanding.explaining import Explanation
from ..gate import joined, lines, shown, shown_line
from ..widgets.block_view import Block, BlockView

_SHOWN = 5


class SuspectsScreen(ModalScreen[int | None]):
    """Ends with the step to go to, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "Go to the step"),
        Binding("escape,q,s", "dismiss", "Close"),
    ]

    def __init__(self, explanation: Explanation) -> None:
        super().__init__()
        self.explanation = explanation

    def compose(self) -> ComposeResult:
        with Vertical(classes="box", id="step-box"):
            yield Static(self._head(), classes="note")
            yield BlockView(id="suspect-list")
            yield Static(shown("j/k choose · Enter goes to the step · esc closes", "$quiet"), classes="note")

    def on_mount(self) -> None:
        view = self.query_one("#suspect-list", BlockView)
        blocks = suspect_blocks(self.explanation)
        view.show(blocks, key=blocks[0].key if blocks else None)
        view.focus()

    def _head(self) -> Content:
        report = self.explanation.report
        if not report.suspects:
            first = shown("No step stands out.", "bold")
        elif report.enough_evidence:
            first = shown("Where it most likely went wrong", "bold")
        else:
            first = shown("Not enough evidence to accuse a step; the ranking is only a hint", "bold $warning")
        return lines(first, shown(report.note)) if report.note else first

    def action_go(self) -> None:
        self.dismiss(self.query_one("#suspect-list", BlockView).marked_key)


def suspect_blocks(explanation: Explanation) -> list[Block]:
    """The first suspects of a run, a block each."""
    name = explanation.trace.summary.short_id
    return [_block(explanation, name, place, s) for place, s in enumerate(explanation.report.suspects[:_SHOWN], 1)]


def _block(explanation: Explanation, name: str, place: int, suspect: Suspect) -> Block:
    step = explanation.trace.steps[suspect.step]
    head = joined(
        shown(f"{place}. ", "bold"),
        shown(f"{name}.{suspect.step} {step_name(step)}", "bold $accent"),
        shown(f"  cause: {suspect.cause.value.replace('_', ' ')}"),
    )
    reasons = [shown(f"• {reason}") for reason in suspect.reasons]
    quotes = [
        joined(shown(f"  step {e.step}: “", "$quiet"), shown_line(e.quote, 240), shown("”", "$quiet"))
        for e in suspect.evidence[:4]
    ]
    return Block(lines(head, *reasons, *quotes), key=suspect.step)
