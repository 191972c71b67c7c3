"""Reading one run: what its outline tells, finding words in it, going to the next run, taking text along."""

from __future__ import annotations

from keyboard import Hands, at_keyboard
from retrospan.model.traces import Step, StepKind
from retrospan.store.reading.summaries import get_trace
from retrospan.tui.app import RetrospanApp
from retrospan.tui.step_search import step_plain, steps_with
from retrospan.tui.step_text import gist
from reviewdesk import Desk


def test_outline_tells_what_was_said_and_called(desk: Desk) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        assert "get_policy(topic: refund)" in hands.text
        assert "topic: refund → Refunds" in hands.text
        assert "You have 30 days." in hands.text

    at_keyboard(RetrospanApp(desk.store, start="traces"), walk, size=(160, 30))


def test_gist_of_a_step_without_words_is_empty() -> None:
    assert gist(Step(0, "s", None, StepKind.CHAIN, "chain")) == ""


def test_words_are_found_whatever_their_case_and_begin_anew_after_the_last(desk: Desk) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "g", "slash")
        await hands.type("WITHIN 30 days")
        await hands.press("enter")
        assert "1 step with" in hands.text
        assert hands.app.screen.query_one("#outline").cursor == 1  # type: ignore[attr-defined]
        await hands.press("G", "f")
        assert hands.app.screen.query_one("#outline").cursor == 1  # type: ignore[attr-defined]
        await hands.press("slash")
        await hands.type("nowhere")
        await hands.press("enter")
        assert "No step holds" in hands.text

    at_keyboard(RetrospanApp(desk.store, start="traces"), walk)


def test_next_and_previous_run_follow_the_list(desk: Desk) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "right_square_bracket")
        assert "T1" in hands.lines[0]
        await hands.press("right_square_bracket")
        assert "T1" in hands.lines[0] and "No further run" in hands.text
        await hands.press("left_square_bracket")
        assert "T2" in hands.lines[0]
        await hands.press("escape")
        assert hands.place == "ExplorerScreen"

    at_keyboard(RetrospanApp(desk.store, start="traces"), walk)


def test_id_and_text_of_a_step_are_copied(desk: Desk) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "g", "j", "y")
        assert hands.app.clipboard == "T2.1"
        await hands.press("Y")
        assert hands.app.clipboard.startswith("get_policy") and "Refunds within 30 days." in hands.app.clipboard

    at_keyboard(RetrospanApp(desk.store, start="traces"), walk)


def test_search_reads_calls_with_their_arguments(desk: Desk) -> None:
    trace = get_trace(desk.store, 1)
    assert steps_with(trace, "topic: REFUND") == [0, 1]
    assert "45 days" in step_plain(trace.steps[2])
