"""Review items, questions, proposals, queues and what their statements count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from conversations import Builder, says
from retrospan.model.errors import UnknownIdError
from retrospan.model.reviews import ItemState, Label, Proposal, ReviewItem, RubricRef
from retrospan.store.contract import Store
from retrospan.store.reviews import queues
from retrospan.store.reviews.claims import answer_slot, claim_slot, has_answered, note_activity, skip_item
from retrospan.store.reviews.items import (
    assign_item,
    count_items,
    get_item,
    insert_item,
    list_items,
    set_due,
    set_item_state,
)
from retrospan.store.reviews.questions import (
    ReviewQuestion,
    answer_question,
    insert_question,
    list_questions,
    open_questions,
    state_behind,
)
from retrospan.store.reviews.verdicts import all_proposals, confirmed_verdicts, insert_proposal, list_proposals
from retrospan.store.traces.revisions import refresh
from reviewdesk import Desk

START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
NOW, LATER = "2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z"
RUBRIC = RubricRef("outcome", 1, "0")


def asked(store: Store, question: str = "Right?", **fields: object) -> int:
    with store.write() as con:
        return insert_item(con, ReviewItem(0, "p", question, RUBRIC, created_at=NOW, **fields))  # type: ignore[arg-type]


def test_an_item_is_asked_once_for_each_subject(store: Store) -> None:
    first = asked(store, session="s")
    assert asked(store, session="s") == first
    assert len({first, asked(store, session="t"), asked(store), asked(store, "Wrong?", session="s")}) == 4
    with store.write() as con:
        set_item_state(con, first, ItemState.DECIDED)
    assert asked(store, session="s") != first


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [3, 1, 2]),
        ({"states": ()}, [4, 3, 1, 2]),
        ({"states": (ItemState.DECIDED,)}, [4]),
        ({"project": "q"}, []),
        ({"queue": "refunds"}, [2]),
        ({"limit": 1}, [3]),
        ({"open_to": "ada"}, [3]),
        ({"open_to": "ben"}, [3, 1]),
        ({"meant_for": "ADA"}, [3, 1, 2]),
        ({"meant_for": "Ben"}, [3, 2]),
        ({"meant_for": "Ben", "now": LATER}, [3, 1, 2]),
    ],
    ids=str,
)
def test_the_list_holds_what_was_asked_for(store: Store, wanted: dict[str, object], found: list[int]) -> None:
    asked(store, "One?", assigned=("Ada", "Cem"), due_at="2026-11-22T11:30:00Z")
    asked(store, "Two?", queue="refunds")
    asked(store, "Three?", priority=2.0, overlap=2)
    asked(store, "Four?", priority=9.0)
    with store.write() as con:
        set_item_state(con, 4, ItemState.DECIDED)
        skip_item(con, 1, "ada", "no time", START)
        answer_slot(con, claim_slot(con, 2, "ada", START))
        claim_slot(con, 3, "cem", START)
    with store.read() as con:
        assert [item.id for item in list_items(con, **({"now": NOW} | wanted))] == found  # type: ignore[arg-type]


def test_an_item_tells_who_it_is_meant_for_and_who_is_at_it(store: Store) -> None:
    number = asked(store, overlap=3, assigned=("Cem", "Ada", "Ada"))
    with store.write() as con:
        answer_slot(con, claim_slot(con, number, "ada", START))
        claim_slot(con, number, "ben", START)
        set_due(con, number, LATER)
        found = get_item(con, number, now=NOW)
        assert (found.answered, found.claimed, found.assigned, found.due_at) == (1, 1, ("Ada", "Cem"), LATER)
        assert get_item(con, number, now=LATER).claimed == 0
        assign_item(con, number, [])
        assert get_item(con, number, now=NOW).assigned == ()
        assert has_answered(con, number, ["x", "ada"]) and not has_answered(con, number, ["ben"])
        assert not has_answered(con, number, [])
        assert count_items(con) == {ItemState.OPEN: 1}


def test_an_unknown_item_names_the_newest(store: Store) -> None:
    with store.read() as con, pytest.raises(UnknownIdError, match="nothing is queued yet"):
        get_item(con, 5, now=NOW)
    asked(store)
    with store.read() as con, pytest.raises(UnknownIdError, match="newest: R1"):
        get_item(con, 5, now=NOW)


def test_a_question_is_kept_whole_and_answered_once(store: Store) -> None:
    item = asked(store)
    asking = ReviewQuestion(0, item, "asker", "human:Ada", "Which clause?", NOW, LATER, ItemState.DISPUTED)
    with store.write() as con:
        insert_question(con, asking)
        set_item_state(con, item, ItemState.NEEDS_ANSWER, asking.question)
        (kept,) = open_questions(con)
        assert kept == replace(asking, id=kept.id)
        assert state_behind(con, get_item(con, item, now=NOW)) is ItemState.DISPUTED
        answer_question(con, kept.id, "Clause 3.", answered_by="human:Eve", at=LATER)
        answer_question(con, kept.id, "Clause 4.", answered_by="human:Bo", at=LATER)
        answered = replace(kept, answer="Clause 3.", answered_by="human:Eve", answered_at=LATER)
        assert list_questions(con, item) == [answered]
        assert open_questions(con) == []


def test_the_question_that_is_due_first_comes_first(store: Store) -> None:
    with store.write() as con:
        for question, due in (("never", None), ("late", LATER), ("soon", NOW)):
            item = insert_item(con, ReviewItem(0, "p", question, RUBRIC, created_at=NOW))
            asking = ReviewQuestion(0, item, "reviewer", "agent:x", question, NOW, due, ItemState.OPEN)
            insert_question(con, asking)
            set_item_state(con, item, ItemState.NEEDS_ANSWER, question)
        assert [entry.question for entry in open_questions(con)] == ["soon", "late", "never"]


def test_proposals_of_an_item_are_its_own_and_those_on_its_trace(desk: Desk) -> None:
    with desk.store.write() as con:
        one, other = (
            insert_item(con, ReviewItem(0, "support", question, RUBRIC, trace_id=1, created_at=NOW))
            for question in ("Right?", "Polite?")
        )
        made = [
            insert_proposal(con, Proposal(0, trace, Label.PASS, "fine", "agent:x", item_id=item)).id
            for trace, item in ((1, one), (1, other), (1, None), (2, None))
        ]
        assert [entry.id for entry in list_proposals(con, item_id=one, trace_id=1)] == [made[0], made[2]]
        assert [entry.id for entry in list_proposals(con, trace_id=1)] == made[:3]
        assert [entry.id for entry in all_proposals(con)] == made


def test_verdicts_of_any_number_of_traces_are_read_at_once(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())
    many = list(range(1, 50_000))
    assert {trace: found.uid for trace, found in confirmed_verdicts(desk.store, many).items()} == {1: verdict.uid}
    assert confirmed_verdicts(desk.store, []) == {}


def test_a_clock_counts_pauses_up_to_two_minutes_and_never_back(store: Store) -> None:
    item = asked(store)
    with store.write() as con:
        claim = claim_slot(con, item, "ada", START)
        for seconds in (30, 20, 600):
            note_activity(con, claim, START + timedelta(seconds=seconds))
        answer_slot(con, claim)
        assert queues.active_times(con) == [("ada", "", 150_000)]


def test_a_draw_and_its_sample_are_kept(store: Store) -> None:
    item, other = asked(store, queue="refunds"), asked(store, "Again?")
    draw = queues.Draw("refunds", NOW, population=90, drawn=2, upto_trace=7)
    with store.write() as con:
        number = queues.insert_draw(con, draw, after=3, seed="seed", rule={"name": "refunds"})
        for probability in (0.25, 0.5):
            queues.insert_sample(con, number, "refunds", item, "random", probability)
        queues.copy_samples(con, item, other)
        queues.copy_samples(con, item, other)
        assert queues.list_draws(con) == [draw]
        assert (queues.reached(con, "refunds"), queues.reached(con, "other")) == (7, 0)
        assert (queues.drawn_since(con, "refunds", NOW), queues.drawn_since(con, "refunds", LATER)) == (2, 0)
        assert queues.sample_of(con, "refunds") == {item: ("random", 0.25), other: ("random", 0.25)}


def test_work_is_counted_by_queue_and_reviewer(store: Store) -> None:
    first, second, third = asked(store, "One?", queue="q"), asked(store, "Two?", queue="q"), asked(store, "Three?")
    with store.write() as con:
        answer_slot(con, claim_slot(con, first, "ada", START))
        claim_slot(con, second, "ben", START)
        skip_item(con, third, "ben", "no time", START)
        skip_item(con, third, "ben", "unsure", START)
        assert queues.queue_states(con) == {"q": {ItemState.OPEN: 2}, "": {ItemState.OPEN: 1}}
        assert (queues.claimed_by_queue(con, NOW), queues.claimed_by_queue(con, LATER)) == ({"q": 1}, {})
        assert queues.answers_by_reviewer(con) == [("ada", "q", 1)]
        assert queues.skips_by_reviewer(con) == [("ben", "", 1)]


def test_runs_and_sessions_that_are_new_come_in_order(store: Store, traces: Builder) -> None:
    for session in ("s", "t", "s", None):
        traces.add(says("user", "Hi"), **({"session": session} if session else {}), project="p")
    refresh(store)
    with store.read() as con:
        assert queues.new_traces(con, 1, 3) == [2, 3]
        found = [(entry.session, entry.first, entry.traces) for entry in queues.new_sessions(con, 0, 4)]
        assert found == [("s", 1, (1, 3)), ("t", 2, (2,))]
        assert [entry.session for entry in queues.new_sessions(con, 1, 4)] == ["t"]
        assert queues.settled_upto(con, 2**62) == 4
        assert queues.settled_upto(con, 0) == 0
        assert queues.runs_since(con, "p", "1970-01-01T00:00:00Z", [1]) == (4, 0)
        assert queues.runs_since(con, "p", "1970-01-01T00:00:00Z", []) == (4, 0)
