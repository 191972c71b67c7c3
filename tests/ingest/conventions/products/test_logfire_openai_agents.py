"""OpenAI Agents through Logfire."""

from __future__ import annotations

from typing import Any

from raw_spans import event, span
from retrospan.ingest.conventions.products.logfire_openai_agents import SCOPE
from retrospan.model.traces import Fold, Message, Status, StepError, StepKind, ToolCall, Usage

ERROR = {"message": "Error running tool (non-fatal)", "data": {"tool_name": "book", "error": "slot is taken"}}
MODEL: Any = {"gen_ai.operation.name": "chat", "gen_ai.response.model": "gpt-5-2026"}
CALL = {"type": "function_call", "call_id": "c1", "name": "book", "arguments": '{"slot": 7}'}


def _told(template: str, parent: str | None = "b7ad6b7169203332", status: Any = 0, **attributes: Any) -> Any:
    values = {"logfire.msg_template": template, "gen_ai.system": "openai", **attributes}
    return span(values, name=template, scope=SCOPE, parent=parent, status=status)


def test_the_trace_has_the_session_and_turns_and_tasks_hold_others() -> None:
    root = _told("OpenAI Agents trace: {name}", None, name="clinic flow", group_id="visit-1")
    turn = _told("Turn {turn} for agent desk", sdk_span_type="turn", agent_name="desk", name="turn")

    assert (root.kind, root.session, root.fold) == (StepKind.CHAIN, "visit-1", None)
    assert (turn.kind, turn.fold) == (StepKind.CHAIN, Fold.WRAPPER)


def test_agents_tools_and_guardrails_are_told_by_template() -> None:
    agent = _told("Agent run: {name!r}", name="desk", tools=["book"])
    tool = _told("Function: {name}", status=2, name="book", input={"slot": 7}, output="An error occurred.", error=ERROR)
    guard = _told("Guardrail {name!r} {triggered=}", name="no advice", triggered=True)

    assert (agent.kind, agent.agent) == (StepKind.AGENT, "desk")
    assert (tool.kind, tool.tool, tool.inputs, tool.outputs) == (
        StepKind.TOOL,
        "book",
        {"slot": 7},
        "An error occurred.",
    )
    assert (tool.status, tool.error) == (
        Status.ERROR,
        StepError("Error running tool (non-fatal): slot is taken"),
    )
    assert guard.kind is StepKind.GUARDRAIL


def test_a_response_has_its_instructions_turns_and_cached_tokens() -> None:
    found = _told(
        "Responses API with {gen_ai.request.model!r}",
        raw_input=[{"role": "user", "content": "Book slot 7."}],
        response={"instructions": "Be kind.", "output": [CALL], "tools": [{"name": "book"}]},
        usage={"input_tokens": 160, "output_tokens": 8, "input_tokens_details": {"cached_tokens": 16}},
        **MODEL,
    )

    assert (found.kind, found.model, found.usage) == (StepKind.LLM, "gpt-5-2026", Usage(160, 8, 16))
    assert found.input_messages == (Message("system", "Be kind."), Message("user", "Book slot 7."))
    assert found.output_messages == (Message("assistant", "", (ToolCall("book", {"slot": 7}, "c1"),)),)
    assert found.tool_definitions == [{"name": "book"}]


def test_a_chat_completion_has_its_turns_and_usage_without_an_operation() -> None:
    found = _told(
        "Chat completion with {gen_ai.request.model!r}",
        input=[{"role": "user", "content": "Hi"}],
        output=[{"role": "assistant", "content": "Hello", "tool_calls": None}],
        usage={"input_tokens": 120, "output_tokens": 24, "input_tokens_details": {"cached_tokens": 0}},
    )

    assert (found.kind, found.usage) == (StepKind.LLM, Usage(120, 24))
    assert (found.input_messages, found.output_messages) == ((Message("user", "Hi"),), (Message("assistant", "Hello"),))


def test_a_call_that_failed_before_any_answer_is_a_call() -> None:
    raised = event("exception", **{"exception.type": "openai.InternalServerError", "exception.message": "exploded"})
    values = {"logfire.msg_template": "Responses API with {gen_ai.request.model!r}", "gen_ai.request.model": "gpt-5"}

    found = span(values, scope=SCOPE, status=2, events=[raised])

    assert (found.kind, found.model) == (StepKind.LLM, "gpt-5")
    assert found.error == StepError("exploded", "openai.InternalServerError")
