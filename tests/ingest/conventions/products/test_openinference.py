"""OpenInference: flattened lists, documents, evaluations, and what single frameworks do their own way."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import event, raw_span, span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.model.traces import (
    Annotation,
    AnnotatorKind,
    Document,
    Fold,
    Message,
    Status,
    StepError,
    StepKind,
    ToolCall,
    Usage,
)

KIND = "openinference.span.kind"
CALL = "message.tool_calls.0.tool_call"


def scope(framework: str) -> dict[str, Any]:
    return {"scope": f"openinference.instrumentation.{framework}", "parent": "00f067aa0ba902b7"}


@pytest.mark.parametrize("kind", [k for k in StepKind if k not in (StepKind.HUMAN,)])
def test_kinds_are_read_by_name(kind: StepKind) -> None:
    assert span({KIND: kind.value.upper()}, parent="00f067aa0ba902b7").kind is kind


@pytest.mark.parametrize("kind", ["PROMPT", "UNKNOWN", "DECISION", "NEW"])
def test_other_kinds_are_chains(kind: str) -> None:
    assert span({KIND: kind}).kind is StepKind.CHAIN


def test_indexed_messages_come_in_numeric_order_with_calls_and_contents() -> None:
    attributes: dict[str, Any] = {KIND: "LLM"}
    for index in range(12):
        attributes[f"llm.input_messages.{index}.message.role"] = "user"
        attributes[f"llm.input_messages.{index}.message.content"] = str(index)
    out = "llm.output_messages.0"
    attributes |= {
        f"{out}.message.role": "assistant",
        f"{out}.message.contents.0.message_content.type": "text",
        f"{out}.message.contents.0.message_content.text": "See:",
        f"{out}.message.contents.1.message_content.type": "image",
        f"{out}.message.contents.1.message_content.image.image.url": "data:image/png;base64,aGk=",
        f"{out}.{CALL}.id": "c1",
        f"{out}.{CALL}.function.name": "look",
        f"{out}.{CALL}.function.arguments": '{"n": 1}',
        "llm.token_count.prompt": 9,
        "llm.token_count.completion": 3,
        "llm.token_count.prompt_details.cache_read": 4,
        "llm.finish_reason": "tool_calls",
        "llm.tools.0.tool.json_schema": '{"name": "look"}',
        "output.value": '{"id": "chatcmpl-7", "choices": []}',
    }

    found = span(attributes)

    assert [message.content for message in found.input_messages] == [str(index) for index in range(12)]
    assert found.output_messages == (
        Message("assistant", "See:\n[image image/png]", (ToolCall("look", {"n": 1}, "c1"),)),
    )
    assert found.usage == Usage(9, 3, 4)
    assert (found.response_id, found.finish_reason) == ("chatcmpl-7", "tool_calls")
    assert found.tool_definitions == [{"name": "look"}]


def test_a_call_without_messages_reads_them_from_request_and_response() -> None:
    found = span(
        {
            KIND: "LLM",
            "input.value": {"messages": [{"role": "user", "content": "Hi"}]},
            "output.value": {"choices": [{"message": {"role": "assistant", "content": "Hello"}}]},
        }
    )

    assert (found.input_messages, found.output_messages) == ((Message("user", "Hi"),), (Message("assistant", "Hello"),))


def test_a_call_told_as_message_part_and_as_list_is_one_call() -> None:
    out, function = "llm.output_messages.0.message", "tool_call.function"
    told = {"tool_call.id": "toolu_1", f"{function}.name": "run_sql", f"{function}.arguments": '{"query": "SELECT 1"}'}
    attributes = {KIND: "LLM", f"{out}.contents.0.message_content.type": "tool_use"}
    for place in ("tool_calls.0", "contents.0"):
        attributes |= {f"{out}.{place}.{key}": value for key, value in told.items()}

    (message,) = span(attributes).output_messages

    assert message.tool_calls == (ToolCall("run_sql", {"query": "SELECT 1"}, "toolu_1"),)


def test_a_failed_call_has_the_model_that_was_asked_and_no_empty_answer() -> None:
    failed = {KIND: "LLM", "llm.output_messages.0.message.role": "assistant"}
    asked = {"llm.invocation_parameters": '{"model": "gpt-5-mini", "temperature": 0}'}

    found = span({**failed, **asked}, status=2, message="Overloaded")
    in_request = span({**failed, "input.value": {"model": "gpt-5-mini", "messages": []}}, status=2)

    assert (found.model, in_request.model) == ("gpt-5-mini", "gpt-5-mini")
    assert found.output_messages == ()


def test_a_prompt_passed_by_place_is_a_user_turn() -> None:
    found = span({KIND: "LLM", "input.value": {"args": ["Complete this"]}, "output.value": "Done"})

    assert found.input_messages == (Message("user", "Complete this"),)


def test_cached_tokens_may_be_told_under_the_otel_name_only() -> None:
    counts = {"llm.token_count.prompt": 160, "llm.token_count.completion": 32}

    assert span({KIND: "LLM", **counts, "gen_ai.usage.cache_read.input_tokens": 16}).usage == Usage(160, 32, 16)


def test_an_embedding_counts_its_tokens() -> None:
    found = span({KIND: "EMBEDDING", "embedding.model_name": "embed-1", "llm.token_count.prompt": 8})

    assert (found.model, found.usage) == ("embed-1", Usage(8, 0))


def test_retrieved_documents_are_found_flattened_or_in_the_output() -> None:
    flat = span(
        {
            KIND: "RETRIEVER",
            "input.value": "returns",
            "retrieval.documents.0.document.id": "a",
            "retrieval.documents.0.document.score": 0.5,
            "retrieval.documents.0.document.content": "30 days",
            "retrieval.documents.1.document.content": "5 days",
            "retrieval.documents.1.document.metadata": {"doc_id": "b", "score": 0.1},
        }
    )
    passage = {"page_content": "30 days", "metadata": {"id": "a"}}
    whole = span({KIND: "RETRIEVER", "output.value": {"documents": [passage]}})

    assert flat.inputs == "returns"
    assert flat.documents == (
        Document("30 days", "a", 0.5),
        Document("5 days", "b", 0.1, {"doc_id": "b", "score": 0.1}),
    )
    assert whole.documents == (Document("30 days", "a", None, {"id": "a"}),)


def test_ids_that_only_the_output_names_reach_the_flattened_documents() -> None:
    flat = "retrieval.documents.0.document"
    listed = {"id": "prep", "metadata": {"source": "prep.md"}, "page_content": "Fast for 3 hours"}
    found = span(
        {
            KIND: "RETRIEVER",
            f"{flat}.content": "Fast for 3 hours",
            f"{flat}.score": 0.7,
            f"{flat}.metadata": {"source": "prep.md"},
            "output.value": {"documents": [listed]},
        }
    )

    assert found.documents == (Document("Fast for 3 hours", "prep", 0.7, {"source": "prep.md"}),)


def test_a_reranker_keeps_query_input_and_ranking() -> None:
    found = span(
        {
            KIND: "RERANKER",
            "reranker.query": "returns",
            "reranker.model_name": "rank-1",
            "reranker.input_documents.0.document.content": "5 days",
            "reranker.output_documents.0.document.content": "30 days",
            "reranker.output_documents.0.document.score": 0.9,
        }
    )

    assert (found.kind, found.inputs, found.model) == (StepKind.RERANKER, "returns", "rank-1")
    assert found.documents == (Document("30 days", None, 0.9),)
    assert found.attributes["reranker.input_documents"] == [{"document": {"content": "5 days"}}]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ('{"order_id": "A-1"}', {"order_id": "A-1"}),
        ("{'order_id': 'A-1', 'n': 2}", {"order_id": "A-1", "n": 2}),
        ('{"kwargs": {"q": "x"}}', {"q": "x"}),
        ('{"args": ["x"], "sanitize_inputs_outputs": true, "kwargs": {}}', "x"),
        ("plain words", "plain words"),
    ],
)
def test_tool_arguments_are_the_plain_object(given: str, wanted: object) -> None:
    assert span({KIND: "TOOL", "tool.name": "t", "input.value": given}).inputs == wanted


@pytest.mark.parametrize("schema", [{"day": {"type": "string"}}, {"properties": {"day": {}, "hour": {}}}])
def test_arguments_passed_by_place_get_the_names_of_the_schema(schema: object) -> None:
    given = {"args": ["2026-03-02"], "kwargs": {}}

    assert span({KIND: "TOOL", "tool.parameters": schema, "input.value": given}).inputs == {"day": "2026-03-02"}


def test_a_quoted_text_of_json_type_is_the_plain_text() -> None:
    found = span({KIND: "TOOL", "output.value": '"Completed."', "output.mime_type": "application/json"})

    assert found.outputs == "Completed."


def test_the_type_that_sdks_put_before_a_message_is_taken_off() -> None:
    raised = event("exception", **{"exception.type": "app.errors.SlotError", "exception.message": "10:00 is taken"})

    found = span({KIND: "TOOL"}, status=2, message="SlotError: 10:00 is taken", events=[raised])

    assert found.error == StepError("10:00 is taken", "app.errors.SlotError")


def test_a_langchain_tool_message_is_unwrapped_and_its_error_told() -> None:
    output = {"type": "tool", "data": {"content": '{"ok": 1}', "tool_call_id": "c1", "status": "success"}}
    failed = {"type": "tool", "data": {"content": "no such order", "tool_call_id": "c1", "status": "error"}}

    found = span({KIND: "TOOL", "tool.name": "t", "output.value": output})
    assert (found.outputs, found.tool_call_id, found.status) == ({"ok": 1}, "c1", Status.UNSET)
    assert span({KIND: "TOOL", "output.value": failed}).error == StepError("no such order")


def test_a_traceback_in_the_status_is_cut_to_the_error() -> None:
    message = "ValueError('no such order')Traceback (most recent call last):\n  File …"

    found = span({KIND: "TOOL"}, status=2, message=message)

    assert found.error == StepError("no such order", "ValueError")
    assert found.attributes["exception.stacktrace"] == message


def test_usage_on_agents_is_a_sum_and_stays_an_attribute() -> None:
    found = span({KIND: "AGENT", "agent.name": "a", "llm.token_count.prompt": 900})

    assert (found.usage, found.attributes) == (None, {"llm.token_count.prompt": 900})


def test_evaluations_become_annotations() -> None:
    raw = raw_span(
        {
            KIND: "LLM",
            "evaluations.0.evaluation.name": "toxicity",
            "evaluations.0.evaluation.score": 0.1,
            "evaluations.0.evaluation.annotator_kind": "LLM",
            "trace.annotations.0.annotation.name": "thumbs",
            "trace.annotations.0.annotation.label": "down",
            "trace.annotations.0.annotation.annotator_kind": "HUMAN",
        }
    )

    (facts,) = to_batch([raw]).facts

    assert facts.annotations == (
        Annotation("toxicity", score=0.1, annotator_kind=AnnotatorKind.LLM, span_id=raw.span_id),
        Annotation("thumbs", "down", annotator_kind=AnnotatorKind.HUMAN),
    )


@pytest.mark.parametrize(
    ("framework", "name", "kind"),
    [
        ("smolagents", "Step 3", "CHAIN"),
        ("llama_index", "BaseWorkflowAgent.run_agent_step", "CHAIN"),
        ("llama_index", "OpenAILike._prepare_chat_with_tools", "LLM"),
        ("langchain", "RunnableSequence", "CHAIN"),
        ("langchain", "RunnableParallel<context,question>", "CHAIN"),
        ("openai_agents", "turn", "CHAIN"),
    ],
)
def test_framework_noise_is_a_wrapper(framework: str, name: str, kind: str) -> None:
    assert span({KIND: kind, "input.value": "x"}, name=name, **scope(framework)).fold is Fold.WRAPPER


def test_names_that_wrap_elsewhere_are_steps_in_other_frameworks_and_at_the_root() -> None:
    assert span({KIND: "CHAIN"}, name="Step 3", **scope("langchain")).fold is None
    assert span({KIND: "CHAIN"}, name="RunnableSequence", scope=scope("langchain")["scope"]).fold is None
    call = {KIND: "LLM", "llm.token_count.prompt": 1}
    assert span(call, name="A._prepare_chat_with_tools", **scope("llama_index")).fold is None


def test_the_openai_agents_root_is_the_workflow() -> None:
    root = span({KIND: "AGENT"}, name="returns desk", scope=scope("openai_agents")["scope"])
    agent = span({KIND: "AGENT", "agent.name": "desk"}, **scope("openai_agents"))

    assert (root.kind, root.agent) == (StepKind.CHAIN, None)
    assert (agent.kind, agent.agent) == (StepKind.AGENT, "desk")


def test_a_langchain_agent_is_told_by_its_metadata() -> None:
    metadata = {"lc_agent_name": "desk", "thread_id": "th-1", "user_id": "nurse-9"}
    found = span({KIND: "CHAIN", "metadata": metadata}, name="desk")

    assert (found.kind, found.agent, found.session, found.user) == (StepKind.AGENT, "desk", "th-1", "nurse-9")


def test_a_crew_shows_task_and_answer() -> None:
    made = {"raw": "Done.", "description": "Refund A-1", "tasks_output": []}
    agent = span(
        {KIND: "AGENT", "graph.node.id": "clerk", "output.value": made}, name="clerk._execute_core", **scope("crewai")
    )
    root = span(
        {KIND: "CHAIN", "crew_tasks": [{"description": "Refund A-1"}], "output.value": made},
        name="desk.kickoff",
        scope=scope("crewai")["scope"],
    )

    for found in (agent, root):
        assert (found.inputs, found.outputs, found.attributes["outputs"]) == ("Refund A-1", "Done.", made)
    assert agent.agent == "clerk"


def test_a_conversation_at_the_root_is_shown_as_its_last_turns() -> None:
    turns = [{"type": "human", "data": {"content": "Hi"}}, {"type": "ai", "data": {"content": "Hello"}}]
    values = {"input.value": {"messages": [["user", "Hi"]]}, "output.value": {"messages": turns, "n": 1}}
    found = span({KIND: "CHAIN", **values})

    assert (found.inputs, found.outputs) == ("Hi", "Hello")
    assert found.attributes["outputs"] == {"messages": turns, "n": 1}


def test_an_input_of_one_field_is_shown_as_what_it_holds() -> None:
    assert span({KIND: "CHAIN", "input.value": {"input_args": {"question": "Why?"}}}).inputs == "Why?"


def test_other_span_events_are_kept() -> None:
    found = span({KIND: "TOOL"}, events=[event("cache.hit", key="a")])

    assert found.attributes["events"] == [{"name": "cache.hit", "time_ns": 1_500, "attributes": {"key": "a"}}]
