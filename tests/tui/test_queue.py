"""The review queue of the terminal: how items begin, one queue, one's own, states that have something."""

from __future__ import annotations

import pytest
from conversations import Builder, says
from keyboard import Hands, at_keyboard
from retrospan.services.reviewing.asking import request_review
from retrospan.store.contract import Store
from retrospan.trust.session import ReviewSession
from retrospan.tui.app import RetrospanApp


@pytest.fixture
def ward(store: Store, traces: Builder) -> Store:
    asks = ["May I give ibuprofen?", "أين طلبي R-2044؟", "订单 R-7 什么时候到?", "Where is my refund?"]
    for number, words in enumerate(asks, 1):
        traces.add(says("user", words), says("assistant", "Yes."))
        to = ("Grace",) if number == 1 else ()
        item = request_review(store, number, f"Is answer {number} right?", by="rule:x", due="30d", assigned=to)
        with store.write() as con:
            con.execute("UPDATE review_item SET queue = :queue WHERE id = :item", placed(item.id))
    return store


def placed(item: int) -> dict[str, object]:
    return {"item": item, "queue": "ward" if item < 3 else "shop"}


def test_rows_begin_with_what_was_said_and_can_be_narrowed(ward: Store, ada: ReviewSession) -> None:
    app = RetrospanApp(ward, start="review", session=ada)

    async def walk(hands: Hands) -> None:
        assert "4 wait for an answer" in hands.text and "May I give ibuprofen?" in hands.text
        await hands.press("w")
        assert "queue shop" in hands.text and "ibuprofen" not in hands.text
        await hands.press("w", "m")
        assert "1 wait for an answer · queue ward · for you" in hands.text
        assert "May I give ibuprofen?" not in hands.text
        await hands.press("m", "w")
        assert "4 wait for an answer" in hands.text
        assert "due in 30 days" in hands.text and "m Mine" in hands.lines[-1]

    at_keyboard(app, walk, size=(110, 24))


def test_a_narrow_queue_shows_how_each_begins(ward: Store, ada: ReviewSession) -> None:
    app = RetrospanApp(ward, start="review", session=ada)

    async def walk(hands: Hands) -> None:
        assert "Where is my refund?" in hands.text
        await hands.press("v")
        assert "4 wait for an answer" in hands.text

    at_keyboard(app, walk, size=(60, 20))
