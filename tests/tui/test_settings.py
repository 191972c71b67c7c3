"""Settings: the theme and whether it is remembered, where things are, and the health checks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.services.serving.health import Check
from retrospan.store.contract import Store
from retrospan.trust.folders import config_folder
from retrospan.tui.app import RetrospanApp
from retrospan.tui.screens import settings

CHECKS = [
    Check("python", True, "3.11.7 (cpython)"),
    Check("store", True, "store.db: 2 traces, 0 waiting to be assembled (ordinary)"),
    Check("meaning", True, "search is by words alone", "pip install 'retrospan[semantic]'"),
    Check("assistant", False, "cursor: retrospan → elsewhere.db", "retrospan connect cursor"),
    Check("model", True, "no key; the rest works without one", "set ANTHROPIC_API_KEY for `retrospan triage`"),
]


def test_chosen_theme_is_shown_and_remembered(store: Store) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("comma", "j", "j", "enter")
        assert hands.app.theme == "contrast" and "▸ ● contrast" in hands.text
        await hands.press("escape")
        assert hands.place == "HomeScreen"

    at_keyboard(RetrospanApp(store), walk)
    assert RetrospanApp(store).theme == "contrast"
    assert RetrospanApp(store, theme="daylight").theme == "daylight", "a theme that was named goes before"


@pytest.mark.parametrize("content", ["", "{", '{"theme": "gone"}', '{"theme": 3}', '{"newer": true}'])
def test_broken_preferences_keep_nobody_out(store: Store, content: str) -> None:
    config_folder().mkdir(parents=True)
    (config_folder() / "tui.json").write_text(content)
    assert RetrospanApp(store).theme == "retrospan"


def test_theme_that_cannot_be_remembered_is_shown_all_the_same(store: Store) -> None:
    config_folder().parent.mkdir(parents=True, exist_ok=True)
    config_folder().write_text("a file where the folder should be")

    async def walk(hands: Hands) -> None:
        await hands.press("comma", "j", "enter")
        assert hands.app.theme == "daylight" and "The theme is not remembered" in hands.text

    at_keyboard(RetrospanApp(store), walk)


@pytest.mark.parametrize(("name", "size"), [("settings", (110, 32)), ("settings-narrow", (80, 24))])
def test_it_says_what_doctor_says(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(settings, "check_health", lambda location: CHECKS)
    app = RetrospanApp(store, folder=Path("/home/ada/agent"))

    async def walk(hands: Hands) -> None:
        monkeypatch.setattr(store, "path", Path("/home/ada/store.db"))
        await hands.press("comma", "tab", "j", "j")
        assert "search is by words alone" in hands.text and "pip install 'retrospan[semantic]'" in hands.text
        assert "✗ assistant" in hands.text and "NO_COLOR=1" in hands.text
        assert_looks_as_before(hands, name)

    at_keyboard(app, walk, size=size)


def test_the_real_checks_are_shown(store: Store) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("comma")
        assert "✓ python" in hands.text and "0 traces" in hands.text

    at_keyboard(RetrospanApp(store), walk, size=(140, 40))


def test_the_first_picture_waits_for_nothing_heavy() -> None:
    script = (
        "import sys, retrospan.tui.app, retrospan.tui.screens.home; "
        "print([n for n in ('pydantic', 'cryptography', 'numpy', 'sqlalchemy', 'mcp') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
