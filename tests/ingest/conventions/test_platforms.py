"""Traceloop, Vercel, Langfuse, MLflow, LangSmith, and spans of no known convention."""

from __future__ import annotations

import json

import pytest
from raw_spans import event, raw_span, span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.model.traces import Document, Fold, Message, Status, StepError, StepKind, ToolCall, Usage

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"n": 1}'}}


def test_traceloop_tools_and_agents_are_unwrapped() -> None:
    session = {"traceloop.association.properties.session_id": "s", "traceloop.workflow.name": "w"}
    tool = span(
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "look",
            "traceloop.entity.input": {"args": [], "kwargs": {"n": 1}},
            "traceloop.entity.output": json.dumps("found"),
            **session,
        },
        name="look.tool",
    )
    agent = span(
        {
            "traceloop.span.kind": "agent",
            "traceloop.entity.name": "desk",
            "traceloop.entity.input": {"args": ["Hi"], "kwargs": {}},
        }
    )

    assert (tool.kind, tool.tool, tool.inputs, tool.outputs) == (StepKind.TOOL, "look", {"n": 1}, "found")
    assert (tool.session, tool.attributes) == ("s", {"traceloop.workflow.name": "w"})
    assert (agent.kind, agent.agent, agent.inputs) == (StepKind.AGENT, "desk", "Hi")


def test_a_vector_store_query_is_a_retriever() -> None:
    hit = event(
        "db.query.result",
        **{"db.query.result.id": "a", "db.query.result.score": 0.3, "db.query.result.document": "30 days"},
    )
    found = span({"db.system": "chroma"}, name="chroma.query", events=[hit])

    assert (found.kind, found.tool) == (StepKind.RETRIEVER, "chroma")
    assert found.documents == (Document("30 days", "a", 0.3),)


def test_vercel_runs_calls_and_tools() -> None:
    run = span(
        {
            "ai.operationId": "ai.streamText",
            "ai.telemetry.functionId": "desk",
            "ai.prompt": {"system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}]},
            "ai.response.text": "Hello",
            "ai.usage.inputTokens": 50,
        }
    )
    named, failed = {"toolCallId": "c1", "toolName": "look"}, {"type": "error-text", "value": "gone"}
    call = span(
        {
            "ai.operationId": "ai.streamText.doStream",
            "ai.prompt.messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
                {"role": "assistant", "content": [{"type": "tool-call", **named, "input": {"n": 1}}]},
                {"role": "tool", "content": [{"type": "tool-result", **named, "output": failed}]},
            ],
            "ai.response.toolCalls": [{"toolCallId": "c2", "toolName": "look", "args": '{"n": 2}'}],
            "ai.usage.promptTokens": 9,
            "ai.usage.completionTokens": 2,
            "ai.model.id": "gpt-5",
        }
    )
    tool = span({"ai.operationId": "ai.toolCall", "ai.toolCall.name": "look", "ai.toolCall.result": '"gone"'})

    assert (run.kind, run.agent, run.inputs, run.outputs, run.usage) == (StepKind.AGENT, "desk", "Hi", "Hello", None)
    assert call.input_messages == (
        Message("user", "Hi"),
        Message("assistant", "", (ToolCall("look", {"n": 1}, "c1"),)),
        Message("tool", "gone", tool_call_id="c1", name="look", is_error=True),
    )
    assert call.output_messages == (Message("assistant", "", (ToolCall("look", {"n": 2}, "c2"),)),)
    assert (call.usage, call.model) == (Usage(9, 2), "gpt-5")
    assert (tool.tool, tool.outputs) == ("look", "gone")


def test_langfuse_observations() -> None:
    call = span(
        {
            "langfuse.observation.type": "generation",
            "langfuse.observation.input": [{"role": "user", "content": "Hi"}],
            "langfuse.observation.output": {"role": "assistant", "content": None, "tool_calls": [CALL]},
            "langfuse.observation.usage_details": {"input": 9, "output": 2, "input_cached_tokens": 4},
            "langfuse.observation.cost_details": {"input": 0.001, "output": 0.002, "total": 0.003},
        }
    )
    failed = span(
        {
            "langfuse.observation.type": "tool",
            "langfuse.observation.level": "ERROR",
            "langfuse.observation.status_message": "no",
        },
        name="refund",
    )
    root = span({"langfuse.observation.type": "span", "langfuse.trace.input": "Hi", "langfuse.trace.output": "Hello"})

    assert call.output_messages == (Message("assistant", "", (ToolCall("look", {"n": 1}, "c1"),)),)
    assert (call.usage, call.cost_usd) == (Usage(9, 2, 4), 0.003)
    assert (failed.tool, failed.status, failed.error) == ("refund", Status.ERROR, StepError("no"))
    assert (root.inputs, root.outputs) == ("Hi", "Hello")


def test_mlflow_values_are_all_json() -> None:
    tool = span(
        {"mlflow.spanType": '"TOOL"', "mlflow.spanInputs": {"n": 1}, "mlflow.spanOutputs": '"found"'}, name="look"
    )
    call = span(
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.spanInputs": {"model": "gpt-5", "messages": [{"role": "user", "content": "Hi"}]},
            "mlflow.spanOutputs": {"id": "r1", "choices": [{"message": {"role": "assistant", "content": "Hello"}}]},
            "mlflow.chat.tokenUsage": {"input_tokens": 9, "output_tokens": 2, "cache_read_input_tokens": 4},
        }
    )
    retriever = span(
        {
            "mlflow.spanType": '"RETRIEVER"',
            "mlflow.spanOutputs": [{"page_content": "30 days", "metadata": {}, "id": "a"}],
        }
    )

    assert (tool.kind, tool.tool, tool.inputs, tool.outputs) == (StepKind.TOOL, "look", {"n": 1}, "found")
    assert (call.input_messages, call.output_messages) == ((Message("user", "Hi"),), (Message("assistant", "Hello"),))
    assert (call.usage, call.model, call.response_id) == (Usage(9, 2, 4), "gpt-5", "r1")
    assert retriever.documents == (Document("30 days", "a"),)


def test_mlflow_rerankers_have_documents_and_named_chains_are_agents() -> None:
    ranked = [{"page_content": "30 days", "metadata": {"score": 0.9}, "id": "a"}]
    reranker = span({"mlflow.spanType": '"RERANKER"', "mlflow.spanOutputs": ranked})
    agent = span({"mlflow.spanType": '"CHAIN"', "metadata": {"lc_agent_name": "desk"}}, name="desk")

    assert reranker.documents == (Document("30 days", "a", 0.9, {"score": 0.9}),)
    assert (agent.kind, agent.agent) == (StepKind.AGENT, "desk")


def test_mlflow_autologs_name_tools_and_agents_among_quoted_attributes() -> None:
    tool = span({"mlflow.spanType": '"TOOL"', "name": '"run_sql"', "mlflow.spanOutputs": {"_value": "ok"}}, name="T.a")
    agent = span({"mlflow.spanType": '"AGENT"', "agent_name": '"Tool Agent"', "name": '"desk"'}, name="Agent.run")
    unnamed = span({"mlflow.spanType": '"AGENT"'}, name="ReAct.forward")

    assert (tool.tool, tool.outputs) == ("run_sql", "ok")
    assert (agent.agent, unnamed.agent) == ("desk", "ReAct")


def test_mlflow_requests_of_litellm_are_calls_or_embeddings_with_model_and_cost() -> None:
    told = {"mlflow.spanType": '"LLM"', "model": '"gpt-5-mini"', "response_cost": "0.002"}
    call = span({**told, "call_type": '"completion"', "mlflow.spanInputs": {"args": ["Hi"]}})
    embedding = span({**told, "call_type": '"embedding"'})

    assert (call.kind, call.model, call.cost_usd) == (StepKind.LLM, "gpt-5-mini", 0.002)
    assert call.input_messages == (Message("user", "Hi"),)
    assert (embedding.kind, embedding.model) == (StepKind.EMBEDDING, "gpt-5-mini")


def test_mlflow_streams_are_no_answers_and_inner_halves_no_steps() -> None:
    stream = "<async_generator object wrapped_gen at 0x7f448bcbfba0>"
    call = span({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanOutputs": stream})
    half = span({"mlflow.spanType": '"CHAIN"'}, name="BaseWorkflowAgent.setup_agent", parent="00f067aa0ba902b7")

    assert (call.output_messages, half.fold) == ((), Fold.WRAPPER)


def test_messages_of_llama_index_and_autogen_are_turns() -> None:
    asked = {"block_type": "tool_call", "tool_call_id": "c1", "tool_name": "slots", "tool_kwargs": {"day": "Monday"}}
    blocks = {"role": "assistant", "blocks": [{"block_type": "text", "text": "10:00"}, asked]}
    talk = [
        {"source": "user", "content": "Any slot?", "type": "TextMessage"},
        {"source": "desk", "content": "10:00", "type": "TextMessage"},
    ]
    call = span({"mlflow.spanType": '"CHAT_MODEL"', "mlflow.spanOutputs": {"message": blocks}})
    team = span({"mlflow.spanType": '"AGENT"', "mlflow.spanInputs": talk[0], "mlflow.spanOutputs": {"messages": talk}})

    assert call.output_messages == (Message("assistant", "10:00", (ToolCall("slots", {"day": "Monday"}, "c1"),)),)
    assert (team.inputs, team.outputs) == ("Any slot?", "10:00")


def test_langsmith_runs() -> None:
    usage = {"input_tokens": 9, "output_tokens": 2, "input_token_details": {"cache_read": 4}}
    message = {"lc": 1, "type": "constructor", "id": ["langchain", "AIMessage"], "kwargs": {"content": "Hello"}}
    call = span(
        {
            "langsmith.span.kind": "llm",
            "gen_ai.prompt": {"messages": [[{"type": "human", "data": {"content": "Hi"}}]]},
            "gen_ai.completion": {"generations": [[{"text": "Hello", "message": message}]]},
            "langsmith.metadata.usage_metadata": usage,
            "langsmith.metadata.thread_id": "th-1",
            "langsmith.trace.session_name": "desk",
            "langsmith.span.tags": "seq:step:1, vip",
        }
    )
    tool = span(
        {
            "langsmith.span.kind": "tool",
            "gen_ai.prompt": {"input": "{'n': 1}"},
            "gen_ai.completion": {"output": {"type": "tool", "data": {"content": "found", "tool_call_id": "c1"}}},
        },
        name="look",
    )

    assert (call.input_messages, call.output_messages) == ((Message("user", "Hi"),), (Message("assistant", "Hello"),))
    assert (call.usage, call.session, call.project, call.tags) == (Usage(9, 2, 4), "th-1", "desk", ("vip",))
    assert (tool.tool, tool.inputs, tool.outputs, tool.tool_call_id) == ("look", {"n": 1}, "found", "c1")


def test_a_span_of_no_convention_keeps_its_place_and_what_it_plainly_says() -> None:
    found = span({"question": "Hi", "answer": {"text": "Hello"}, "http.route": "/ask"}, parent="00f067aa0ba902b7")

    assert (found.kind, found.convention, found.parent_span_id) == (StepKind.CHAIN, "unknown", "00f067aa0ba902b7")
    assert (found.inputs, found.outputs) == ("Hi", {"text": "Hello"})
    assert found.attributes == {"http.route": "/ask"}


def test_a_plain_span_may_name_its_kind() -> None:
    found = span({"retrospan.kind": "tool", "tool_name": "look", "input": '{"n": 1}'})

    assert (found.kind, found.tool, found.inputs) == (StepKind.TOOL, "look", {"n": 1})


def test_machinery_is_left_out() -> None:
    bus = {"messaging.operation": "publish", "messaging.destination": "topic"}
    inner = {"busy_ns": 5, "code.namespace": "codex_core"}
    raws = [
        raw_span({"logfire.span_type": "pending_span", "logfire.msg": "working"}),
        raw_span(bus, name="autogen publish topic", scope="autogen SingleThreadedAgentRuntime"),
        raw_span(inner, resource={"service.name": "codex_cli_rs"}),
    ]
    others = [raw_span(bus, scope="kafka"), raw_span(inner, resource={"service.name": "desk"})]

    assert to_batch(raws).spans == []
    assert len(to_batch(others).spans) == 2


@pytest.mark.parametrize("key", ["langfuse.observation.type", "traceloop.span.kind", "gen_ai.operation.name"])
def test_openinference_wins_where_a_span_bears_two_conventions(key: str) -> None:
    assert span({key: "tool", "openinference.span.kind": "LLM"}).convention == "openinference"
