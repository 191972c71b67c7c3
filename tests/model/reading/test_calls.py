"""What a tool's own span leaves out is taken from the messages of the model that called it."""

from __future__ import annotations

from dataclasses import replace

from retrospan.model.reading.assembly import assemble
from retrospan.model.reading.calls import calls_told
from retrospan.model.traces import Message, Span, Status, StepError, StepKind, ToolCall

CALL = Message("assistant", "", (ToolCall("f", {"q": "x"}, "c1"),))
RESULT = Message("tool", '{"n": 1}', tool_call_id="c1")
ASK = Span("t", "a", "chat", StepKind.LLM, started_at_ns=1, output_messages=(CALL,))
TOLD = Span("t", "z", "chat", StepKind.LLM, started_at_ns=9, input_messages=(RESULT,))
TOOL = Span("t", "b", "f", StepKind.TOOL, started_at_ns=5, tool="f", tool_call_id="c1")


def step(tool: Span) -> tuple[object, object, StepError | None]:
    found = assemble([ASK, tool, TOLD]).steps[1]
    return found.inputs, found.outputs, found.error


def test_silent_tools_get_arguments_and_result() -> None:
    assert step(TOOL) == ({"q": "x"}, {"n": 1}, None)


def test_a_lone_argument_gets_its_name() -> None:
    assert step(replace(TOOL, inputs="x", outputs="y")) == ({"q": "x"}, "y", None)


def test_what_the_tool_says_itself_stands() -> None:
    assert step(replace(TOOL, inputs={"q": "other"}, outputs="y")) == ({"q": "other"}, "y", None)
    assert step(replace(TOOL, inputs="other", outputs="y"))[0] == "other"


def test_a_tool_that_says_nothing_of_its_error_has_the_one_the_model_was_told() -> None:
    told = replace(TOLD, input_messages=(replace(RESULT, content="slot taken", is_error=True),))

    found = assemble([ASK, replace(TOOL, outputs="slot taken", status=Status.OK), told]).steps[1]

    assert (found.status, found.error) == (Status.ERROR, StepError("slot taken"))


def test_an_error_without_words_gets_those_the_model_was_told() -> None:
    failed = replace(TOOL, status=Status.ERROR, error=StepError("tool_error", "tool_error"))

    assert step(failed)[2] == StepError('{"n":1}', "tool_error")
    assert step(replace(failed, error=StepError("boom", "tool_error")))[2] == StepError("boom", "tool_error")


def test_other_kinds_and_unknown_calls_are_left_alone() -> None:
    told = calls_told([ASK, TOLD])

    assert told.complete(ASK) == (ASK, b"")
    assert told.complete(replace(TOOL, tool_call_id="c9"))[1] == b""


def test_a_tool_failed_where_the_model_was_told_so() -> None:
    failed = replace(TOLD, input_messages=(replace(RESULT, content="slot is taken", is_error=True),))
    (_, unset, _), (_, ok, _) = (
        assemble([ASK, replace(TOOL, status=s), failed]).steps for s in (Status.UNSET, Status.OK)
    )

    assert (unset.status, unset.error, unset.outputs) == (Status.ERROR, StepError("slot is taken"), "slot is taken")
    assert (ok.status, ok.error) == (Status.ERROR, StepError("slot is taken"))
