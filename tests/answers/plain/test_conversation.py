"""How runs and values read in plain words, and what is to be looked at first."""

from __future__ import annotations

from retrospan.answers.plain.conversation import Speaker, Turn, conversation
from retrospan.answers.plain.first_look import MOST_FIRST, first_places
from retrospan.answers.plain.words import laid_out
from retrospan.model.findings import Signal
from retrospan.model.traces import JsonValue, Message, Span, SpanBatch, StepKind, ToolCall
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.traces.commit import commit_batch
from reviewdesk import Desk


def test_run_reads_as_a_conversation_with_acts_as_sentences(desk: Desk) -> None:
    turns = conversation(get_trace(desk.store, 1))
    assert [(turn.step, turn.speaker, turn.text) for turn in turns] == [
        (0, Speaker.PERSON, "Can I still return order 204?"),
        (1, Speaker.ACT, "uses get_policy with topic: refund\nand gets: Refunds within 30 days."),
        (2, Speaker.AGENT, "You have 45 days to return it."),
    ]


def test_run_without_messages_shows_its_input_and_output(store: Store) -> None:
    root = Span("bare", "r1", "support", StepKind.AGENT, started_at_ns=1, inputs="Where is it?", outputs="On its way.")
    commit_batch(store, SpanBatch(spans=[root]))
    turns = conversation(get_trace(store, 1))
    assert [(turn.speaker, turn.text) for turn in turns] == [
        (Speaker.PERSON, "Where is it?"),
        (Speaker.AGENT, "On its way."),
    ]


def test_instructions_are_mentioned_and_not_spread_out(store: Store) -> None:
    span = Span("told", "c1", "chat", StepKind.LLM, started_at_ns=1)
    span.input_messages = (Message("system", "Secret rules. " * 500), Message("user", "Hi"))
    span.output_messages = (Message("assistant", "Hello"),)
    commit_batch(store, SpanBatch(spans=[span]))
    turns = conversation(get_trace(store, 1))
    assert [turn.speaker for turn in turns] == [Speaker.ASIDE, Speaker.PERSON, Speaker.AGENT]
    assert "7,000 characters" in turns[0].text and "Secret" not in turns[0].text


def test_results_that_only_messages_tell_of_are_shown(store: Store) -> None:
    call = Message("assistant", tool_calls=(ToolCall("track", {"order": "A-1"}, "c1"),))
    told: tuple[Message, ...] = (Message("user", "Where is A-1?"),)
    first, last = (Span("sdk", f"c{i}", "chat", StepKind.LLM, started_at_ns=i) for i in (1, 2))
    first.input_messages, first.output_messages = told, (call,)
    last.input_messages = (*told, call, Message("tool", '{"at": "Leeds"}', tool_call_id="c1"))
    last.output_messages = (Message("assistant", "In Leeds."),)
    commit_batch(store, SpanBatch(spans=[first, last]))
    assert [turn.text for turn in conversation(get_trace(store, 1))] == [
        "Where is A-1?",
        "asks for track with order: A-1",
        "and gets: \nat: Leeds",
        "In Leeds.",
    ]


def test_nested_values_read_without_braces() -> None:
    value: JsonValue = {"hits": [{"id": "a", "ok": True}, {"id": "b", "note": None}], "total": 2}
    assert laid_out(value) == ("hits:\n  1.\n    id: a\n    ok: true\n  2.\n    id: b\n    note: –\ntotal: 2")


def _first(desk: Desk, *steps: int, focus: tuple[str, ...] = ()) -> list[tuple[int, Speaker]]:
    trace = get_trace(desk.store, 1)
    turns: list[Turn] = conversation(trace)
    found = [Signal("made_up", step, True, "a rule says so", ()) for step in steps]
    return [(turns[place].step, turns[place].speaker) for place in first_places(trace, turns, focus, found)]


def test_what_the_agent_said_is_looked_at_before_what_it_did(desk: Desk) -> None:
    assert _first(desk, 1, 2) == [(2, Speaker.AGENT), (1, Speaker.ACT)]


def test_a_finding_on_a_persons_turn_leads_to_what_the_agent_did_next(desk: Desk) -> None:
    assert _first(desk, 0) == [(1, Speaker.ACT)]


def test_nothing_named_and_nothing_found_leads_nowhere(desk: Desk) -> None:
    assert _first(desk) == []


def test_many_findings_give_way_to_the_steps_that_were_named(desk: Desk) -> None:
    span = get_trace(desk.store, 1).steps[2].span_id
    assert _first(desk, *range(MOST_FIRST + 1), focus=(span,)) == [(2, Speaker.AGENT)]
