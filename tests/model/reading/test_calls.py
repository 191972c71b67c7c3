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


def again(*results: str, silent: int = 0) -> list[Span]:
    """A run that gives out the same call id for each of its calls; the steps say nothing of their results."""
    spans: list[Span] = []
    told: tuple[Message, ...] = ()
    for number, result in enumerate(results):
        at = number * 10
        call = Message("assistant", "", (ToolCall("f", {"n": number}, "call_0"),))
        spans.append(Span("t", f"m{number}", "chat", StepKind.LLM, started_at_ns=at + 1, input_messages=told,
                          output_messages=(call,), sequence=at + 1))  # fmt: skip
        spans.append(Span("t", f"f{number}", "f", StepKind.TOOL, started_at_ns=at + 2, tool="f",
                          tool_call_id="call_0", sequence=at + 2))  # fmt: skip
        told = (*told, call, Message("tool", result, tool_call_id="call_0"))
    if not silent:
        spans.append(Span("t", "end", "chat", StepKind.LLM, started_at_ns=999, input_messages=told, sequence=999))
    return spans


def test_call_ids_given_out_again_are_paired_by_their_order() -> None:
    tools = [step for step in assemble(again("one", "", "three")).steps if step.kind is StepKind.TOOL]

    assert [(step.inputs, step.outputs) for step in tools] == [({"n": 0}, "one"), ({"n": 1}, ""), ({"n": 2}, "three")]


def test_a_result_that_nobody_told_is_not_taken_from_another_call() -> None:
    tools = [step for step in assemble(again("one", "two", silent=1)).steps if step.kind is StepKind.TOOL]

    assert [step.outputs for step in tools] == ["one", None]


def test_parallel_calls_of_one_answer_keep_their_own_results() -> None:
    calls = tuple(ToolCall("f", {"n": n}, f"c{n}") for n in (1, 2))
    results = tuple(Message("tool", f"r{n}", tool_call_id=f"c{n}") for n in (1, 2))
    asks = replace(ASK, output_messages=(Message("assistant", "", calls),))
    tools = [replace(TOOL, span_id=f"b{n}", tool_call_id=f"c{n}") for n in (1, 2)]

    steps = assemble([asks, *tools, replace(TOLD, input_messages=results)]).steps

    assert [(s.inputs, s.outputs) for s in steps if s.kind is StepKind.TOOL] == [({"n": 1}, "r1"), ({"n": 2}, "r2")]


def test_the_arguments_of_an_output_tool_are_the_answer() -> None:
    for name, parameters in (
        ("final_result", {}),
        ("StructuredOutput", {}),
        ("final_result_Invoice", {}),
        ("Invoice", {"llm.invocation_parameters": '{"tool_choice": {"type": "tool", "name": "Invoice"}}'}),
        ("Invoice", {"gen_ai.request.tool_choice": '{"type": "function", "function": {"name": "Invoice"}}'}),
    ):
        call = Message("assistant", "", (ToolCall(name, {"total": 40}, "c1"),))
        ends = replace(ASK, output_messages=(call,), attributes=dict(parameters))
        assert assemble([ends]).summary.output == '{"total":40}'
    assert assemble([ASK]).summary.output == ""
