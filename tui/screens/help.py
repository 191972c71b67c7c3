"""`?`: what a screen is for, and its keys."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ..gate import cell, joined, lines, shown
from .base import AppScreen

_GENERAL = "Tab goes to the next part · ctrl+p opens the command palette · the mouse works too, but is never needed"
_LISTS = "Lists: j/k or arrows move, g/G first and last, Enter opens. Texts: j/k, space and ctrl+u page."
_OWN_KEYS = {"up": "↑", "down": "↓", "question_mark": "?", "escape": "esc", "enter": "enter"}


class HelpScreen(ModalScreen[None]):
    """Keys of the screen below, from the bindings that are really there."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q,enter", "dismiss", "Close")]

    def __init__(self, about: AppScreen) -> None:
        super().__init__()
        self._guide = about.guide
        self._keys = _keys_of(about)

    def compose(self) -> ComposeResult:
        rows = [joined(cell(key, 14, "bold $accent"), shown(words)) for key, words in self._keys]
        with Vertical(classes="box", id="help-box"), VerticalScroll(id="help-text"):
            yield Static(
                lines(
                    shown(self._guide),
                    Content(""),
                    *rows,
                    Content(""),
                    shown(_LISTS, "$quiet"),
                    shown(_GENERAL, "$quiet"),
                    shown("esc closes this page", "$quiet"),
                )
            )


def _keys_of(screen: AppScreen) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for cls in type(screen).__mro__:
        if issubclass(cls, AppScreen):
            for entry in vars(cls).get("BINDINGS", ()):
                assert isinstance(entry, Binding)
                keys = [_OWN_KEYS.get(key, key) for key in entry.key.split(",")]
                found.setdefault(entry.description, []).append(entry.key_display or " ".join(keys))
    return [(" ".join(keys), words) for words, keys in found.items()]
