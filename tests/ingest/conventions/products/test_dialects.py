"""Frameworks with keys of their own are read as what they are: kinds, words, calls, tokens, session and user."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import event, span
from retrospan.model.traces import Document, Fold, Message, Status, StepKind, ToolCall, Usage

ASKED = Message("user", "Where is parcel 7?")
SAID = Message("assistant", "In Oslo.")
CALLED = Message("assistant", "", (ToolCall("track", {"id": 7}, "c1"),))


def genkit(subtype: str, **more: Any) -> dict[str, Any]:
    return {"genkit:type": "action", "genkit:metadata:subtype": subtype, "genkit:name": "thing", **more}


@pytest.mark.parametrize(
    ("subtype", "kind"),
    [
        ("model", StepKind.LLM),
        ("tool", StepKind.TOOL),
        ("tool.v2", StepKind.TOOL),
        ("agent", StepKind.AGENT),
        ("retriever", StepKind.RETRIEVER),
        ("embedder", StepKind.EMBEDDING),
        ("flow", StepKind.CHAIN),
        ("something-new", StepKind.CHAIN),
    ],
)
def test_genkit_names_the_kind_as_subtype(subtype: str, kind: StepKind) -> None:
    assert span(genkit(subtype)).kind is kind


def test_a_genkit_model_call_has_its_turns_calls_and_tokens() -> None:
    given = {"messages": [{"role": "user", "content": [{"text": "Where is parcel 7?"}]}], "tools": [{"name": "track"}]}
    call = {"toolRequest": {"name": "track", "ref": "c1", "input": {"id": 7}}}
    usage = {"inputTokens": 40, "outputTokens": 6, "thoughtsTokens": 2, "cachedContentTokens": 8}
    made = {"message": {"role": "model", "content": [call]}, "finishReason": "stop", "usage": usage}

    found = span(genkit("model", **{"genkit:input": given, "genkit:output": made}))

    assert (found.input_messages, found.output_messages) == ((ASKED,), (CALLED,))
    assert found.usage == Usage(40, 6, 8, 0, 2)
    assert (found.model, found.finish_reason, found.tool_definitions) == ("thing", "stop", [{"name": "track"}])


def test_what_genkit_says_to_a_tool_and_of_thoughts_is_no_answer() -> None:
    turns = [
        {"role": "model", "content": [{"reasoning": "look it up", "metadata": {"thoughtSignature": "AbC9"}}]},
        {"role": "tool", "content": [{"toolResponse": {"name": "track", "ref": "c1", "output": {"at": "Oslo"}}}]},
        {"role": "user", "content": [{"media": {"url": "data:image/png;base64,AA", "contentType": "image/png"}}]},
    ]

    found = span(genkit("model", **{"genkit:input": {"messages": turns}, "genkit:output": {}}))

    thought, told, shown = found.input_messages
    assert (thought.content, thought.reasoning) == ("", "look it up")
    assert (told.role, told.content, told.tool_call_id) == ("tool", '{"at":"Oslo"}', "c1")
    assert shown.content == "[image image/png]"


def test_a_genkit_tool_that_failed_is_in_error_and_helpers_are_wrappers() -> None:
    failed = span(genkit("tool", **{"genkit:input": {"id": 7}, "genkit:state": "error"}))
    helper = span({"genkit:type": "util", "genkit:name": "generate"}, parent="aaaaaaaaaaaaaaaa")

    assert (failed.status, failed.inputs, failed.tool) == (Status.ERROR, {"id": 7}, "thing")
    assert helper.fold is Fold.WRAPPER


def test_laminar_tells_session_user_and_tool() -> None:
    found = span(
        {
            "lmnr.span.type": "TOOL",
            "lmnr.span.input": {"id": 7},
            "lmnr.span.output": '"Oslo"',
            "lmnr.association.properties.session_id": "s5",
            "lmnr.association.properties.user_id": "u5",
            "lmnr.association.properties.metadata.tool_call_id": "c1",
        },
        name="track",
    )

    assert (found.kind, found.tool, found.inputs, found.outputs) == (StepKind.TOOL, "track", {"id": 7}, "Oslo")
    assert (found.session, found.user, found.tool_call_id) == ("s5", "u5", "c1")


@pytest.mark.parametrize(
    "content",
    [
        {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "Where is parcel 7?",
         "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": "In Oslo.",
         "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 3},
        {"lmnr.span.input": [{"role": "user", "content": "Where is parcel 7?"}],
         "lmnr.span.output": [{"role": "assistant", "content": "In Oslo."}],
         "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 3},
    ],
)  # fmt: skip
def test_a_laminar_model_call_is_read_from_either_set_of_keys(content: dict[str, Any]) -> None:
    found = span({"lmnr.span.type": "LLM", "gen_ai.request.model": "m", **content})

    assert (found.kind, found.convention, found.model) == (StepKind.LLM, "laminar", "m")
    assert (found.input_messages, found.output_messages, found.usage) == ((ASKED,), (SAID,), Usage(9, 3))


def test_laminar_marks_on_spans_of_others_leave_those_what_they_are() -> None:
    found = span({"gen_ai.operation.name": "chat", "lmnr.association.properties.session_id": "s5"})

    assert (found.kind, found.convention, found.session) == (StepKind.LLM, "otel_genai", "s5")


@pytest.mark.parametrize("place", ["lk.", "lk.pii."])
def test_livekit_is_told_by_what_its_spans_hold(place: str) -> None:
    context = {
        "items": [
            {"type": "message", "role": "user", "content": ["Where is parcel 7?"]},
            {"type": "function_call", "call_id": "c1", "name": "track", "arguments": '{"id": 7}'},
            {"type": "function_call_output", "call_id": "c1", "output": "Oslo", "is_error": False},
        ]
    }
    call = span(
        {
            f"{place}chat_ctx": context,
            f"{place}response.text": "In Oslo.",
            "lk.llm_metrics": {"prompt_tokens": 9, "completion_tokens": 3, "prompt_cached_tokens": 4},
        },
        name="llm_node",
    )
    tool = span(
        {
            "lk.function_tool.name": "track",
            f"{place}function_tool.arguments": {"id": 7},
            f"{place}function_tool.output": "no such parcel",
            "lk.function_tool.is_error": True,
        },
        name="function_tool",
    )

    assert [message.role for message in call.input_messages] == ["user", "assistant", "tool"]
    assert (call.kind, call.output_messages, call.usage) == (StepKind.LLM, (SAID,), Usage(9, 3, 4))
    assert (tool.kind, tool.tool, tool.inputs, tool.status) == (StepKind.TOOL, "track", {"id": 7}, Status.ERROR)
    assert tool.error is not None and tool.error.message == "no such parcel"


def test_what_a_caller_said_in_livekit_is_a_persons_step() -> None:
    said = span({"lk.user_transcript": "Where is parcel 7?"}, name="user_turn")
    turn = span({"lk.user_input": "Where is it?", "lk.response.text": "In Oslo."}, name="agent_turn")

    assert (said.kind, said.outputs) == (StepKind.HUMAN, "Where is parcel 7?")
    assert (turn.kind, turn.inputs, turn.outputs) == (StepKind.AGENT, "Where is it?", "In Oslo.")


def test_agentops_reads_decorated_functions_and_its_model_calls() -> None:
    tool = span(
        {"agentops.span.kind": "tool", "tool.name": "track", "tool.parameters": {"id": 7}, "tool.result": '"Oslo"'}
    )
    task = span(
        {
            "agentops.span.kind": "task",
            "operation.name": "answer",
            "agentops.entity.input": {"args": ["Where?"], "kwargs": {}},
            "agentops.entity.output": '"In Oslo."',
        }
    )
    call = span(
        {
            "agentops.span.kind": "llm",
            "gen_ai.request.model": "m",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Where is parcel 7?",
            "gen_ai.completion.0.content": "In Oslo.",
            "gen_ai.usage.prompt_tokens": 9,
            "gen_ai.usage.completion_tokens": 3,
        }
    )

    assert (tool.kind, tool.tool, tool.inputs, tool.outputs) == (StepKind.TOOL, "track", {"id": 7}, "Oslo")
    assert (task.kind, task.inputs, task.outputs) == (StepKind.CHAIN, "Where?", "In Oslo.")
    assert (call.kind, call.input_messages, call.output_messages) == (StepKind.LLM, (ASKED,), (SAID,))
    assert (call.usage, call.convention) == (Usage(9, 3), "agentops")


def test_spring_ai_tools_clients_stores_and_model_calls() -> None:
    tool = span(
        {
            "gen_ai.operation.name": "framework",
            "spring.ai.kind": "tool_call",
            "spring.ai.tool.definition.name": "track",
            "spring.ai.tool.call.id": "c1",
            "spring.ai.tool.call.arguments": {"id": 7},
            "spring.ai.tool.call.result": '"Oslo"',
        }
    )
    found = span(
        {
            "spring.ai.kind": "vector_store",
            "db.collection.name": "policies",
            "db.vector.query.content": "returns",
            "db.vector.query.response.documents": [{"id": "p1", "text": "30 days", "score": 0.8}],
        }
    )
    client = span(
        {
            "spring.ai.kind": "chat_client",
            "spring.ai.chat.client.conversation.id": "s5",
            "spring.ai.chat.client.input": "Where is it?",
        }
    )
    call = span(
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "spring.ai.model.request.stream": False},
        events=[
            event("gen_ai.content.prompt", **{"gen_ai.prompt": "Where is parcel 7?"}),
            event("gen_ai.content.completion", **{"gen_ai.completion": "In Oslo."}),
        ],
    )

    assert (tool.kind, tool.tool, tool.inputs, tool.outputs) == (StepKind.TOOL, "track", {"id": 7}, "Oslo")
    assert (found.kind, found.tool, found.documents) == (
        StepKind.RETRIEVER,
        "policies",
        (Document("30 days", "p1", 0.8),),
    )
    assert (client.kind, client.session, client.inputs) == (StepKind.CHAIN, "s5", "Where is it?")
    assert (call.kind, call.input_messages, call.output_messages) == (StepKind.LLM, (ASKED,), (SAID,))


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (["In Oslo."], [{"name": "track", "type": "function_call", "arguments": '{"id": 7}', "id": "c1"}]),
        ("In Oslo.", [{"id": "c1", "function": {"name": "track", "arguments": '{"id": 7}'}, "type": "function"}]),
        ("In Oslo.", [{"type": "tool_use", "id": "c1", "name": "track", "input": {"id": 7}}]),
    ],
)
def test_sentry_tells_an_answer_as_texts_beside_calls(text: Any, calls: Any) -> None:
    found = span(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.messages": [{"role": "user", "content": "Where is parcel 7?"}],
            "gen_ai.response.text": text,
            "gen_ai.response.tool_calls": calls,
            "gen_ai.usage.input_tokens": 9,
            "gen_ai.usage.input_tokens.cached": 4,
            "gen_ai.usage.output_tokens": 3,
        }
    )

    assert found.input_messages == (ASKED,)
    assert found.output_messages == (Message("assistant", "In Oslo.", CALLED.tool_calls),)
    assert found.usage == Usage(9, 3, 4)


def test_sentry_spans_without_an_operation_have_their_op() -> None:
    assert span({"sentry.op": "gen_ai.execute_tool", "gen_ai.tool.name": "track"}).kind is StepKind.TOOL
    assert span({"sentry.op": "gen_ai.invoke_agent", "gen_ai.agent.name": "desk"}).kind is StepKind.AGENT


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"llm.output_messages.0.message.content": "In Oslo.", "llm.model_name": "m"}, StepKind.LLM),
        ({"llm.token_count.prompt": 9}, StepKind.LLM),
        ({"retrieval.documents.0.document.content": "30 days"}, StepKind.RETRIEVER),
        ({"embedding.embeddings.0.embedding.text": "Hi"}, StepKind.EMBEDDING),
        ({"tool.name": "track", "input.value": '{"id": 7}'}, StepKind.TOOL),
        ({"reranker.query": "returns"}, StepKind.RERANKER),
    ],
)
def test_openinference_without_a_kind_is_told_by_its_keys(attributes: dict[str, Any], kind: StepKind) -> None:
    found = span(attributes)

    assert (found.kind, found.convention) == (kind, "openinference")
