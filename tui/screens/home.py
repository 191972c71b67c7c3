"""What is failing, what waits for people, what is new: lists that do not wait for each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...model.errors import RetrospanError
from ...store.contract import Store
from ...store.reading.summaries import parse_trace_id
from ..gate import cell, counted, joined, lines, shown
from ..inbox_text import inbox_row
from ..plots import bar
from ..runs import run_row
from ..widgets.row_list import RowList
from .base import MainScreen

if TYPE_CHECKING:
    from ...services.finding.overview import Failing, Newest, Waiting
    from ...services.modes.catching_up import Backlog
    from ...services.modes.views import ModesPage, ModeView
    from ...services.reviewing.inbox import ToComplete

_FIRST_STEPS = (
    ("retrospan demo", "see the whole loop on an example agent"),
    ("retrospan import PATH", "bring trace files in"),
    ("retrospan serve", "receive OTLP on http://127.0.0.1:4318"),
)


_MODES = 8
_TURN_SECONDS = 0.5
_QUIET_SECONDS = 0.3
_MODES_SECONDS = 15.0
"""While runs stream in, modes are counted anew no more often than this: it reads all of their runs."""
_CHANCE = 0.05
_NOTHING_WAITS = "Nothing waits for an expert; a in a run asks one"
_ROOMY = 90
_STATUS_STYLES = {"regressed": "bold $verdict-fail", "confirmed": "$warning", "fixed": "$verdict-pass"}


class HomeScreen(MainScreen):
    """Four lists, each read by itself; Tab goes from one to the next."""

    guide = (
        "What is failing, as modes of alike runs, or by rule where none has formed yet, with the clearest example of "
        "each; signed fails that wait for an engineer; what waits for an expert; and the newest runs. Enter opens what "
        "is marked; v shows all runs of a mode."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "runs", "Its runs")]

    def __init__(self) -> None:
        super().__init__()
        self.newest: Newest | None = None
        self.waiting: Waiting | None = None
        self.inbox: list[ToComplete] = []
        self.failing: Failing | None = None
        self.page: ModesPage | None = None
        self.left: Backlog | None = None
        """What is not in the modes yet; None before anybody has looked."""
        self._counted_at = 0.0
        self._focused = False
        self._working = False
        self._pressed_at = 0.0
        self._marked: dict[str, object] = {}

    @property
    def modes(self) -> tuple[ModeView, ...]:
        """The modes in the first list; empty where it shows what rules found."""
        return self.page.modes if self.page else ()

    def body(self) -> ComposeResult:
        yield Static(shown("Looking …", "$quiet"), id="home-text", classes="home-text")
        yield RowList(self._failing_row, id="failing", classes="framed hidden")
        yield RowList(self._inbox_row, id="inbox", classes="framed hidden")
        yield RowList(self._waiting_row, id="waiting", classes="framed hidden")
        yield RowList(self._newest_row, id="changed", classes="framed hidden")

    def on_mount(self) -> None:
        self.set_title()
        self.action_reload()

    def on_screen_resume(self) -> None:
        if self.newest is not None:
            self.action_reload()

    def action_reload(self) -> None:
        store = self.store
        self.in_background(lambda: _newest(store), self._newest_loaded, group="newest")
        self.in_background(lambda: _waiting(store), self._waiting_loaded, group="waiting")
        self.in_background(lambda: _inbox(store), self._inbox_loaded, group="inbox")
        if not self._working:
            self._look_for_modes()

    def failed(self, err: RetrospanError) -> None:
        self._working = False
        super().failed(err)

    def _look_for_modes(self) -> None:
        """Show what is known, then work off what waits a little at a time, until nothing does."""
        self._working = True
        store, recount = self.store, time.monotonic() - self._counted_at >= _MODES_SECONDS
        self.in_background(lambda: _failing(store, recount=recount), self._failing_loaded, group="failing")

    def _failing_loaded(self, found: tuple[Failing, ModesPage | None]) -> None:
        self.failing, page = found
        if page is not None:
            self.page, self._counted_at = page, time.monotonic()
        self._show_failing()
        self.in_background(lambda: _work_off(self.store, self.pressed_lately), self._worked, group="failing")

    def _worked(self, left: Backlog) -> None:
        before, self.left = self.left, left
        if left.runs:
            self._show_failing()
            self._look_for_modes()
        elif before is None or before.runs:
            self.in_background(lambda: _failing(self.store, recount=True), self._all_counted, group="failing")
        else:
            self._working = False

    def _all_counted(self, found: tuple[Failing, ModesPage | None]) -> None:
        self._working = False
        self.failing, self.page = found
        self._counted_at = time.monotonic()
        self._show_failing()
        # Their signals are known now.
        self.in_background(lambda: _newest(self.store), self._newest_loaded, group="newest")

    def _show_failing(self) -> None:
        count = len(self.modes) or len(self.failing.findings if self.failing else ())
        self._fill("#failing", self._failing_title(), count)
        self.refresh_bindings()

    def _newest_loaded(self, found: Newest) -> None:
        self.newest = found
        text = self.query_one("#home-text", Static)
        text.set_class(found.total > 0, "hidden")
        if not found.total:
            steps = [joined(cell(f"  {command}", 26, "bold $accent"), shown(words)) for command, words in _FIRST_STEPS]
            text.update(lines(shown("No traces yet. In another terminal:", "bold"), Content(""), *steps))
        since = f", {found.since_yesterday:,} of them in the last 24 hours" if found.since_yesterday else ""
        self._fill("#changed", f"Newest of {counted(found.total, 'run')}{since}", len(found.runs))
        for name in ("#failing", "#waiting", "#changed"):
            self.query_one(name).set_class(not found.total, "hidden")

    def _waiting_loaded(self, found: Waiting) -> None:
        self.waiting = found
        title = f"Waits for an expert: {found.total:,}" if found.total else _NOTHING_WAITS
        self._fill("#waiting", title, len(found.items))

    def _inbox_loaded(self, found: list[ToComplete]) -> None:
        self.inbox = found
        self._fill("#inbox", f"To complete: {counted(len(found), 'signed fail')}", len(found))
        self.query_one("#inbox").set_class(not found, "hidden")

    def _fill(self, name: str, title: str, count: int) -> None:
        rows, ids = self.query_one(name, RowList), self._ids()[name]
        marked = self._marked.get(name)
        rows.border_title = shown(title)
        # A reader at the top wants to stay at the top, where the new ones come in.
        rows.fill(count, ids.index(marked) if rows.cursor and marked in ids else rows.cursor)
        if count and not self._focused and (name == "#failing" or self.focused is None):
            rows.focus()
            self._focused = name == "#failing"

    @on(RowList.Marked)
    def _remember(self, event: RowList.Marked) -> None:
        name = f"#{event.rows.id}"
        if event.index < len(ids := self._ids()[name]):
            self._marked[name] = ids[event.index]

    def _ids(self) -> dict[str, list[object]]:
        """What stands in each list, by an id that stays when the rows move."""
        findings = self.failing.findings if self.failing else ()
        return {
            "#failing": [mode.row.id for mode in self.modes] or [entry.signal for entry in findings],
            "#inbox": [entry.verdict.uid for entry in self.inbox],
            "#waiting": [item.id for item in self.waiting.items] if self.waiting else [],
            "#changed": [run.id for run in self.newest.runs] if self.newest else [],
        }

    def _failing_title(self) -> str:
        left = f", {self.left.runs:,} more are being looked at" if self.left and self.left.runs else ""
        if self.page is not None and self.page.modes:
            return f"What is failing: {counted(self.page.total, 'mode')} in {counted(self.page.runs, 'run')}{left}"
        looked_at = self.failing.looked_at if self.failing else 0
        if self.failing is None or not self.failing.findings:
            if self.left is None or self.left.runs:
                return f"Looking for failures{left}"
            return f"Nothing is failing in the newest {counted(looked_at, 'run')}"
        return f"What is failing, in the newest {counted(looked_at, 'run')}{left}"

    def _failing_row(self, index: int, width: int) -> Content:
        if self.modes:
            return _mode_row(self.modes[index], width) if index < len(self.modes) else Content("")
        assert self.failing is not None
        finding = self.failing.findings[index]
        return joined(
            shown(f"{finding.traces:>4} {'run ' if finding.traces == 1 else 'runs'}  ", "bold $verdict-fail"),
            cell(finding.signal.replace("_", " "), 24, "bold"),
            cell(finding.example, 9, "$accent"),
            cell(finding.reason, max(width - 44, 10)),
        )

    def _inbox_row(self, index: int, width: int) -> Content:
        return inbox_row(self.inbox[index], width) if index < len(self.inbox) else Content("")

    def _waiting_row(self, index: int, width: int) -> Content:
        assert self.waiting is not None
        item = self.waiting.items[index]
        return joined(cell(item.short_id, 10, "bold"), cell(item.question, max(width - 10, 10)))

    def _newest_row(self, index: int, width: int) -> Content:
        assert self.newest is not None
        return run_row(self.newest.runs[index], width)

    @on(RowList.Chosen)
    async def _chosen(self, event: RowList.Chosen) -> None:
        if event.rows.id == "failing":
            assert self.failing is not None
            example = self.modes[event.index].typical if self.modes else self.failing.findings[event.index].example
            address = parse_trace_id(example)
            assert address is not None
            self.desk.open_trace(address.trace_id, address.step)
        elif event.rows.id == "changed":
            assert self.newest is not None
            self.desk.run_ids = [run.id for run in self.newest.runs]
            self.desk.open_trace(self.newest.runs[event.index].id)
        elif event.rows.id == "inbox":
            from .teaching import TeachingScreen

            self.app.push_screen(TeachingScreen(self.inbox[event.index].verdict))
        else:
            await self.app.switch_mode("review")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "runs":
            return bool(self.modes or (self.failing and self.failing.findings))
        return super().check_action(action, parameters)

    async def action_runs(self) -> None:
        cursor = self.query_one("#failing", RowList).cursor
        if self.modes:
            self.desk.query_line = f"mode:{self.modes[cursor].short_id}"
        elif self.failing is not None and self.failing.findings:
            self.desk.query_line = f"signal:{self.failing.findings[cursor].signal}"
        else:
            return
        await self.app.switch_mode("traces")

    def on_key(self) -> None:
        self._pressed_at = time.monotonic()

    def pressed_lately(self) -> bool:
        """Whether somebody is at the keys, so that work in the background waits for a moment."""
        return time.monotonic() - self._pressed_at < _QUIET_SECONDS


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


# The analysis behind these is imported in their threads, after the first paint.


def _newest(store: Store) -> Newest:
    from ...services.finding.overview import newest_runs

    return newest_runs(store)


def _waiting(store: Store) -> Waiting:
    from ...services.finding.overview import waiting_items

    return waiting_items(store)


def _inbox(store: Store) -> list[ToComplete]:
    from ...services.reviewing.inbox import to_complete

    return to_complete(store)


def _failing(store: Store, *, recount: bool) -> tuple[Failing, ModesPage | None]:
    from ...services.finding.overview import failing_now
    from ...services.modes.views import list_modes

    return failing_now(store), list_modes(store, limit=_MODES) if recount else None


def _work_off(store: Store, busy: Callable[[], bool]) -> Backlog:
    """One turn of the work in the background; it rests as long as it has worked, and while somebody presses keys."""
    from ...services.modes.catching_up import catch_up

    while busy():
        time.sleep(_QUIET_SECONDS)
    left = catch_up(store, seconds=_TURN_SECONDS)
    if left.runs:
        time.sleep(_TURN_SECONDS)
    return left
