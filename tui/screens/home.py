"""What is failing, what waits for people, what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from ...store.connection import Store
from ...store.traces import parse_trace_id
from ..gate import cell, counted, joined, lines, shown
from ..runs import run_row
from ..widgets.row_list import RowList
from .base import MainScreen

if TYPE_CHECKING:
    from ...services.overview import Overview

_FIRST_STEPS = (
    ("retrospan demo", "see the whole loop on an example agent"),
    ("retrospan import PATH", "bring trace files in"),
    ("retrospan serve", "receive OTLP on http://127.0.0.1:4318"),
)


class HomeScreen(MainScreen):
    """Three lists; Tab goes from one to the next."""

    guide = (
        "What is failing in the newest runs, with the clearest example of each; what waits for an expert; "
        "and the newest runs. Enter opens what is marked."
    )
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self) -> None:
        super().__init__()
        self.found: Overview | None = None

    def body(self) -> ComposeResult:
        yield Static(shown("Looking …", "$quiet"), id="home-text", classes="home-text")
        yield RowList(self._failing, id="failing", classes="framed hidden")
        yield RowList(self._waiting, id="waiting", classes="framed hidden")
        yield RowList(self._newest, id="changed", classes="framed hidden")

    def on_mount(self) -> None:
        self.set_title()
        self.action_reload()

    def on_screen_resume(self) -> None:
        if self.found is not None:
            self.action_reload()

    def action_reload(self) -> None:
        store = self.store
        self.in_background(lambda: _look(store), self._loaded)

    def _loaded(self, found: Overview) -> None:
        first = self.found is None
        self.found = found
        text = self.query_one("#home-text", Static)
        text.set_class(found.total > 0, "hidden")
        if not found.total:
            steps = [joined(cell(f"  {command}", 26, "bold $accent"), shown(words)) for command, words in _FIRST_STEPS]
            text.update(lines(shown("No traces yet. In another terminal:", "bold"), Content(""), *steps))
        for name, title, count in (
            ("#failing", self._failing_title(found), len(found.findings)),
            ("#waiting", self._waiting_title(found), len(found.waiting)),
            ("#changed", self._newest_title(found), len(found.newest)),
        ):
            rows = self.query_one(name, RowList)
            rows.border_title = shown(title)
            rows.set_class(not found.total, "hidden")
            rows.fill(count, rows.cursor)
        if found.total and first:
            self.query_one("#failing" if found.findings else "#changed").focus()

    @staticmethod
    def _failing_title(found: Overview) -> str:
        if not found.findings:
            return f"Nothing is failing in the newest {counted(found.looked_at, 'run')}"
        return f"What is failing, in the newest {counted(found.looked_at, 'run')}"

    @staticmethod
    def _newest_title(found: Overview) -> str:
        since = f", {found.since_yesterday:,} of them in the last 24 hours" if found.since_yesterday else ""
        return f"Newest of {counted(found.total, 'run')}{since}"

    @staticmethod
    def _waiting_title(found: Overview) -> str:
        if not found.waiting_total:
            return "Nothing waits for an expert; a in a run asks one"
        return f"Waits for an expert: {found.waiting_total}"

    def _failing(self, index: int, width: int) -> Content:
        assert self.found is not None
        finding = self.found.findings[index]
        return joined(
            shown(f"{finding.traces:>4} {'run ' if finding.traces == 1 else 'runs'}  ", "bold $verdict-fail"),
            cell(finding.signal.replace("_", " "), 24, "bold"),
            cell(finding.example, 9, "$accent"),
            cell(finding.reason, max(width - 44, 10)),
        )

    def _waiting(self, index: int, width: int) -> Content:
        assert self.found is not None
        item = self.found.waiting[index]
        return joined(cell(item.short_id, 10, "bold"), cell(item.question, max(width - 10, 10)))

    def _newest(self, index: int, width: int) -> Content:
        assert self.found is not None
        return run_row(self.found.newest[index], width)

    @on(RowList.Chosen)
    async def _chosen(self, event: RowList.Chosen) -> None:
        assert self.found is not None
        if event.rows.id == "failing":
            address = parse_trace_id(self.found.findings[event.index].example)
            assert address is not None
            self.desk.open_trace(address.trace_id, address.step)
        elif event.rows.id == "changed":
            self.desk.open_trace(self.found.newest[event.index].id)
        else:
            await self.app.switch_mode("review")


def _look(store: Store) -> Overview:
    # The analysis behind it is imported here, in the thread, after the first paint.
    from ...services.overview import overview

    return overview(store)
