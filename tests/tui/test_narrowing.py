"""The explorer's help with a search: completion, facets, other orders, kept searches, columns where there is room."""

from __future__ import annotations

from pathlib import Path

import pytest
from conversations import Builder, says
from keyboard import Hands, at_keyboard
from retrospan.store.contract import Store
from retrospan.tui import runs
from retrospan.tui.app import RetrospanApp
from retrospan.tui.preferences import load_preferences, save_preferences
from retrospan.tui.widgets.search_line import completion


@pytest.fixture
def app(store: Store, traces: Builder) -> RetrospanApp:
    for number in range(1, 5):
        more = [says("user", "and then?"), says("assistant", "then this")] * number
        outcome, version = ("fail", "v2") if number % 2 else ("pass", "v1")
        traces.add(says("user", f"question {number}"), *more, project="shop", outcome=outcome, version=version)
    return RetrospanApp(store, start="traces")


def test_what_the_runs_hold_narrows_them(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        assert "4 runs" in hands.text
        await hands.press("f")
        assert "outcome:fail" in hands.text and "2 runs" in hands.text
        row = next(number for number, line in enumerate(hands.lines) if "outcome:pass" in line)
        first = next(number for number, line in enumerate(hands.lines) if "▸" in line and ":" in line)
        await hands.press(*["j"] * (row - first), "enter")
        assert "2 runs" in hands.text and "outcome:pass" in hands.text

    at_keyboard(app, walk)


def test_a_half_typed_word_is_completed(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("slash", "v", "e", "r", "s", "right", "v", "1", "enter")
        assert app.query_line == "version:v1" and "2 runs" in hands.text

    at_keyboard(app, walk)


@pytest.mark.parametrize("word", ["", "-", "zzz", "outcome:fail", "tool:", "outcome:zz"])
def test_what_nothing_begins_with_is_left_alone(word: str) -> None:
    assert completion(word, {}) is None


def test_runs_stand_in_the_order_that_is_asked(app: RetrospanApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("o", "o")
        assert "most steps first" in hands.text
        asked = [line for line in hands.lines if "question " in line]
        assert [line[line.index("question ") + 9] for line in asked] == ["4", "3", "2", "1"]
        monkeypatch.setattr(runs, "MOST_SORTED", 3)
        await hands.press("R")
        assert "too many to put in another order" in hands.text

    at_keyboard(app, walk)


def test_a_kept_search_is_there_at_the_next_start(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("slash")
        await hands.type("outcome:fail version:v2")
        await hands.press("enter", "s")
        assert "Kept" in hands.text

    async def later(hands: Hands) -> None:
        await hands.press("S", "enter")
        assert again.query_line == "outcome:fail version:v2" and "2 runs" in hands.text

    at_keyboard(app, walk)
    assert load_preferences().searches == ("outcome:fail version:v2",)
    again = RetrospanApp(app.store, start="traces")
    at_keyboard(again, later)


def test_a_damaged_file_of_searches_keeps_nobody_out(tmp_path: Path) -> None:
    save_preferences(load_preferences())
    from retrospan.trust.folders import config_folder

    (config_folder() / "tui.json").write_text('{"theme": 3, "searches": [1, "x", null]}')
    assert load_preferences().searches == ("x",)
    assert load_preferences().theme == "retrospan"


def test_a_wide_screen_shows_what_runs_are(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        assert "version" in hands.text and "tokens" in hands.text
        await hands.resize(90, 24)
        assert "tokens" not in hands.text

    at_keyboard(app, walk, size=(150, 24))
