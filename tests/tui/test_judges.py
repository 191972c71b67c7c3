"""The screen that says whether a judge may be trusted: in words first, then in pictures, then run by run."""

from __future__ import annotations

import pytest
from judgedesk import judge_all, judged_desk
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.store.contract import Store
from retrospan.tui.app import RetrospanApp
from reviewdesk import Desk


@pytest.mark.parametrize(("name", "size"), [("judges", (120, 46)), ("judges-narrow", (80, 30))])
def test_the_answer_comes_first_and_then_what_to_do(desk: Desk, name: str, size: tuple[int, int]) -> None:
    judged_desk(desk, runs=60, labels=46)
    judge_all(desk, list(range(1, 61)), {6, 9, 10, 12, 14, 20, 22})
    app = RetrospanApp(desk.store, start="lessons")

    async def walk(hands: Hands) -> None:
        await hands.press("J")
        assert hands.place == "JudgesScreen"
        assert "Nobody knows yet whether this judge is right" in hands.text
        assert "Next: review more of its runs" in hands.text
        assert "people fail, judge pass" in hands.text
        assert_looks_as_before(hands, name)

    at_keyboard(app, walk, size=size)


def test_a_run_where_they_differ_is_one_key_away(desk: Desk) -> None:
    judged_desk(desk, runs=60, labels=46)
    judge_all(desk, list(range(1, 61)), set(range(1, 30)))
    app = RetrospanApp(desk.store, start="lessons")

    async def walk(hands: Hands) -> None:
        await hands.press("J", "tab", "enter")
        assert hands.place == "TraceScreen"

    at_keyboard(app, walk)


def test_without_a_judge_it_says_how_to_ask_one(store: Store) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("J")
        assert "No judge has answered yet." in hands.text
        assert "retrospan judge probe" in hands.text

    at_keyboard(RetrospanApp(store), walk)
