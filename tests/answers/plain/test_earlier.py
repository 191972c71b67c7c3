"""The whole conversation: what was said, looked up and answered in earlier turns is shown, each once."""

from __future__ import annotations

import pytest
from desk_turns import CANCELS, FRAMEWORKS, GOOD, VERIFIES, send
from retrospan.answers.plain.conversation import Speaker, conversation
from retrospan.answers.plain.earlier import told, whole_conversation
from retrospan.answers.plain.first_look import first_places
from retrospan.model.findings import Signal
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_run_that_was_told_of_earlier_turns_shows_answers_and_results(store: Store, framework: str) -> None:
    turns = send(store, GOOD[:2], framework)
    before = told(get_trace(store, turns[1]))
    assert [(turn.speaker, turn.text[:28]) for turn in before] == [
        (Speaker.PERSON, "I am Nora Field, born 1988-0"),
        (Speaker.ACT, "used verify_identity with na"),
        (Speaker.ACT, "used find_appointments with "),
        (Speaker.AGENT, "Cardiology is on 14 December"),
    ]
    assert "appointment_id: A-9056" in before[2].text
    assert all(turn.earlier for turn in before)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("repeats", [True, False])
def test_each_thing_is_shown_once_and_in_order(store: Store, framework: str, repeats: bool) -> None:
    first, second, third = (get_trace(store, i) for i in send(store, GOOD, framework, repeats=repeats))
    parts = whole_conversation([third], [first, second])
    assert [(part.head, part.judged) for part in parts] == [
        ("T1, a turn before", False),
        ("T2, a turn before", False),
        ("T3, what you are asked about", True),
    ]
    said = [turn.text for part in parts for turn in part.turns if turn.speaker in (Speaker.PERSON, Speaker.AGENT)]
    assert said == [text for turn in GOOD for text in (turn.asked, turn.answer)]
    assert sum("cancel_appointment" in turn.text for part in parts for turn in part.turns) == 1


def test_of_what_is_stored_nowhere_else_the_run_itself_tells(store: Store) -> None:
    first, second = (get_trace(store, i) for i in send(store, GOOD[:2]))
    (part,) = whole_conversation([second])
    assert part.head == "" and part.turns[0].text == VERIFIES.asked
    assert whole_conversation([first])[0].turns == tuple(conversation(first))


def test_turns_that_are_not_shown_are_counted(store: Store) -> None:
    first, second = (get_trace(store, i) for i in send(store, GOOD[:2]))
    assert whole_conversation([second], [first], left_out=7)[0].head.startswith("7 still earlier turns are not shown")


def test_what_was_said_before_is_never_what_to_look_at_first(store: Store) -> None:
    first, second = (get_trace(store, i) for i in send(store, [VERIFIES, CANCELS]))
    (part,) = whole_conversation([second])
    step = next(turn.step for turn in part.turns if turn.earlier)
    places = first_places(second, part.turns, (), [Signal("made_up", step, True, "a rule says so", ())])
    assert places and not any(part.turns[place].earlier for place in places)
    assert first.summary.id == 1
