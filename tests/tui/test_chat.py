"""A conversation by keyboard, against a model over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.model.reviews import LessonStatus
from retrospan.services.reviewing.asking import list_reviews
from retrospan.store.contract import Store
from retrospan.store.knowledge.lookup import list_lessons
from retrospan.tui.app import RetrospanApp
from retrospan.tui.screens.chat import ChatScreen
from reviewdesk import Desk
from scripted_model import Reply, ScriptedModel, asks, says, serving, text, tool_use
from textual.widgets import Input

ANSWER = 'It promised 45 days [2: "You have 45 days"]. The policy allows 30 [1: "within 30 days"]. It lied [2: "lied"].'


def looks_then_answers(body: dict[str, object]) -> Reply:
    messages = body["messages"]
    assert isinstance(messages, list)
    if isinstance(messages[-1]["content"], str):
        return asks(text("Let me look."), tool_use("get_trace", trace="T1", steps="0-2"))
    return says(ANSWER)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedModel]:
    with serving(looks_then_answers) as served:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        yield served


@pytest.fixture
def app(desk: Desk) -> RetrospanApp:
    return RetrospanApp(desk.store, start="traces")


async def open_chat(hands: Hands) -> ChatScreen:
    """From the explorer into the conversation about T1."""
    hands.app.open_trace(1)
    await hands.settle()
    await hands.press("c")
    screen = hands.app.screen
    assert isinstance(screen, ChatScreen)
    return screen


async def ask(hands: Hands, words: str) -> None:
    await hands.type(words)
    await hands.press("enter")


def test_an_answer_shows_the_steps_under_its_sentences_and_opens_them(app: RetrospanApp, model: ScriptedModel) -> None:
    async def walk(hands: Hands) -> None:
        await open_chat(hands)
        await ask(hands, "What went wrong?")
        assert "› What went wrong?" in hands.text
        assert "▸ looked up: get_trace" in hands.text
        assert "It promised 45 days." in hands.text
        assert "T1.2" in hands.text and "“You have 45 days”" in hands.text
        assert "⚠ 'lied' does not stand in step 2" in hands.text
        assert_looks_as_before(hands, "chat-answer")
        await hands.press("j", "enter")
        assert hands.place == "StepScreen"
        assert "You have 45 days to return it." in hands.text
        await hands.press("escape", "f")
        assert "▾ looked up" in hands.text
        assert 'get_trace {"trace":"T1","steps":"0-2"}' in hands.text

    at_keyboard(app, walk)


def test_one_key_puts_the_question_to_an_expert_and_another_drafts_a_lesson(
    app: RetrospanApp, model: ScriptedModel, desk: Desk
) -> None:
    async def walk(hands: Hands) -> None:
        await open_chat(hands)
        await ask(hands, "Did it promise too much?")
        await hands.press("a")
        await hands.press("enter")
        await hands.press("L")
        (item,) = list_reviews(desk.store)
        assert item.question == "Did it promise too much?"
        assert item.focus == ("a3", "a2")
        (lesson,) = list_lessons(desk.store)
        assert lesson.status is LessonStatus.PROPOSED
        assert lesson.what_happened == "It promised 45 days [2]. The policy allows 30 [1]."

    at_keyboard(app, walk)


def test_escape_stops_an_answer_in_mid_stream_and_leaves_a_clean_state(app: RetrospanApp, model: ScriptedModel) -> None:
    async def walk(hands: Hands) -> None:
        screen = await open_chat(hands)
        model.script = lambda body: says("slowly said " * 200, pause_s=0.05)
        await hands.type("Tell me all")
        await hands.pilot.press("enter")
        for _ in range(200):
            await hands.pilot.pause(0.05)
            if "slowly said" in hands.text:
                break
        assert "slowly said" in hands.text
        await hands.pilot.press("escape")
        await hands.settle()
        assert not screen.running
        assert "Stopped; the question is not kept." in hands.text
        assert "slowly" not in hands.text
        model.script = looks_then_answers
        assert hands.app.screen.query_one("#ask-model", Input).value == "Tell me all", "the question can be changed"
        await hands.pilot.press(*["backspace"] * 11)
        await ask(hands, "And now?")
        assert "It promised 45 days." in hands.text
        assert "Tell me all" not in str(model.requests[-1]["messages"])

    at_keyboard(app, walk)


def test_the_conversation_is_there_when_one_comes_back(app: RetrospanApp, model: ScriptedModel, desk: Desk) -> None:
    async def talk(hands: Hands) -> None:
        await open_chat(hands)
        await ask(hands, "What went wrong?")

    at_keyboard(app, talk)

    async def come_back(hands: Hands) -> None:
        await open_chat(hands)
        assert "› What went wrong?" in hands.text and "It promised 45 days." in hands.text
        await hands.press("tab", "n")
        assert "What went wrong?" not in hands.text

    at_keyboard(RetrospanApp(desk.store, start="traces"), come_back)


def test_without_a_key_it_says_what_works_and_investigates_by_rules(
    app: RetrospanApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    async def walk(hands: Hands) -> None:
        await open_chat(hands)
        assert "Set ANTHROPIC_API_KEY" in hands.text
        assert "What the rules found, without a model" in hands.text
        assert "cause:" in hands.text

    at_keyboard(app, walk)


def test_what_the_model_says_is_shown_and_never_obeyed_by_the_screen(
    app: RetrospanApp, model: ScriptedModel, store: Store
) -> None:
    async def walk(hands: Hands) -> None:
        await open_chat(hands)
        model.script = lambda body: says(
            "[@click=app.quit]press[/] \x1b]52;c;eA==\x07 [red]x[/red] http://evil.example"
        )
        await ask(hands, "Say it")
        assert "␛" in hands.text
        assert "http://" not in hands.text
        assert [style for style in hands.styles if style.link or any("click" in key for key in style.meta)] == []

    at_keyboard(app, walk)
