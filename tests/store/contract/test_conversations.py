"""The turns of a session: which they are, what was said in them, and that a long one stays bounded."""

from __future__ import annotations

from typing import Any

import pytest
from desk_turns import CANCELS, GOOD, REMINDS, VERIFIES, DeskTurn, send
from retrospan.model.traces import Message, Span, SpanBatch, StepKind
from retrospan.store.contract import Store
from retrospan.store.erasure.records import Occasion
from retrospan.store.erasure.removal import remove_traces
from retrospan.store.reading.conversations import conversation_of, earlier_turns, later_turns
from retrospan.store.traces.commit import commit_batch


def test_turns_of_a_session_have_their_number(store: Store) -> None:
    turns = send(store, GOOD)
    (alone,) = send(store, [VERIFIES], session="s-2")
    places = [conversation_of(store, turn) for turn in turns]
    assert [(place.number, place.turns, place.earlier) for place in places if place] == [
        (1, (1, 2, 3), ()),
        (2, (1, 2, 3), (1,)),
        (3, (1, 2, 3), (1, 2)),
    ]
    assert conversation_of(store, alone) is None


@pytest.mark.parametrize("framework", ["langgraph", "openai_agents", "pydantic_ai"])
@pytest.mark.parametrize("repeats", [True, False])
def test_each_turn_is_told_with_its_own_messages_alone(store: Store, framework: str, repeats: bool) -> None:
    turns = send(store, GOOD, framework, repeats=repeats)
    before = earlier_turns(store, turns)
    assert list(before) == turns[1:]
    told = before[turns[2]]
    assert [turn.asked for turn in told] == [VERIFIES.asked, CANCELS.asked]
    assert [turn.answered for turn in told] == [VERIFIES.answer, CANCELS.answer]
    assert [message.role for message in told[1].messages] == ["user", "assistant", "tool", "assistant"]
    assert [call.name for turn in told for message in turn.messages for call in message.tool_calls] == [
        "verify_identity",
        "find_appointments",
        "cancel_appointment",
    ]


@pytest.mark.parametrize("other", [{"user": "u-2"}, {"project": "dentist"}, {"session": "s-2"}])
def test_who_shares_a_session_name_shares_no_conversation(store: Store, other: dict[str, Any]) -> None:
    mine = send(store, GOOD[:2])
    theirs = send(store, GOOD[1:], first=1, **other)
    before = earlier_turns(store, [*mine, *theirs])
    assert {trace: [turn.trace_id for turn in turns] for trace, turns in before.items()} == {
        mine[1]: [mine[0]],
        theirs[1]: [theirs[0]],
    }


def test_a_long_session_stays_bounded_and_keeps_what_was_called(store: Store) -> None:
    long = [DeskTurn(f"Question {i}?", [("look_up", {"n": i}, "found " * 4_000)], f"Answer {i}.") for i in range(198)]
    turns = send(store, [VERIFIES, *long, REMINDS], repeats=False)
    told = earlier_turns(store, turns[-1:])[turns[-1]]
    assert len(told) == 199
    assert sum(len(message.content) for turn in told for message in turn.messages) < 125_000
    assert told[0].answered == VERIFIES.answer and told[-1].answered == "Answer 197."
    assert {call.name for message in told[90].messages for call in message.tool_calls} == {"look_up"}
    assert not told[90].whole
    place = conversation_of(store, turns[-1])
    assert place is not None and (place.number, len(place.turns), place.complete) == (200, 200, True)


def test_a_session_that_everybody_names_is_looked_at_nearby_only(store: Store) -> None:
    spans = [Span(f"k{i}", "a", "run", StepKind.LLM, started_at_ns=1_000 + i, session="default") for i in range(450)]
    for span in spans:
        span.input_messages, span.output_messages = (Message("user", "Hi"),), (Message("assistant", "Hello"),)
    ids = list(commit_batch(store, SpanBatch(spans=spans)).trace_ids)
    earlier_turns(store, ids[-1:])
    earlier_turns(store, ids[-1:])
    place = conversation_of(store, ids[-1])
    assert place is not None and not place.complete and len(place.turns) == 401


def test_what_ran_inside_a_turn_is_no_turn(store: Store) -> None:
    def run(key: str, begun: int, over: int) -> Span:
        span = Span(key, "a", "run", StepKind.LLM, started_at_ns=begun, ended_at_ns=over, session="s")
        span.input_messages, span.output_messages = (Message("user", key),), (Message("assistant", "ok"),)
        return span

    runs = [run("caller", 0, 10**9), run("sub-agent", 10**8, 5 * 10**8), run("next", 2 * 10**9, 3 * 10**9)]
    caller, sub_agent, after = commit_batch(store, SpanBatch(spans=runs)).trace_ids
    before = earlier_turns(store, [caller, sub_agent, after])
    assert {trace: [turn.trace_id for turn in turns] for trace, turns in before.items()} == {after: [caller]}


def test_runs_without_times_follow_in_the_order_they_came(store: Store) -> None:
    for number in range(3):
        span = Span(f"k{number}", "a", "run", StepKind.LLM, session="s")
        span.input_messages, span.output_messages = (Message("user", f"q{number}"),), (Message("assistant", "ok"),)
        commit_batch(store, SpanBatch(spans=[span]))
    assert [turn.asked for turn in earlier_turns(store, [3])[3]] == ["q0", "q1"]


def test_later_turns_are_named_for_a_turn_that_came_late(store: Store) -> None:
    turns = send(store, GOOD)
    assert later_turns(store, turns[:1]) == turns[1:]
    assert later_turns(store, turns) == []


def test_erasing_an_earlier_turn_leaves_the_later_ones_readable(store: Store) -> None:
    turns = send(store, GOOD, repeats=False)
    remove_traces(store, turns[:1], Occasion("delete", "trace", "ada", "asked to", "2026-11-30T00:00:00+00:00"))
    assert [turn.trace_id for turn in earlier_turns(store, turns[2:])[turns[2]]] == [turns[1]]
    place = conversation_of(store, turns[2])
    assert place is not None and (place.number, place.turns) == (2, tuple(turns[1:]))
