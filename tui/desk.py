"""What a screen asks of its app: the store, the person at the keyboard, and the ways to other screens."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.screen import Screen

from ..model.text.display import safe_line
from ..store.contract import Store

if TYPE_CHECKING:
    from ..trust.session import ReviewSession


class Desk(App[None]):
    """An app on one store.

    Args:
        store: What to show; the caller opens and closes it.
        session: The reviewer whose key is unlocked; None asks when one is needed.
        reviewer: Name of the reviewer to ask for; None takes the only key that lies here.
        folder: The project whose `.retrospan` folder takes confirmed lessons, cases and rubrics.
    """

    def __init__(
        self,
        store: Store,
        *,
        session: ReviewSession | None = None,
        reviewer: str | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self.store = store
        self.session = session
        self.reviewer = reviewer
        self.folder = folder or Path.cwd()
        self.query_line = ""
        """What the explorer searches for; other screens set it before they go there."""
        self.run_ids: list[int] = []
        """The runs of the list that a run was opened from, in its order."""

    @property
    def who(self) -> str:
        """The person at the keyboard, as requests name them."""
        return f"human:{self.session.name}" if self.session else "human:terminal"

    def tell(self, words: str, *, error: bool = False) -> None:
        """A short message that goes away by itself; made safe, and no markup is read in it."""
        self.clear_notifications()
        self.notify(
            safe_line(words, 400), severity="error" if error else "information", timeout=8 if error else 4, markup=False
        )

    @abstractmethod
    def with_session(self, then: Callable[[ReviewSession], None]) -> None:
        """Go on with an unlocked reviewer; asks for the passphrase where none is unlocked yet."""

    @abstractmethod
    def open_next_item(self, after: int) -> None:
        """Leave an item for the most urgent one that this reviewer can still answer."""

    @abstractmethod
    def open_trace(self, trace_id: int, step: int | None = None) -> None:
        """Show one run, at one of its steps."""

    @abstractmethod
    def open_inbox(self) -> None:
        """Show the signed fails that wait for an engineer."""

    @abstractmethod
    def open_judges(self) -> None:
        """Show whether judges may be trusted."""

    @abstractmethod
    def open_settings(self) -> None:
        """Show the settings above what is there."""

    @abstractmethod
    def open_help(self, about: Screen[None]) -> None:
        """Show what a screen is for, and its keys."""

    @abstractmethod
    def use_theme(self, name: str) -> None:
        """Show these colours from now on, also at the next start."""
