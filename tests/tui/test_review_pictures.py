"""How the review screens look: typical, crowded, narrow, and in high contrast."""

from __future__ import annotations

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.model.traces import Message, Span, SpanBatch, StepKind
from retrospan.services.reviewing.asking import request_review
from retrospan.store.contract import Store
from retrospan.store.traces.commit import commit_batch
from retrospan.trust.session import ReviewSession
from retrospan.tui.app import RetrospanApp
from reviewdesk import QUESTION, Desk


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("name", "size"), [("item", (110, 32)), ("item-narrow", (80, 24))])
def test_item_before_and_after_the_answer(queue: Desk, ada: ReviewSession, name: str, size: tuple[int, int]) -> None:
    app = RetrospanApp(queue.store, start="review", session=ada)

    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        assert_looks_as_before(hands, name)
        await hands.press("3")
        await hands.type("The policy says 30 days.")
        await hands.press("enter")
        assert_looks_as_before(hands, f"{name}-revealed")

    at_keyboard(app, walk, size=size)


@pytest.mark.usefixtures("quick")
def test_item_in_high_contrast(queue: Desk, ada: ReviewSession) -> None:
    app = RetrospanApp(queue.store, start="review", session=ada, theme="contrast")

    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        assert_looks_as_before(hands, "item-contrast")

    at_keyboard(app, walk, size=(110, 32))


@pytest.mark.usefixtures("quick")
def test_long_conversation_opens_at_its_evidence(store: Store, ada: ReviewSession) -> None:
    spans = []
    for number in range(300):
        span = Span("long", f"s{number}", "chat", StepKind.LLM, sequence=number, started_at_ns=1_000 * number)
        span.input_messages = (Message("user", f"Question {number}? " * 8),)
        span.output_messages = (Message("assistant", f"Answer {number}. " * 20),)
        spans.append(span)
    commit_batch(store, SpanBatch(spans=spans))
    request_review(store, "long", QUESTION, by="agent:claude", focus=("s250",))
    app = RetrospanApp(store, start="review", session=ada)

    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        assert "Answer 250." in hands.text and "look at this first" in hands.text
        assert_looks_as_before(hands, "item-crowded")
        await hands.press("e")
        assert "Answer 250." in hands.text and "Question 251?" in hands.text

    at_keyboard(app, walk, size=(110, 32))
