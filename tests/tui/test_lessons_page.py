"""The lessons page: what has lost its ground comes first, and is kept or taken back there."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyboard import Hands, at_keyboard
from retrospan.model.reviews import AppliesTo, Lesson, LessonStatus
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.store.knowledge.lookup import get_lesson, list_lessons
from retrospan.trust.session import ReviewSession
from retrospan.tui.app import RetrospanApp
from reviewdesk import Desk


@pytest.mark.usefixtures("quick")
def test_lessons_whose_ground_has_moved_come_first_and_are_kept_or_taken_back(
    desk: Desk, ada: ReviewSession, tmp_path: Path
) -> None:
    scope = AppliesTo(files=("prompts/answer.md",))
    parts = ("It promised 45 days.", "Not read.", "Quote the policy.")
    for name in ("moved", "steady"):
        lesson = Lesson(name, f"Quote the window, {name}", *parts, scope if name == "moved" else AppliesTo())
        confirm_lesson(desk.store, ada, lesson, tmp_path)
    app = RetrospanApp(desk.store, start="lessons", session=ada, folder=tmp_path)

    async def walk(hands: Hands) -> None:
        await hands.press("down", "up")
        assert "? still true" in hands.text and "prompts/answer.md is gone" in hands.text, hands.text
        assert "from no verdict · no case guards it" in hands.text
        await hands.press("T", "y")
        assert {lesson.id for lesson in list_lessons(app.store) if lesson.status is LessonStatus.CONFIRMED} == {
            "moved-r2",
            "steady",
        }
        await hands.press("X")
        await hands.type("The policy changed.")
        await hands.press("enter", "y")

    at_keyboard(app, walk)
    lesson = get_lesson(app.store, "moved-r2")
    assert lesson.stale_because == "retracted by Ada: The policy changed."
