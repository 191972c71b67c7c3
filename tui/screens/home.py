"""What is failing, what waits for people, what is new."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...store.contract import Store
from ...store.reading.summaries import parse_trace_id
from ..gate import cell, counted, joined, lines, shown
from ..plots import bar
from ..runs import run_row
from ..widgets.row_list import RowList
from .base import MainScreen

if TYPE_CHECKING:
    from ...services.finding.overview import Overview
    from ...services.modes.views import ModesPage, ModeView

_FIRST_STEPS = (
    ("retrospan demo", "see the whole loop on an example agent"),
    ("retrospan import PATH", "bring trace files in"),
    ("retrospan serve", "receive OTLP on http://127.0.0.1:4318"),
)


_MODES = 8
_PLACED_AT_ONCE = 200
_MODES_SECONDS = 15.0
"""While runs stream in, modes are counted anew no more often than this: it reads all of their runs."""
_CHANCE = 0.05
_ROOMY = 90
_STATUS_STYLES = {"regressed": "bold $verdict-fail", "confirmed": "$warning", "fixed": "$verdict-pass"}


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What the screen shows."""

    overview: Overview
    modes: ModesPage
    counted_at: float
    """When the modes were counted, by the monotonic clock."""


class HomeScreen(MainScreen):
    """Three lists; Tab goes from one to the next."""

    guide = (
        "What is failing, as modes of alike runs, or by rule where none has formed yet, with the clearest example of "
        "each; what waits for an expert; and the newest runs. Enter opens what is marked; v shows all runs of a mode."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "runs", "Its runs")]

    def __init__(self) -> None:
        super().__init__()
        self.facts: HomeFacts | None = None

    @property
    def found(self) -> Overview | None:
        return self.facts.overview if self.facts else None

    @property
    def modes(self) -> tuple[ModeView, ...]:
        """The modes in the first list; empty where it shows what rules found."""
        return self.facts.modes.modes if self.facts else ()

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
        store, former = self.store, self.facts
        self.in_background(lambda: _look(store, former), self._loaded)

    def _loaded(self, facts: HomeFacts) -> None:
        first, marked = self.facts is None, self._marked_runs()
        self.facts, found = facts, facts.overview
        text = self.query_one("#home-text", Static)
        text.set_class(found.total > 0, "hidden")
        if not found.total:
            steps = [joined(cell(f"  {command}", 26, "bold $accent"), shown(words)) for command, words in _FIRST_STEPS]
            text.update(lines(shown("No traces yet. In another terminal:", "bold"), Content(""), *steps))
        for name, title, count in (
            ("#failing", self._failing_title(facts), len(self.modes) or len(found.findings)),
            ("#waiting", self._waiting_title(found), len(found.waiting)),
            ("#changed", self._newest_title(found), len(found.newest)),
        ):
            rows = self.query_one(name, RowList)
            rows.border_title = shown(title)
            rows.set_class(not found.total, "hidden")
            rows.fill(count, self._place(name, marked, rows.cursor))
        self.refresh_bindings()
        if found.total and first:
            self.query_one("#failing" if self.modes or found.findings else "#changed").focus()

    def _marked_runs(self) -> dict[str, object]:
        """What is marked in each list, by an id that stays when the rows move."""
        ids = self._ids()
        cursors = {name: self.query_one(name, RowList).cursor for name in ids}
        return {name: ids[name][at] for name, at in cursors.items() if at < len(ids[name])}

    def _place(self, name: str, marked: dict[str, object], cursor: int) -> int:
        ids = self._ids()[name]
        # A reader at the top wants to stay at the top, where the new ones come in.
        return ids.index(marked[name]) if cursor and marked.get(name) in ids else cursor

    def _ids(self) -> dict[str, list[object]]:
        found = self.found
        if found is None:
            return {}
        failing: list[object] = [mode.row.id for mode in self.modes] or [entry.signal for entry in found.findings]
        return {
            "#failing": failing,
            "#waiting": [item.id for item in found.waiting],
            "#changed": [run.id for run in found.newest],
        }

    @staticmethod
    def _failing_title(facts: HomeFacts) -> str:
        found, modes = facts.overview, facts.modes
        if modes.modes:
            waiting = f", {modes.waiting:,} not placed yet" if modes.waiting else ""
            return f"What is failing: {counted(modes.total, 'mode')} in {counted(modes.runs, 'run')}{waiting}"
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
        if self.modes:
            return _mode_row(self.modes[index], width)
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
            example = self.modes[event.index].typical if self.modes else self.found.findings[event.index].example
            address = parse_trace_id(example)
            assert address is not None
            self.desk.open_trace(address.trace_id, address.step)
        elif event.rows.id == "changed":
            self.desk.open_trace(self.found.newest[event.index].id)
        else:
            await self.app.switch_mode("review")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "runs":
            return bool(self.modes or (self.found and self.found.findings))
        return super().check_action(action, parameters)

    async def action_runs(self) -> None:
        cursor = self.query_one("#failing", RowList).cursor
        if self.modes:
            self.desk.query_line = f"mode:{self.modes[cursor].short_id}"
        elif self.found is not None and self.found.findings:
            self.desk.query_line = f"signal:{self.found.findings[cursor].signal}"
        else:
            return
        await self.app.switch_mode("traces")


def _mode_row(mode: ModeView, width: int) -> Content:
    """How many runs, how common, where it stands, its name, the typical run."""
    status = mode.row.status.value
    moved = mode.trend is not None and mode.trend.p < _CHANCE
    trend = " " if mode.trend is None or not moved else "↑" if mode.trend.change.value > 0 else "↓"
    share = "$quiet" if not mode.row.failure else "bold $verdict-fail"
    bars = 8 if width >= _ROOMY else 0
    room = max(width - 48 - bars, 10)
    return joined(
        cell(counted(mode.size, "run"), 11, share),
        bar(mode.share.value, bars, share),
        shown(f"{mode.share.value:>5.0%} ", "$quiet"),
        shown(trend + " ", "bold $warning"),
        cell(mode.row.status.in_words, 20, _STATUS_STYLES.get(status, "$quiet")),
        cell(mode.typical, 9, "$accent"),
        cell(mode.name, room, "bold" if mode.named_by == "person" else ""),
    )


def _look(store: Store, former: HomeFacts | None) -> HomeFacts:
    # The analysis behind it is imported here, in the thread, after the first paint.
    from ...services.finding.overview import overview
    from ...services.modes.gathering import update_modes
    from ...services.modes.views import list_modes

    found = overview(store)
    now = time.monotonic()
    if former is not None and now - former.counted_at < _MODES_SECONDS:
        return HomeFacts(found, former.modes, former.counted_at)
    update_modes(store, limit=_PLACED_AT_ONCE)
    return HomeFacts(found, list_modes(store, limit=_MODES), now)
