"""Text of a hostile run is seen and never obeyed, on every screen and on a real terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from hostile import ALL, hostile_run
from keyboard import Hands, at_keyboard
from retrospan.model.reviews import Lesson
from retrospan.model.traces import SpanBatch
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from retrospan.services.reviewing.asking import propose_verdict, request_review
from retrospan.services.reviewing.citing import Citation
from retrospan.store.reviews.verdicts import list_verdicts
from retrospan.store.traces.commit import commit_batch
from retrospan.trust.session import ReviewSession
from retrospan.tui.app import RetrospanApp
from reviewdesk import Desk

pytestmark = [pytest.mark.slow, pytest.mark.always]

_OBEYED = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_JOINER = "\u200d"


def unsafe(lines: Iterable[str]) -> set[str]:
    """Characters on the screen that a terminal would obey or not show."""
    return {c for line in lines for c in line if unicodedata.category(c) in _OBEYED and c != _JOINER}


async def assert_inert(hands: Hands) -> None:
    """Nothing on the screen is a control character, a link or an action."""
    assert unsafe(hands.lines) == set()
    assert [style for style in hands.styles if style.link or any("click" in key for key in style.meta)] == []


@pytest.fixture
def hostile(desk: Desk) -> Desk:
    commit_batch(desk.store, SpanBatch(spans=[*hostile_run(), *hostile_run("hostile-too")]))
    item = request_review(desk.store, "hostile", ALL, by=ALL, focus=("h2",), reason=ALL)
    propose_verdict(
        desk.store, item.short_id, label="fail", explanation=ALL, cited=[Citation("1", "clipboard")], by=ALL
    )
    lesson = Lesson(id="hostile", title=ALL[:60], what_happened=ALL, why=ALL, what_to_do=ALL[:250])
    propose_lesson(desk.store, LessonDraft(lesson), by="agent:x")
    return desk


def test_every_screen_shows_a_hostile_run_and_obeys_nothing(hostile: Desk, ada: ReviewSession) -> None:
    app = RetrospanApp(hostile.store, session=ada)

    async def walk(hands: Hands) -> None:
        for keys in (
            ["question_mark", "escape", "tab", "tab"],
            ["t", "enter", "j", "x", "j", "x", "tab", "G"],
            ["s", "j", "escape", "d", "n", "x", "escape", "a", "escape", "escape"],
            ["l", "tab", "G"],
            ["t", "enter", "t", "j", "G", "escape"],
            ["c", "tab", "enter", "escape", "h", "v"],
            ["d", "enter", "escape", "G", "h", "comma", "tab", "j", "escape"],
        ):
            for key in keys:
                await hands.press(key)
                await assert_inert(hands)

    at_keyboard(app, walk)


@pytest.mark.usefixtures("quick")
def test_hostile_item_is_reviewed_and_only_the_reviewer_signs(
    hostile: Desk, ada: ReviewSession, tmp_path: Path
) -> None:
    app = RetrospanApp(hostile.store, start="review", session=ada, folder=tmp_path)

    async def walk(hands: Hands) -> None:
        await assert_inert(hands)
        for key in ["enter", "e", "j", "j", "enter", "x", "escape", "f"]:
            await hands.press(key)
            await assert_inert(hands)
        for row in range(4, 20):
            await hands.pilot.click(offset=(12, row))
        assert list_verdicts(hostile.store) == [] and app.is_running
        hands.app.screen.query_one("#reason").focus()
        await hands.type(ALL)
        for key in ["enter", "S", "y", "a", "a", "a"]:
            await hands.press(key)
            await assert_inert(hands)

    at_keyboard(app, walk)
    assert [verdict.confirmed for verdict in list_verdicts(hostile.store)] == [True]
    written = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*") if path.is_file()}
    assert written <= {".retrospan", "user", "store.db", "store.db-wal", "store.db-shm"}


def test_search_line_with_markup_is_shown_as_typed(hostile: Desk) -> None:
    app = RetrospanApp(hostile.store, start="traces")

    async def walk(hands: Hands) -> None:
        await hands.press("slash")
        await hands.type("statsu:[@click=app.quit]x[/]")
        await hands.press("enter")
        assert "statsu:[@click=app.quit]x[/]" in hands.text and "did you mean" in hands.text
        await assert_inert(hands)

    at_keyboard(app, walk)
