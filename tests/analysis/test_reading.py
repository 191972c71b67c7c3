from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import pytest
from retrospan.analysis import effects, unpacking, values
from retrospan.analysis.failures import failure_in_result, nothing_found
from retrospan.analysis.reading import Role, bare_agent, read
from retrospan.model.traces import Message, Span, StepKind, Trace

Build = Callable[..., Trace]


@pytest.mark.parametrize("module", [effects, unpacking, values])
def test_examples_in_docstrings_hold(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def test_every_message_of_a_conversation_has_its_role(refund_run: Build) -> None:
    roles = [view.role for view in read(refund_run()).views]
    assert roles == [
        Role.CONTEXT,
        Role.USER,
        Role.DECISION,
        Role.RESULT,
        Role.DECISION,
        Role.USER,
        Role.DECISION,
        Role.RESULT,
        Role.DECISION,
    ]


def test_a_call_meets_its_result_and_its_asker(refund_run: Build) -> None:
    reading = read(refund_run())
    assert [(act.tool, act.asked, act.done) for act in reading.acts] == [("get_order", 2, 3), ("issue_refund", 6, 7)]
    assert reading.final is not None and reading.final.index == 8


def test_a_result_that_only_the_next_model_call_shows_is_an_act_too() -> None:
    from retrospan.model.reading.assembly import assemble

    asked = Message("assistant", "Let me run the code.")
    told = Message("tool", "Observation:\nError:\nCode execution failed at line 3")
    spans = [
        Span("t", "a", "agent", StepKind.AGENT),
        Span(
            "t",
            "b",
            "chat",
            StepKind.LLM,
            "a",
            input_messages=(Message("user", "Go."),),
            output_messages=(asked,),
            sequence=1,
        ),
        Span(
            "t",
            "c",
            "chat",
            StepKind.LLM,
            "a",
            input_messages=(Message("user", "Go."), asked, told),
            output_messages=(Message("assistant", "I try again."),),
            sequence=2,
        ),
    ]
    acts = read(assemble(spans)).acts
    assert [(act.asked, act.done, bool(act.failure)) for act in acts] == [(1, 2, True)]


def test_a_user_turn_that_fills_a_template_counts_as_a_result(build: Build) -> None:
    frame = "You are a research assistant. " * 6
    trace = build(
        [
            {"role": "user", "content": frame + "Task: find it."},
            {"role": "assistant", "content": "I search."},
            {"role": "user", "content": frame + "Observation: nothing."},
            {"role": "assistant", "content": "I give up."},
        ]
    )
    assert [view.role for view in read(trace).views] == [Role.USER, Role.DECISION, Role.RESULT, Role.DECISION]


def test_a_state_in_brackets_is_no_part_of_an_agents_name() -> None:
    assert [bare_agent(name) for name in ("Planner (thinking)", "Planner (-> Browser)", "Planner", None)] == [
        "Planner",
        "Planner",
        "Planner",
        "",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Error: user not found",
        "error executing tool get_order",
        '{"status": "failed", "id": 3}',
        '{"error": {"code": 3}}',
        "HTTP 404 Not Found",
        "log line\nValueError: bad date",
        "Process exited with code 1",
    ],
)
def test_results_that_say_they_failed(text: str) -> None:
    found = failure_in_result(text, text)
    assert found is not None and found in text


@pytest.mark.parametrize(
    "text", ["all good", '{"error": null}', '{"errors": []}', "exit code 0", "[]", "12 errors fixed"]
)
def test_results_that_do_not(text: str) -> None:
    assert failure_in_result(text, text) is None


@pytest.mark.parametrize(
    ("text", "empty"), [("[]", True), ('{"results": []}', True), ("No results found.", True), ("{}", True)]
)
def test_results_that_found_nothing(text: str, empty: bool) -> None:
    assert (nothing_found(text) is not None) == empty
