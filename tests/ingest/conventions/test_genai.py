"""OTel GenAI and its dialects, current and older, on spans, in span events and in log records."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import TRACE, event, log, span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.model.reading.merge import merge_spans
from retrospan.model.traces import Annotation, Document, Fold, Message, Status, StepError, StepKind, ToolCall, Usage

USED = {"gen_ai.usage.input_tokens": 3}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5"}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("chat", StepKind.LLM),
        ("text_completion", StepKind.LLM),
        ("generate_content", StepKind.LLM),
        ("embeddings", StepKind.EMBEDDING),
        ("retrieval", StepKind.RETRIEVER),
        ("search_memory", StepKind.RETRIEVER),
        ("execute_tool", StepKind.TOOL),
        ("upsert_memory", StepKind.TOOL),
        ("invoke_agent", StepKind.AGENT),
        ("create_agent", StepKind.AGENT),
        ("invoke_workflow", StepKind.CHAIN),
        ("plan", StepKind.CHAIN),
        ("something_new", StepKind.CHAIN),
    ],
)
def test_the_operation_tells_the_kind(operation: str, kind: StepKind) -> None:
    assert span({"gen_ai.operation.name": operation}).kind is kind


@pytest.mark.parametrize("operation", ["agent_step", "execute_event_loop_cycle"])
def test_turns_of_an_agent_loop_are_wrappers(operation: str) -> None:
    assert span({"gen_ai.operation.name": operation}).fold is Fold.WRAPPER


def test_parts_become_turns_with_calls_results_reasoning_and_media() -> None:
    image = {"type": "blob", "mime_type": "image/png", "content": "aGk="}
    call = {"type": "tool_call", "id": "c1", "name": "see", "arguments": '{"n": 1}'}
    result = {"type": "tool_call_response", "id": "c1", "response": {"label": "cat"}}
    given = [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "What is this?"}, image]},
        {"role": "assistant", "parts": [{"type": "reasoning", "content": "look"}, call]},
        {"role": "user", "parts": [result]},
    ]
    made = [{"role": "assistant", "parts": [{"type": "text", "content": "A cat."}], "finish_reason": "stop"}]

    found = span({**CHAT, "gen_ai.input.messages": given, "gen_ai.output.messages": made})

    assert found.input_messages == (
        Message("system", "Be brief."),
        Message("user", "What is this?\n[image image/png]"),
        Message("assistant", "", (ToolCall("see", {"n": 1}, "c1"),), reasoning="look"),
        Message("tool", '{"label":"cat"}', tool_call_id="c1"),
    )
    assert found.output_messages == (Message("assistant", "A cat."),)


def test_system_instructions_come_first_and_are_not_repeated() -> None:
    user = {"role": "user", "parts": [{"type": "text", "content": "Hi"}]}
    system = {"role": "system", "parts": [{"type": "text", "content": "Be kind."}]}
    told = [{"type": "text", "content": "Be kind."}]

    apart = span({**CHAT, "gen_ai.system_instructions": told, "gen_ai.input.messages": [user]})
    inside = span({**CHAT, "gen_ai.system_instructions": told, "gen_ai.input.messages": [system, user]})

    assert apart.input_messages == inside.input_messages == (Message("system", "Be kind."), Message("user", "Hi"))


def test_older_indexed_prompts_and_completions() -> None:
    found = span(
        {
            "gen_ai.system": "openai",
            "llm.request.type": "chat",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Weather in Oslo?",
            "gen_ai.prompt.1.role": "assistant",
            "gen_ai.prompt.1.tool_calls.0.id": "c1",
            "gen_ai.prompt.1.tool_calls.0.name": "weather",
            "gen_ai.prompt.1.tool_calls.0.arguments": '{"city": "Oslo"}',
            "gen_ai.prompt.2.role": "tool",
            "gen_ai.prompt.2.content": "4 degrees",
            "gen_ai.prompt.2.tool_call_id": "c1",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "It is 4 degrees.",
            "gen_ai.completion.0.finish_reason": "stop",
            "gen_ai.usage.prompt_tokens": 30,
            "gen_ai.usage.completion_tokens": 6,
            "llm.request.functions.0.name": "weather",
        },
        name="openai.chat",
        scope="opentelemetry.instrumentation.openai.v1",
    )

    assert (found.kind, found.convention) == (StepKind.LLM, "openllmetry")
    assert found.input_messages == (
        Message("user", "Weather in Oslo?"),
        Message("assistant", "", (ToolCall("weather", {"city": "Oslo"}, "c1"),)),
        Message("tool", "4 degrees", tool_call_id="c1"),
    )
    assert found.output_messages == (Message("assistant", "It is 4 degrees."),)
    assert found.usage == Usage(30, 6)
    assert found.tool_definitions == [{"name": "weather"}]


@pytest.mark.parametrize("write", ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"])
def test_usage_holds_cached_and_reasoning_tokens(write: str) -> None:
    counts = {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": "9",
        "gen_ai.usage.cache_read.input_tokens": 60,
        write: 10,
        "gen_ai.usage.reasoning.output_tokens": 4,
    }

    assert span({**CHAT, **counts}).usage == Usage(100, 9, 60, 10, 4)
    agent = span({"gen_ai.operation.name": "invoke_agent", **counts})
    assert agent.usage is None
    assert agent.attributes["gen_ai.usage.input_tokens"] == 100


def test_strands_tells_turns_in_span_events() -> None:
    call = [{"toolUse": {"toolUseId": "t1", "name": "look", "input": {"id": 7}}}]
    result = [{"toolResult": {"toolUseId": "t1", "status": "error", "content": [{"text": "no order 7"}]}}]
    found = span(
        {"gen_ai.operation.name": "chat", "gen_ai.system": "strands-agents", "gen_ai.usage.input_tokens": 5},
        scope="strands.telemetry.tracer",
        events=[
            event("gen_ai.system.message", content=[{"text": "Be brief."}]),
            event("gen_ai.user.message", content=[{"text": "Find order 7"}]),
            event("gen_ai.assistant.message", content=call),
            event("gen_ai.tool.message", content=result, role="tool"),
            event("gen_ai.choice", message=[{"text": "There is none."}], finish_reason="end_turn"),
        ],
    )

    assert found.convention == "strands"
    assert found.input_messages == (
        Message("system", "Be brief."),
        Message("user", "Find order 7"),
        Message("assistant", "", (ToolCall("look", {"id": 7}, "t1"),)),
        Message("tool", "no order 7", tool_call_id="t1", is_error=True),
    )
    assert found.output_messages == (Message("assistant", "There is none."),)
    assert found.finish_reason == "end_turn"


def test_strands_tool_has_arguments_and_result_in_events() -> None:
    found = span(
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look", "gen_ai.tool.status": "error"},
        name="execute_tool look",
        events=[
            event("gen_ai.tool.message", role="tool", content={"id": 7}, id="t1"),
            event("gen_ai.choice", message=[{"text": "no order 7"}], id="t1"),
        ],
    )

    assert (found.tool, found.inputs, found.outputs) == ("look", {"id": 7}, "no order 7")
    assert (found.status, found.error) == (Status.ERROR, StepError("no order 7"))


def test_a_whole_call_may_be_told_by_a_span_event() -> None:
    details = event(
        "gen_ai.client.inference.operation.details",
        **{"gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Yes"}]}]},
    )

    assert span(CHAT, events=[details]).output_messages == (Message("assistant", "Yes"),)


def test_what_a_span_says_itself_counts_before_its_events() -> None:
    def said(text: str) -> dict[str, Any]:
        return {"gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": text}]}]}

    details = event("gen_ai.client.inference.operation.details", **said("from the event"))

    assert span({**CHAT, **said("from the span")}, events=[details]).output_messages == (
        Message("assistant", "from the span"),
    )


def test_a_tool_told_as_a_conversation_was_given_what_was_asked_last() -> None:
    def asked(city: str) -> dict[str, Any]:
        return {"role": "assistant", "parts": [{"type": "tool_call", "name": "go", "arguments": {"to": city}}]}

    found = span(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "go",
            "gen_ai.input.messages": [asked("Rome"), asked("Oslo")],
        }
    )

    assert found.inputs == {"to": "Oslo"}


def test_an_agent_run_begins_where_it_says_in_a_longer_conversation() -> None:
    def turn(role: str, text: str) -> dict[str, Any]:
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    history = [
        turn("user", "an earlier question"),
        turn("assistant", "an earlier answer"),
        turn("user", "what began this run"),
        turn("user", "a later remark"),
        turn("assistant", "the end"),
    ]
    told = {"gen_ai.operation.name": "invoke_agent", "pydantic_ai.all_messages": history}

    assert span(told | {"pydantic_ai.new_message_index": 2}).inputs == "what began this run"
    assert span(told).inputs == "a later remark"


def test_older_adk_keeps_request_and_response_under_its_own_keys() -> None:
    request = {"model": "gemini", "contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    response = {"content": {"role": "model", "parts": [{"functionCall": {"name": "go", "args": {"n": 1}}}]}}
    found = span(
        {
            "gen_ai.system": "gcp.vertex.agent",
            "gen_ai.request.model": "gemini",
            "gcp.vertex.agent.llm_request": request,
            "gcp.vertex.agent.llm_response": response,
            "gcp.vertex.agent.session_id": "s-1",
        },
        name="call_llm",
        scope="gcp.vertex.agent",
    )

    assert (found.kind, found.session) == (StepKind.LLM, "s-1")
    assert found.input_messages == (Message("user", "Hi"),)
    assert found.output_messages == (Message("assistant", "", (ToolCall("go", {"n": 1}),)),)


def test_older_pydantic_ai_lists_turns_as_events() -> None:
    turns = [
        {"event.name": "gen_ai.user.message", "content": "Hi", "role": "user", "gen_ai.message.index": 0},
        {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "Hello"}},
    ]
    call = span({**CHAT, "events": turns}, scope="pydantic-ai")
    run = span(
        {
            "agent_name": "greeter",
            "all_messages_events": turns,
            "final_result": "Hello",
            "gen_ai.usage.input_tokens": 3,
        },
        name="agent run",
        scope="pydantic-ai",
    )

    assert (call.input_messages, call.output_messages) == ((Message("user", "Hi"),), (Message("assistant", "Hello"),))
    assert (run.kind, run.agent, run.inputs, run.outputs) == (StepKind.AGENT, "greeter", "Hi", "Hello")
    assert run.usage is None


def test_a_tool_that_returns_an_error_tells_why() -> None:
    found = span(
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "refund",
            "error.type": "TOOL_ERROR",
            "gen_ai.tool.call.result": {"status": "error", "error": "over the limit"},
        },
        status=2,
        message="TOOL_ERROR",
    )

    assert found.error == StepError("over the limit", "TOOL_ERROR")


def test_error_type_alone_marks_a_span_failed_and_an_exception_says_why() -> None:
    raised = event(
        "exception", **{"exception.type": "Timeout", "exception.message": "slow", "exception.stacktrace": "…"}
    )

    assert span({**CHAT, "error.type": "timeout"}).status is Status.ERROR
    found = span(CHAT, status=2, events=[raised])
    assert found.error == StepError("slow", "Timeout")
    assert found.attributes["exception.stacktrace"] == "…"


def test_retrieval_keeps_query_and_ranked_documents() -> None:
    found = span(
        {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": "docs",
            "gen_ai.retrieval.query.text": "returns",
            "gen_ai.retrieval.documents": [{"id": "a", "score": 0.9, "content": "30 days"}, {"id": "b", "score": 0.2}],
        }
    )

    assert (found.kind, found.tool, found.inputs) == (StepKind.RETRIEVER, "docs", {"query": "returns"})
    assert found.documents == (Document("30 days", "a", 0.9), Document("", "b", 0.2))


def test_mcp_calls_are_tools_and_other_mcp_traffic_is_not() -> None:
    call = span({"mcp.method.name": "tools/call", "gen_ai.tool.name": "look"}, name="tools/call look")

    assert (call.kind, call.tool) == (StepKind.TOOL, "look")
    assert span({"mcp.method.name": "tools/list"}).kind is StepKind.CHAIN


def test_attributes_that_no_field_holds_are_kept() -> None:
    found = span({**CHAT, "gen_ai.response.model": "gpt-5-2026", "gen_ai.request.temperature": 0.2, "app.tier": "gold"})

    assert found.model == "gpt-5-2026"
    assert found.attributes == {"gen_ai.request.model": "gpt-5", "gen_ai.request.temperature": 0.2, "app.tier": "gold"}


def test_identity_comes_from_the_span_and_else_from_the_resource() -> None:
    resource = {
        "service.name": "desk",
        "service.version": "1.2",
        "deployment.environment.name": "prod",
        "session.id": "r",
    }

    found = span({**CHAT, "gen_ai.conversation.id": "c-1", "enduser.id": "u-1"}, resource=resource)

    assert (found.session, found.user, found.version) == ("c-1", "u-1", "1.2")
    assert (found.environment, found.project) == ("prod", "desk")
    assert span(CHAT, resource=resource).session == "r"
    assert span(CHAT, resource={"service.name": "unknown_service:python"}).project is None


def _join(first: Any, second: Any, *, late: bool) -> Any:
    old, new = (second, first) if late else (first, second)
    return merge_spans(old, new)


@pytest.mark.parametrize("late", [False, True])
def test_content_in_log_records_joins_its_span_either_way_round(late: bool) -> None:
    bare = span({**CHAT, "gen_ai.usage.input_tokens": 7})
    turns = to_batch(
        [],
        [
            log("gen_ai.user.message", body={"content": "Hi", "role": "user"}),
            log("gen_ai.choice", body={"index": 0, "finish_reason": "stop", "message": {"content": "Hello"}}),
        ],
    ).spans
    details = to_batch(
        [],
        [
            log(
                "gen_ai.client.inference.operation.details",
                {
                    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}],
                    "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}]}],
                },
            )
        ],
    ).spans

    for (partial,) in (turns, details):
        merged = _join(bare, partial, late=late)
        assert (merged.input_messages, merged.output_messages) == (
            (Message("user", "Hi"),),
            (Message("assistant", "Hello"),),
        )
        assert (merged.name, merged.kind, merged.usage, merged.ended_at_ns) == ("span", StepKind.LLM, Usage(7), 2_000)


def test_turns_in_separate_requests_add_up_in_order() -> None:
    (first,) = to_batch([], [log("gen_ai.system.message", body={"content": "Be kind."})]).spans
    (second,) = to_batch([], [log("gen_ai.user.message", body={"content": "Hi"})]).spans

    merged = merge_spans(merge_spans(span(CHAT), first), second)

    assert merged.input_messages == (Message("system", "Be kind."), Message("user", "Hi"))


def test_an_evaluation_event_becomes_an_annotation_of_the_span_judged() -> None:
    record = log(
        "gen_ai.evaluation.result",
        {
            "gen_ai.evaluation.name": "grounded",
            "gen_ai.evaluation.score.value": 0.0,
            "gen_ai.evaluation.score.label": "fail",
            "gen_ai.evaluation.explanation": "invented",
        },
        scope="judge",
    )

    (facts,) = to_batch([], [record]).facts

    assert facts.trace_key == TRACE
    assert facts.annotations == (
        Annotation("grounded", "fail", 0.0, "invented", span_id="b7ad6b7169203331", source="judge"),
    )


def test_an_exception_event_marks_its_span_failed() -> None:
    record = log("gen_ai.client.operation.exception", {"exception.type": "RateLimit", "exception.message": "slow down"})
    (partial,) = to_batch([], [record]).spans

    merged = merge_spans(span(CHAT), partial)

    assert (merged.status, merged.error, merged.name) == (Status.ERROR, StepError("slow down", "RateLimit"), "span")


def test_log_records_that_are_no_content_make_nothing() -> None:
    batch = to_batch(
        [], [log("", body="GET /healthz 200"), log("gen_ai.user.message", body="x", span_id="", trace_id="")]
    )

    assert (batch.spans, batch.facts) == ([], [])
