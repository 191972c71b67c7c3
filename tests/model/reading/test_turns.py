"""One turn of a conversation, whatever its run records."""

from __future__ import annotations

import pytest
from retrospan.model.reading.assembly import assemble
from retrospan.model.reading.turns import replay_input, this_turn, told_before, turn_messages
from retrospan.model.traces import Message, Span, StepError, StepKind, ToolCall, Trace

ASK, REPLY, AGAIN = Message("user", "Where is A-1?"), Message("assistant", "In Leeds."), Message("user", "And A-2?")
CALL = Message("assistant", tool_calls=(ToolCall("track", {"order": "A-2"}, "c1"),))
FOUND = Message("tool", "in York", tool_call_id="c1")
ANSWER = Message("assistant", "In York.")
RULES = Message("system", "Be brief.")


def llm(span_id: str, told: list[Message], said: Message) -> Span:
    span = Span("k", span_id, "chat", StepKind.LLM, started_at_ns=int(span_id[1:]) * 1_000)
    span.input_messages, span.output_messages = tuple(told), (said,)
    return span


def tool(span_id: str, output: str | None = "in York", error: str | None = None) -> Span:
    span = Span("k", span_id, "track", StepKind.TOOL, tool="track", started_at_ns=int(span_id[1:]) * 1_000)
    span.inputs, span.outputs = {"order": "A-2"}, output
    span.error = StepError(error) if error else None
    return span


def run(*spans: Span) -> Trace:
    return assemble(list(spans))


def told(*spans: Span) -> list[tuple[str, str]]:
    trace = run(*spans)
    messages = turn_messages(trace.steps, trace.summary.input, trace.summary.output)
    return [(m.role, m.content or ",".join(call.name for call in m.tool_calls)) for m in messages]


WHOLE = [("user", "And A-2?"), ("assistant", "track"), ("tool", "in York"), ("assistant", "In York.")]


@pytest.mark.parametrize("before", [[], [RULES], [RULES, ASK, REPLY]])
@pytest.mark.parametrize("recorded", [True, False])
def test_a_turn_holds_its_own_messages_each_once(before: list[Message], recorded: bool) -> None:
    asked = [*before, AGAIN]
    calls = [tool("s2")] if recorded else []
    assert told(llm("s1", asked, CALL), *calls, llm("s3", [*asked, CALL, FOUND], ANSWER)) == WHOLE


def test_a_call_that_only_its_step_tells_of_is_asked_for() -> None:
    assert told(llm("s1", [AGAIN], ANSWER), tool("s2")) == [WHOLE[0], WHOLE[3], WHOLE[1], WHOLE[2]]


def test_a_failed_call_says_so() -> None:
    trace = run(llm("s1", [AGAIN], CALL), tool("s2", None, "no such order"))
    last = turn_messages(trace.steps)[-1]
    assert (last.role, last.content, last.is_error) == ("tool", "no such order", True)


def test_an_agents_own_span_repeats_nothing() -> None:
    agent = Span("k", "s0", "desk", StepKind.AGENT, started_at_ns=0, inputs="And A-2?", outputs="In York.")
    inner = llm("s1", [AGAIN], ANSWER)
    inner.parent_span_id = "s0"
    assert told(agent, inner) == [WHOLE[0], WHOLE[3]]


def test_a_run_without_messages_tells_input_and_answer() -> None:
    agent = Span("k", "s0", "desk", StepKind.AGENT, started_at_ns=0, inputs="And A-2?", outputs="In York.")
    assert told(agent) == [WHOLE[0], WHOLE[3]]


def test_a_conversation_that_goes_on_inside_a_run_is_all_its_own() -> None:
    assert this_turn([RULES, ASK]) == (RULES, ASK)
    trace = run(llm("s1", [ASK], REPLY), llm("s2", [ASK, REPLY, AGAIN], ANSWER))
    assert told_before(trace.steps) == ()
    assert told(llm("s1", [ASK], REPLY), llm("s2", [ASK, REPLY, AGAIN], ANSWER)) == [
        ("user", "Where is A-1?"),
        ("assistant", "In Leeds."),
        WHOLE[0],
        WHOLE[3],
    ]


@pytest.mark.parametrize(
    ("asked", "earlier", "roles"),
    [
        ([RULES, ASK, REPLY, AGAIN], (), ["user", "assistant", "user"]),
        ([AGAIN], (ASK, REPLY), ["user", "assistant", "user"]),
        ([ASK, REPLY, AGAIN], (ASK,), ["user", "assistant", "user"]),
        ([ASK, AGAIN], (), ["user", "user"]),
    ],
)
def test_what_is_replayed_ends_with_the_person(
    asked: list[Message], earlier: tuple[Message, ...], roles: list[str]
) -> None:
    given = replay_input(run(llm("s1", asked, ANSWER)).steps, "", earlier)
    assert isinstance(given, list)
    assert [turn["role"] for turn in given if isinstance(turn, dict)] == roles


def test_a_first_turn_is_replayed_as_text() -> None:
    assert replay_input(run(llm("s1", [RULES, ASK], REPLY)).steps, "") == "Where is A-1?"
    assert replay_input((), "Hi") == "Hi"
    assert replay_input((), "") is None


def test_calls_and_results_are_replayed_in_the_shape_of_a_chat_request() -> None:
    given = replay_input(run(llm("s1", [AGAIN, CALL, FOUND, ANSWER, ASK], REPLY)).steps, "")
    assert given == [
        {"role": "user", "content": "And A-2?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "track", "arguments": '{"order":"A-2"}'}}
            ],
        },
        {"role": "tool", "content": "in York", "tool_call_id": "c1"},
        {"role": "assistant", "content": "In York."},
        {"role": "user", "content": "Where is A-1?"},
    ]
