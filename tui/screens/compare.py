"""Two groups of runs side by side: is one better, which tasks moved, what else changed beyond chance."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from ...model.errors import RetrospanError
from ...services.finding.comparing import Compared, compare_runs, known_versions
from ..gate import counted, joined, lines, shown
from ..group_rows import GroupRow, group_rows
from ..widgets.row_list import RowList
from .base import BREAKPOINTS, MainScreen


class CompareScreen(MainScreen):
    """A search line for each side above, what differs below."""

    guide = (
        "Name two versions (v3 and v4), two windows (since:14d until:7d and since:7d) or any two search lines. ≠ marks "
        "what changed beyond chance; ├─●─┤ is the change with its 95 % interval, ┊ no change. Enter on a row shows "
        "its runs."
    )
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "search", "Choose groups", key_display="/")]

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[GroupRow] = []

    def body(self) -> ComposeResult:
        with Horizontal(id="sides"):
            yield Input(placeholder="before: v3, or a search line", id="left-line")
            yield Input(placeholder="after: v4, or a search line", id="right-line")
        yield Static(Content(""), id="verdict")
        yield RowList(self._row, id="changes", classes="framed")

    def on_mount(self) -> None:
        self.set_title("Compare")
        self.query_one("#left-line").focus()
        self.in_background(lambda: known_versions(self.store), self._suggest, group="versions")

    def _suggest(self, versions: list[str]) -> None:
        newest = sorted(versions)[-2:]
        left, right = self.query_one("#left-line", Input), self.query_one("#right-line", Input)
        if len(newest) == 2 and not left.value and not right.value:
            left.value, right.value = newest
        held = f"Versions here: {', '.join(versions)}." if versions else "No run names its version."
        example = joined(shown("since:14d until:7d", "$accent"), shown(" against "), shown("since:7d", "$accent"))
        if not self.rows:
            self._say(
                lines(
                    shown("Enter compares the two groups.", "bold"),
                    shown(held),
                    joined(shown("A group is a version or any search line: "), example, shown(".")),
                )
            )

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        left, right = (self.query_one(name, Input) for name in ("#left-line", "#right-line"))
        if not left.value.strip() or not right.value.strip():
            (left if event.input is right else right).focus()
            return
        self.action_reload()

    def action_reload(self) -> None:
        left, right = (self.query_one(name, Input).value.strip() for name in ("#left-line", "#right-line"))
        if left and right:
            self._say(shown("Comparing …", "$quiet"))
            self.in_background(lambda: compare_runs(self.store, left, right), self._compared)

    def news(self) -> None:
        """A comparison stays as it was read; R reads it again."""

    def failed(self, err: RetrospanError) -> None:
        self._fill([])
        self._say(shown(str(err), "$error"))

    def _compared(self, compared: Compared) -> None:
        c = compared.comparison
        groups = f"{counted(c.left_n, 'run')} against {counted(c.right_n, 'run')}"
        self._say(lines(shown(c.verdict, "bold"), shown(groups, "$quiet")))
        self._fill(group_rows(compared))
        self.query_one("#changes").focus()

    def _say(self, words: Content) -> None:
        self.query_one("#verdict", Static).update(words)

    def _fill(self, rows: list[GroupRow]) -> None:
        self.rows = rows
        self.query_one("#changes", RowList).fill(len(rows))

    def _row(self, index: int, width: int) -> Content:
        return self.rows[index].draw(width) if index < len(self.rows) else Content("")

    @on(RowList.Chosen, "#changes")
    async def _chosen(self, event: RowList.Chosen) -> None:
        query = self.rows[event.index].query
        if query is not None:
            self.desk.query_line = query
            await self.app.switch_mode("traces")

    def action_search(self) -> None:
        self.query_one("#left-line").focus()

    def action_back(self) -> None:
        self.query_one("#changes").focus()
