"""What single frameworks send in their own way, as seen on the wire of small agents of several trades."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from raw_spans import event, log, raw_span, span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.model.traces import Message, Status, StepError, StepKind, ToolCall, Usage

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "book"}


def _turns(*records: Any) -> Any:
    (found,) = to_batch([], records).spans
    return found


@pytest.mark.parametrize(
    "arguments", [{"to": "sql", "message": "count orders"}, {"text": "hi"}, {"content": "x", "role": "nurse"}]
)
def test_strands_arguments_keep_their_names_whatever_they_are(arguments: dict[str, Any]) -> None:
    found = span(TOOL, events=[event("gen_ai.tool.message", role="tool", content=arguments, id="t1")])

    assert found.inputs == arguments


def test_strands_results_are_values_also_where_a_text_block_holds_json() -> None:
    rows = event("gen_ai.choice", message=[{"text": '[{"id": "a", "text": "30 days", "score": 0.9}]'}], id="t1")
    record = event("gen_ai.choice", message=[{"json": {"text": "ok", "id": 7}}], id="t1")

    assert span(TOOL, events=[rows]).outputs == [{"id": "a", "text": "30 days", "score": 0.9}]
    assert span(TOOL, events=[record]).outputs == {"text": "ok", "id": 7}


def test_older_strands_names_the_status_of_a_tool_without_a_prefix() -> None:
    result = event("gen_ai.choice", message=[{"text": "slot is taken"}], id="t1")

    found = span({**TOOL, "tool.status": "error"}, events=[result], status=1)

    assert (found.status, found.error) == (Status.ERROR, StepError("slot is taken"))


def test_a_swarm_was_asked_what_its_event_says() -> None:
    found = span(
        {"gen_ai.operation.name": "invoke_swarm"}, events=[event("gen_ai.user.message", content="How many orders?")]
    )

    assert (found.kind, found.inputs) == (StepKind.CHAIN, "How many orders?")


def test_a_choice_without_text_is_its_calls_and_nothing_else() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"n": 1}'}}

    found = _turns(log("gen_ai.choice", body={"index": 0, "message": {"tool_calls": [call]}}))

    assert found.output_messages == (Message("assistant", "", (ToolCall("look", {"n": 1}, "c1"),)),)


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": "mole-02", "text": "within 7 days", "score": 0.5}]',
        '[{"type": "file", "name": "parser.py", "url": "https://repo.example/parser.py"}]',
        '[{"name": "tent", "image": "tent.png"}]',
        '{"content": "page 1", "next": 2}',
        '{"message": "created", "id": 4}',
    ],
)
def test_a_tool_result_that_is_json_stays_whole(text: str) -> None:
    told = _turns(log("gen_ai.tool.message", body={"id": "c1", "content": text}))
    listed = span({**CHAT, "gen_ai.input.messages": [{"role": "tool", "tool_call_id": "c1", "content": text}]})

    assert told.input_messages == listed.input_messages == (Message("tool", text, tool_call_id="c1"),)


def test_bedrock_tells_a_result_twice_and_its_values_in_blocks() -> None:
    block = {"json": {"slots": 2}}
    result = {"toolUseId": "t1", "status": "error", "content": [block]}
    tool = log("gen_ai.tool.message", body={"id": "t1", "content": [block]})
    user = log("gen_ai.user.message", body={"content": [{"toolResult": result}]})
    part = {"type": "tool_call_response", "id": "t1", "response": '[{"json": {"slots": 2}}]'}

    wanted = Message("tool", '{"slots":2}', tool_call_id="t1")
    assert _turns(tool).input_messages == (wanted,)
    assert _turns(tool, user).input_messages == (replace(wanted, is_error=True),)
    assert span({**CHAT, "gen_ai.input.messages": [{"role": "user", "parts": [part]}]}).input_messages == (wanted,)


def test_turns_in_log_records_say_whose_run_it_is() -> None:
    resource = {"service.name": "clinic", "service.version": "3.1"}
    told = _turns(log("gen_ai.user.message", {"session.id": "s"}, body={"content": "Hi"}, resource=resource))
    failed = _turns(log("gen_ai.client.operation.exception", {"exception.message": "slow"}, resource=resource))

    assert (told.project, told.version, told.session) == ("clinic", "3.1", "s")
    assert failed.project == "clinic"


def test_older_pydantic_ai_does_not_say_where_a_run_begins_in_the_conversation() -> None:
    turns = [
        {"event.name": "gen_ai.user.message", "content": "Any slots?", "role": "user"},
        {"event.name": "gen_ai.assistant.message", "content": "Yes.", "role": "assistant"},
        {"event.name": "gen_ai.user.message", "content": "And at the skin doctor?", "role": "user"},
        {"event.name": "gen_ai.assistant.message", "content": "Too.", "role": "assistant"},
    ]

    found = span({"agent_name": "desk", "all_messages_events": turns}, name="agent run", scope="pydantic-ai")

    assert (found.inputs, found.outputs) == ("And at the skin doctor?", "Too.")


@pytest.mark.parametrize(
    ("scope", "convention"),
    [
        ("pydantic-ai", "pydantic_ai"),
        ("semantic_kernel.connectors.ai.chat_completion_client_base", "semantic_kernel"),
        ("agent_framework", "agent_framework"),
        ("my.app", "unknown"),
    ],
)
def test_bare_spans_of_a_framework_are_not_taken_for_a_persons_marks(scope: str, convention: str) -> None:
    assert span({"code.line": 3}, name="running tools", scope=scope).convention == convention


def test_google_tells_arguments_and_result_of_a_function_it_called_by_itself() -> None:
    told = {
        "code.function.parameters.day.type": "str",
        "code.function.parameters.day.value": "2026-12-03",
        "code.function.parameters.limit.value": 3,
        "code.function.return.value": {"slots": ["0900"]},
    }

    found = span({**TOOL, **told}, scope="opentelemetry.instrumentation.google_genai")

    assert (found.inputs, found.outputs) == ({"day": "2026-12-03", "limit": 3}, {"slots": ["0900"]})


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("ValueError: slot is taken", "ValueError"),
        ("ValueError('slot is taken')", "ValueError"),
        ("clinic.errors.ValueError: slot is taken", "clinic.errors.ValueError"),
        ("slot is taken", "ValueError"),
    ],
)
def test_an_error_does_not_repeat_its_type(message: str, kind: str) -> None:
    raised = event("exception", **{"exception.type": kind, "exception.message": "slot is taken"})

    assert span(TOOL, status=2, message=message, events=[raised]).error == StepError("slot is taken", kind)
    assert span({**TOOL, "error.type": kind}, status=2, message=message).error == StepError("slot is taken", kind)


def test_an_error_that_openai_agents_wrote_as_an_object_is_read() -> None:
    said = "{'message': 'Error running tool', 'data': {'tool_name': 'book', 'error': 'slot is taken'}}"

    assert span(TOOL, status=2, message=said).error == StepError("Error running tool: slot is taken")
    assert span(TOOL, status=2, message='{"code": 7}').error == StepError('{"code": 7}')


def test_a_session_that_logfire_scrubbed_is_unknown() -> None:
    found = span({**CHAT, "session_id": "[Scrubbed due to 'session']", "user_id": "u"})

    assert (found.session, found.user) == (None, "u")


def test_an_agent_that_is_only_built_is_no_run() -> None:
    built = {"gen_ai.operation.name": "create_agent", "gen_ai.agent.name": "desk"}
    local = [raw_span(built, scope=scope) for scope in ("autogen-core", "opentelemetry.instrumentation.langchain")]

    assert to_batch(local).spans == []
    assert span(built, scope="azure.ai.agents").kind is StepKind.AGENT
    assert span(built, scope="autogen-core", parent="b7ad6b7169203332").kind is StepKind.AGENT


def test_langsmith_runs_that_failed_gave_nothing_back() -> None:
    failed = span(
        {"langsmith.span.kind": "llm", "gen_ai.prompt": {"messages": []}, "gen_ai.completion": {"output": None}}
    )
    found = span({"langsmith.span.kind": "retriever", "gen_ai.completion": {"output": [{"page_content": "30 days"}]}})

    assert failed.output_messages == ()
    assert found.outputs == [{"page_content": "30 days"}]


def test_a_project_that_nobody_named_is_that_of_the_service() -> None:
    named = {"langsmith.span.kind": "chain", "langsmith.trace.session_name": "default"}

    assert span(named, resource={"service.name": "clinic"}).project == "clinic"
    assert (
        span({**named, "langsmith.trace.session_name": "desk"}, resource={"service.name": "clinic"}).project == "desk"
    )


@pytest.mark.parametrize(
    ("sent", "metadata", "usage"),
    [
        ({"promptTokens": 160}, {"openai": {"cachedPromptTokens": 16, "reasoningTokens": 2}}, Usage(160, 8, 16, 0, 2)),
        (
            {"promptTokens": 144},
            {"anthropic": {"cacheReadInputTokens": 16, "cacheCreationInputTokens": 4}},
            (164, 16, 4),
        ),
        ({"inputTokens": 144, "cachedInputTokens": 16}, {"anthropic": {"usage": {"input_tokens": 144}}}, (160, 16, 0)),
        (
            {"inputTokens": 160, "inputTokenDetails.noCacheTokens": 144, "cachedInputTokens": 16},
            {"anthropic": {}},
            None,
        ),
        ({"inputTokens": 160, "cachedInputTokens": 16}, {"google": {}}, None),
    ],
)
def test_vercel_counts_hold_cached_tokens_whoever_the_vendor_is(
    sent: dict[str, int], metadata: dict[str, Any], usage: Usage | tuple[int, int, int] | None
) -> None:
    counts = {f"ai.usage.{name}": count for name, count in {**sent, "completionTokens": 8}.items()}
    given, read, write = usage if isinstance(usage, tuple) else (160, 16, 0)
    wanted = usage if isinstance(usage, Usage) else Usage(given, 8, read, write)

    found = span({"ai.operationId": "ai.generateText.doGenerate", "ai.response.providerMetadata": metadata, **counts})

    assert found.usage == wanted


def test_vercel_embedded_values_are_texts() -> None:
    assert span({"ai.operationId": "ai.embedMany", "ai.values": ['"tents"', '"stoves"']}).inputs == ["tents", "stoves"]
