"""Finding and reading runs: search line, pages, outline, step, signals, diff."""

from __future__ import annotations

import pytest
from keyboard import Hands, assert_looks_as_before, at_keyboard
from retrospan.model.reviews import ItemState
from retrospan.model.traces import SpanBatch
from retrospan.services.reviewing.asking import list_reviews
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.traces.commit import commit_batch
from retrospan.tui.app import RetrospanApp
from retrospan.tui.runs import PAGE
from retrospan.tui.screens import base
from reviewdesk import Desk, refund_run


@pytest.fixture
def app(desk: Desk) -> RetrospanApp:
    return RetrospanApp(desk.store, start="traces")


def test_empty_store_says_what_to_do_next(store: Store) -> None:
    app = RetrospanApp(store)

    async def walk(hands: Hands) -> None:
        assert "retrospan demo" in hands.text and "retrospan import PATH" in hands.text
        assert_looks_as_before(hands, "home-empty")
        await hands.press("t")
        assert "The store is empty" in hands.text
        await hands.press("r")
        assert "No question has been asked yet" in hands.text
        await hands.press("l")
        assert "No lessons yet" in hands.text

    at_keyboard(app, walk, size=(80, 24))


def test_search_narrows_and_enter_opens(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        assert "2 runs" in hands.text
        await hands.press("slash")
        await hands.type('"45 days"')
        await hands.press("enter")
        assert "1 run ·" in hands.text
        await hands.press("enter")
        assert hands.place == "TraceScreen" and "T1" in hands.lines[0]
        await hands.press("escape")
        assert hands.place == "ExplorerScreen"

    at_keyboard(app, walk)


def test_unreadable_search_line_points_at_the_word(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("slash")
        await hands.type("refund duration:fast")
        await hands.press("enter")
        (line,) = [number for number, text in enumerate(hands.lines) if text.strip() == "refund duration:fast"]
        assert hands.lines[line + 1].index("^") == hands.lines[line].index("duration")
        assert_looks_as_before(hands, "explorer-error")

    at_keyboard(app, walk, size=(80, 24))


def test_nothing_found_says_why(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("slash")
        await hands.type("tool:get_order")
        await hands.press("enter")
        assert "Nothing found." in hands.text and "tool holds: get_policy" in hands.text

    at_keyboard(app, walk)


def test_a_long_list_is_read_by_the_page(store: Store) -> None:
    for number in range(PAGE + 40):
        spans = refund_run(f"run-{number:04}", f"Answer number {number}.")[:1]
        commit_batch(store, SpanBatch(spans=spans))
    app = RetrospanApp(store, start="traces")

    async def walk(hands: Hands) -> None:
        assert f"{PAGE + 40} runs" in hands.text
        assert_looks_as_before(hands, "explorer-crowded")
        await hands.press("G")
        assert any(line.startswith(" ▸ T1 ") for line in hands.lines) and "…\n" not in hands.text
        await hands.press("enter")
        assert "T1" in hands.lines[0]

    at_keyboard(app, walk)


def test_step_shows_what_it_adds_and_x_shows_all(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("G", "enter", "G")
        assert "3 earlier messages are in the steps before" in hands.text
        assert "You have 45 days to return it." in hands.text
        assert_looks_as_before(hands, "trace")
        await hands.press("x")
        assert "Can I still return order 204?" in "\n".join(hands.lines[4:])

    at_keyboard(app, walk)


def test_n_goes_from_signal_to_signal(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("G", "enter", "g", "n")
        assert "▸ !   2" in hands.text and "ungrounded value" in hands.text
        await hands.press("n")
        assert "No further signal" in hands.text
        await hands.press("g", "N")
        assert "No further signal" in hands.text

    at_keyboard(app, walk)


def test_suspects_lead_to_their_step(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("G", "enter", "g", "s")
        assert hands.place == "SuspectsScreen" and "1. T1." in hands.text
        await hands.press("enter")
        assert hands.place == "TraceScreen"

    at_keyboard(app, walk)


def test_diff_puts_two_runs_side_by_side(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("G", "enter", "d")
        assert "T1 beside T2" in hands.text and "≠1" in hands.text
        (row,) = [line for line in hands.lines if "You have 45 days" in line and "≠" not in line][:1]
        assert "You have 30 days." in row
        assert_looks_as_before(hands, "diff")

    at_keyboard(app, walk)


def test_diff_without_a_partner_says_so(store: Store) -> None:
    commit_batch(store, SpanBatch(spans=refund_run("alone", "45 days")))
    app = RetrospanApp(store, start="traces")

    async def walk(hands: Hands) -> None:
        await hands.press("enter", "d")
        assert "No run is comparable with T1" in hands.text

    at_keyboard(app, walk)


def test_a_question_about_a_step_is_queued(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("G", "enter", "G", "a")
        await hands.type("Did the reply invent a refund window?")
        await hands.press("enter")
        assert "R1 waits in the review queue" in hands.text

    at_keyboard(app, walk)
    (item,) = list_reviews(app.store)
    assert (item.state, item.focus, item.question) == (ItemState.OPEN, ("a3",), "Did the reply invent a refund window?")


def test_a_question_that_is_too_long_is_refused_and_the_app_goes_on(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "a")
        await hands.type("Why? " * 500)
        await hands.press("enter")
        assert "at most 2000" in hands.text and hands.place == "TraceScreen"

    at_keyboard(app, walk)
    assert list_reviews(app.store) == []


def test_home_leads_to_the_example_of_a_failure(desk: Desk) -> None:
    app = RetrospanApp(desk.store)

    async def walk(hands: Hands) -> None:
        assert "ungrounded value" in hands.text and "Nothing waits for an expert" in hands.text
        assert_looks_as_before(hands, "home")
        await hands.press("enter")
        assert hands.place == "TraceScreen" and "▸ !   2" in hands.text

    at_keyboard(app, walk)


def test_new_runs_are_told_of_and_shown_on_request(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LIVE_SECONDS", 0.02)
    app = RetrospanApp(desk.store, start="traces")

    async def walk(hands: Hands) -> None:
        with open_store(desk.store.location) as receiver:
            commit_batch(receiver, SpanBatch(spans=refund_run("run-3", "No.")))
        await hands.until(lambda: "1 new run · R shows them" in hands.text)
        assert "T3" not in hands.text
        await hands.press("R")
        assert "3 runs" in hands.text and "T3" in hands.text
        await hands.press("h")
        await hands.until(lambda: "Newest of 3 runs" in hands.text)

    at_keyboard(app, walk)


def test_every_screen_has_help_and_it_closes(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        for keys, words in (
            ((), "signal:loop"),
            (("h",), "What is failing"),
            (("r",), "most urgent first"),
            (("l",), "signature"),
        ):
            await hands.press(*keys, "question_mark")
            assert hands.place == "HelpScreen" and words in hands.text
            await hands.press("escape")
        await hands.press("t", "enter", "question_mark")
        assert "n Signal" in hands.text

    at_keyboard(app, walk)


def test_palette_goes_to_a_screen_and_changes_the_theme(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("ctrl+p")
        await hands.type("contrast")
        await hands.press("enter")
        assert hands.app.theme == "contrast"
        await hands.press("ctrl+p")
        await hands.type("lessons")
        await hands.press("enter")
        assert hands.place == "LessonsScreen"

    at_keyboard(app, walk)


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60)])
def test_resizing_loses_nothing(app: RetrospanApp, size: tuple[int, int]) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("G", "enter")
        await hands.resize(*size)
        assert "T1" in hands.lines[0] and len(hands.lines) == size[1]
        await hands.press("j", "x", "escape")
        assert hands.place == "ExplorerScreen"

    at_keyboard(app, walk)
