"""The terminal app: home, traces, review queue and lessons, each one key away."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ScreenStackError, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Event, InputEvent
from textual.screen import Screen
from textual.widget import AwaitMount

from ..model.errors import RetrospanError
from ..store.contract import Store
from .desk import Desk
from .leaving import came_too_late
from .preferences import load_preferences, save_preferences
from .themes import THEME_WORDS, THEMES, meaning_colours

if TYPE_CHECKING:
    from ..trust.session import ReviewSession


def _home() -> Screen[None]:
    from .screens.home import HomeScreen

    return HomeScreen()


def _traces() -> Screen[None]:
    from .screens.explorer import ExplorerScreen

    return ExplorerScreen()


def _review() -> Screen[None]:
    from .screens.queue import QueueScreen

    return QueueScreen()


def _lessons() -> Screen[None]:
    from .screens.lessons import LessonsScreen

    return LessonsScreen()


def _cases() -> Screen[None]:
    from .screens.cases import CasesScreen

    return CasesScreen()


def _compare() -> Screen[None]:
    from .screens.compare import CompareScreen

    return CompareScreen()


class RetrospanApp(Desk):
    """The terminal app on one store.

    Args:
        store: What to show; the caller opens and closes it.
        start: Which main screen comes first: home, traces, review, lessons, cases or compare.
        session: The reviewer whose key is unlocked; None asks when one is needed.
        reviewer: Name of the reviewer to ask for; None takes the only key that lies here.
        folder: The project whose `.retrospan` folder takes confirmed lessons, cases and rubrics.
        theme: Name of a theme; `contrast` is made for low vision. None takes the one that was chosen last.
    """

    TITLE = "Retrospan"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {
        "home": _home,
        "traces": _traces,
        "review": _review,
        "lessons": _lessons,
        "cases": _cases,
        "compare": _compare,
    }
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True)]

    def __init__(
        self,
        store: Store,
        *,
        start: str = "home",
        session: ReviewSession | None = None,
        reviewer: str | None = None,
        folder: Path | None = None,
        theme: str | None = None,
    ) -> None:
        super().__init__(store, session=session, reviewer=reviewer, folder=folder)
        self._start = start
        for entry in THEMES:
            self.register_theme(entry)
        wanted = theme or load_preferences().theme
        self.theme = wanted if wanted in self.available_themes else THEMES[0].name

    async def on_event(self, event: Event) -> None:
        try:
            await super().on_event(event)
        except ScreenStackError:
            # A key that came while a main screen is being made: there is nothing yet that it could be for.
            if not isinstance(event, InputEvent):
                raise

    def _handle_exception(self, error: Exception) -> None:
        # The one place that every handler, worker and timer of Textual reports to.
        if not came_too_late(error):
            super()._handle_exception(error)

    def action_command_palette(self) -> None:
        from .widgets.palette import Palette

        if self.use_command_palette and not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def switch_mode(self, mode: str) -> AwaitMount:
        from .widgets.palette import Palette

        # A palette that stayed below another main screen would be there, and of no use, on the way back.
        if mode != self.current_mode and isinstance(self.screen, Palette):
            self.pop_screen()
        return super().switch_mode(mode)

    def get_css_variables(self) -> dict[str, str]:
        return meaning_colours(super().get_css_variables())

    async def on_mount(self) -> None:
        await self.switch_mode(self._start)

    def on_unmount(self) -> None:
        if self.session is not None and not self.session.demo:
            self.session.lock()

    def with_session(self, then: Callable[[ReviewSession], None]) -> None:
        if self.session is not None and not self.session.locked:
            then(self.session)
            return
        from .unlocking import unlock

        def unlocked(session: ReviewSession) -> None:
            self.session = session
            then(session)

        unlock(self, unlocked)

    def open_next_item(self, after: int) -> None:
        from ..services.reviewing.asking import list_reviews
        from .screens.item import ItemScreen

        self.pop_screen()
        if self.session is None:
            return
        waiting = list_reviews(self.store, reviewer=self.session.fingerprint, limit=2)
        waiting = [item for item in waiting if item.id != after]
        if waiting:
            self.push_screen(ItemScreen(waiting[0], self.session.fingerprint))
        else:
            self.tell("Nothing else waits for you.")

    def open_trace(self, trace_id: int, step: int | None = None) -> None:
        from .screens.trace import TraceScreen

        self.push_screen(TraceScreen(trace_id, step))

    def open_inbox(self) -> None:
        from .screens.inbox import InboxScreen

        self.push_screen(InboxScreen())

    def open_judges(self) -> None:
        from .screens.judges import JudgesScreen

        self.push_screen(JudgesScreen())

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for mode, title, words in (
            ("home", "Home", "What is failing, what waits for you, what is new"),
            ("traces", "Traces", "Search and read runs"),
            ("review", "Review queue", "Answer the questions that wait for people"),
            ("lessons", "Lessons", "What was learned so far"),
            ("cases", "Cases and coverage", "What is tested, and which ways of the runs are not"),
            ("compare", "Compare", "Two versions, windows or groups of runs"),
        ):
            yield SystemCommand(title, words, lambda mode=mode: self.switch_mode(mode))
        yield SystemCommand("To complete", "Signed fails that nothing has come of yet", self.open_inbox)
        yield SystemCommand("Judges", "May a judge be trusted, and what to do next", self.open_judges)
        yield SystemCommand("Settings", "Theme, store, reviewer, and whether all is in order", self.open_settings)
        for name, words in THEME_WORDS.items():
            yield SystemCommand(f"Theme: {name}", words, lambda name=name: self.use_theme(name))
        yield SystemCommand("Other themes", "Choose among all", self.action_change_theme)
        yield SystemCommand("Quit", "Leave Retrospan", self.action_quit)

    def open_help(self, about: Screen[None]) -> None:
        from .screens.base import AppScreen
        from .screens.help import HelpScreen

        assert isinstance(about, AppScreen)
        self.push_screen(HelpScreen(about))

    def open_settings(self) -> None:
        from .screens.settings import SettingsScreen

        self.push_screen(SettingsScreen())

    def use_theme(self, name: str) -> None:
        self.theme = name
        try:
            save_preferences(replace(load_preferences(), theme=name))
        except (RetrospanError, OSError) as err:
            self.tell(f"The theme is not remembered: {err}", error=True)
