"""How the app looks and what it works on: theme, store, reviewer, and what `retrospan doctor` says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from ...services.serving.health import Check, check_health
from ..gate import cell, joined, lines, shown, shown_line
from ..themes import THEME_WORDS
from ..widgets.row_list import RowList
from .base import AppScreen

_NAME = 14


class SettingsScreen(AppScreen):
    """The themes above, then where things are, then the health checks."""

    guide = (
        "Enter takes the marked theme; it is remembered. NO_COLOR=1 in the environment turns colours off: every mark "
        "has a sign of its own. Below stands what `retrospan doctor` finds, with the next step where one is due."
    )
    BINDINGS: ClassVar[list[BindingType]] = [Binding("R,f5", "reload", "Check again")]

    def __init__(self) -> None:
        super().__init__()
        self.themes = tuple(THEME_WORDS)
        self.checks: Sequence[Check] = ()

    def body(self) -> ComposeResult:
        yield RowList(self._theme, id="themes", classes="framed")
        yield Static(Content(""), id="places", classes="note")
        yield RowList(self._check, id="checks", classes="framed")
        yield Static(Content(""), id="next-step", classes="note")

    def on_mount(self) -> None:
        self.set_title("Settings")
        themes = self.query_one("#themes", RowList)
        themes.border_title = shown("Theme")
        current = self.themes.index(self.app.theme) if self.app.theme in self.themes else 0
        themes.fill(len(self.themes), current)
        themes.focus()
        self.query_one("#checks").border_title = shown("retrospan doctor")
        self._show_places()
        self.action_reload()

    def on_resize(self) -> None:
        self._show_places()

    def action_reload(self) -> None:
        where = self.store.location
        self.in_background(lambda: check_health(where), self._checked)

    def _checked(self, checks: Sequence[Check]) -> None:
        self.checks = checks
        self.query_one("#checks", RowList).fill(len(checks))

    def _show_places(self) -> None:
        session = self.desk.session
        if session is not None:
            reviewer = f"{session.name}, unlocked until you leave"
        else:
            reviewer = f"{self.desk.reviewer or 'nobody yet'}; the passphrase is asked for when you sign"
        colours = "off (NO_COLOR is set)" if os.environ.get("NO_COLOR") else "on; NO_COLOR=1 turns them off"
        kind = "" if self.store.kind == "ordinary" else f" ({self.store.kind})"
        facts = (
            ("colours", colours),
            ("store", f"{self.store.location}{kind}{', read-only' if self.store.read_only else ''}"),
            ("project", f"{self.desk.folder}: confirmed lessons and cases go to its .retrospan folder"),
            ("reviewer", reviewer),
        )
        width = max(self.size.width - _NAME - 2, 20)
        rows = [joined(cell(name, _NAME, "$quiet"), shown_line(words, width)) for name, words in facts]
        self.query_one("#places", Static).update(lines(*rows))

    def _theme(self, index: int, width: int) -> Content:
        name = self.themes[index]
        sign = shown("● ", "bold $accent") if name == self.app.theme else shown("○ ", "$quiet")
        return joined(sign, cell(name, _NAME - 2, "bold"), cell(THEME_WORDS[name], max(width - _NAME, 8)))

    def _check(self, index: int, width: int) -> Content:
        if index >= len(self.checks):
            return Content("")
        check = self.checks[index]
        sign, style = ("✓ ", "$verdict-pass") if check.ok else ("✗ ", "bold $verdict-fail")
        return joined(shown(sign, style), cell(check.name, _NAME - 2, "bold"), cell(check.found, max(width - _NAME, 8)))

    @on(RowList.Chosen, "#themes")
    def _use(self, event: RowList.Chosen) -> None:
        self.desk.use_theme(self.themes[event.index])
        self.query_one("#themes").refresh()

    @on(RowList.Marked, "#checks")
    def _explain(self, event: RowList.Marked) -> None:
        if event.index < len(self.checks):
            check = self.checks[event.index]
            step = joined(shown("→ ", "bold $accent"), shown(check.next_step)) if check.next_step else Content("")
            self.query_one("#next-step", Static).update(lines(shown(check.found), step))
