"""What every screen has: a title line, `?` for its keys, escape to go back, slow work off the screen's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import WorkType

from ...model.errors import RetrospanError
from ...store.contract import Store
from ..desk import Desk
from ..gate import shown
from ..leaving import is_going

T = TypeVar("T")
LIVE_SECONDS = 2.0
"""How often a main screen asks the store whether anything is new."""
BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
"""Below 100 columns, what stands side by side stands one below the other."""


class AppScreen(Screen[None]):
    """A screen of the app. Subclasses say what they are in `guide` and put their widgets into `body`."""

    guide: ClassVar[str] = ""
    """One or two sentences for the help page."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("escape", "back", "Back", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Static(Content(""), id="title")
        yield from self.body()
        yield Footer(compact=True, show_command_palette=False)

    def body(self) -> ComposeResult:
        """The widgets between title and footer."""
        yield from ()

    @property
    def store(self) -> Store:
        return self.desk.store

    @property
    def desk(self) -> Desk:
        """The app, by its own type."""
        return cast(Desk, self.app)

    def set_title(self, *parts: str) -> None:
        """Show where the reader is: `Retrospan › Traces › T412`."""
        words = [shown("Retrospan", "bold $accent")]
        for part in parts:
            words += [shown(" › ", "$quiet"), shown(part)]
        self.query_one("#title", Static).update(Content.assemble(*words))

    def tell(self, words: str, *, error: bool = False) -> None:
        """A short message that goes away by itself."""
        self.desk.tell(words, error=error)

    def in_background(self, work: Callable[[], T], then: Callable[[T], None], *, group: str = "load") -> None:
        """Run `work` in a thread and hand its result to `then`; a newer call of the same group makes it void."""

        async def run() -> None:
            try:
                result = await asyncio.to_thread(work)
            except RetrospanError as err:
                self.failed(err)
                return
            if not is_going(self):
                then(result)

        worker: WorkType[None] = run
        self.run_worker(worker, group=group, exclusive=True)

    def attempt(self, act: Callable[[], T]) -> T | None:
        """Do something quick at once; where the store refuses, the reader is told why and the app goes on."""
        try:
            return act()
        except RetrospanError as err:
            self.failed(err)
            return None

    def failed(self, err: RetrospanError) -> None:
        """Background work could not be done; the reader is told why."""
        self.tell(str(err), error=True)

    def action_help(self) -> None:
        self.desk.open_help(self)

    def action_back(self) -> None:
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()


class Newsreel(AppScreen):
    """A screen that notices what is written to the store while it is on top."""

    _mark: object = None

    def watch_for_news(self) -> None:
        """Ask the store every few seconds; call it once, when mounted."""
        self._mark = self._change_mark()
        self.set_interval(LIVE_SECONDS, self._look_for_news)

    def _change_mark(self) -> object:
        try:
            return self.store.change_mark()
        except RetrospanError:
            return self._mark

    def _look_for_news(self) -> None:
        if not self.is_current:
            return
        mark = self._change_mark()
        if mark != self._mark:
            self._mark = mark
            self.news()

    def news(self) -> None:
        """Another process, or another thread of this one, has written to the store."""


class MainScreen(Newsreel):
    """A screen that is always one key away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "go('home')", "Home"),
        Binding("t", "go('traces')", "Traces"),
        Binding("r", "go('review')", "Review"),
        Binding("l", "go('lessons')", "Lessons"),
        Binding("c", "go('cases')", "Cases"),
        Binding("d", "go('compare')", "Compare"),
        Binding("i", "inbox", "To complete"),
        Binding("J", "judges", "Judges", show=False),
        Binding("comma", "settings", "Settings", key_display=",", show=False),
        Binding("q", "app.quit", "Quit"),
        Binding("R,f5", "reload", "Reload", show=False),
    ]

    def on_mount(self) -> None:
        self.watch_for_news()

    def news(self) -> None:
        self.action_reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the screen one is on out of the footer."""
        return not (action == "go" and parameters == (self.app.current_mode,))

    def action_settings(self) -> None:
        self.desk.open_settings()

    def action_judges(self) -> None:
        self.desk.open_judges()

    def action_inbox(self) -> None:
        self.desk.open_inbox()

    async def action_go(self, mode: str) -> None:
        await self.app.switch_mode(mode)

    def action_reload(self) -> None:
        """Read from the store again."""
