"""The inbox and the form of a fail, as they look: typical, narrow, right to left, wide characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.model.reviews import Answer, Label
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.trust.session import ReviewSession
from retrospan.tui.app import RetrospanApp
from reviewdesk import QUESTION, Desk

WORDS = {
    "typical": ("The policy says 30 days.", "You have 30 days."),
    "rtl": ("السياسة تقول 30 يوما R-2044", "לפי המדיניות 30 ימים"),
    "cjk": ("規定には三十日以内と書いてあります。", "三十日以内に返品できます。"),
}


@pytest.mark.parametrize(
    ("name", "words", "size"),
    [("teaching", "typical", (100, 30)), ("teaching-narrow", "rtl", (80, 24)), ("teaching-wide", "cjk", (120, 30))],
)
def test_form_of_a_fail(
    desk: Desk, ada: ReviewSession, tmp_path: Path, name: str, words: str, size: tuple[int, int]
) -> None:
    reason, expected = WORDS[words]
    item = request_review(desk.store, "T1", QUESTION, by="agent:x")
    review = open_review(desk.store, item.id, ada.fingerprint)
    give_answer(desk.store, review.claim, Answer(Label.FAIL, reason=reason, expected=expected))
    sign_verdict(desk.store, ada, review)

    async def walk(hands: Hands) -> None:
        await hands.press("i")
        assert_looks_as_before(hands, name.replace("teaching", "inbox"))
        await hands.press("enter")
        assert all(label in hands.text for label in ("Why it went wrong", "Exactly these words", "Into the rubric"))
        assert "as it must" in hands.text
        assert_looks_as_before(hands, name)

    at_keyboard(RetrospanApp(desk.store, start="review", session=ada, folder=tmp_path), walk, size=size)
