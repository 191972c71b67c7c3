"""A convention that nobody knows still yields kinds, words and tokens, by the shape of its values."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import raw_span, span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Document, Message, StepKind, ToolCall, Usage

ASKED = [{"role": "user", "content": "Where is parcel 7?"}]
SAID = [{"role": "assistant", "content": "In Oslo."}]
TURNS = (Message("user", "Where is parcel 7?"),), (Message("assistant", "In Oslo."),)


@pytest.mark.parametrize(
    "attributes",
    [
        {"acme.llm.prompt": ASKED, "acme.llm.completion": SAID, "acme.llm.modelName": "mx-1",
         "acme.llm.promptTokens": 9, "acme.llm.completionTokens": 3},
        {"zeta/request": {"model": "claude-x-5", "messages": ASKED},
         "zeta/response": {"choices": [{"message": SAID[0]}], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}},
        {"corp.ai.messages.0.role": "user", "corp.ai.messages.0.content": "Where is parcel 7?",
         "corp.ai.messages.1.role": "assistant", "corp.ai.messages.1.content": "In Oslo.", "corp.ai.model": "mx-1",
         "corp.ai.tokens.input": 9, "corp.ai.tokens.output": 3},
        {"in_house.conversation": [*ASKED, *SAID], "in_house.token_count_in_input": "9",
         "in_house.token_count_in_output": "3", "in_house.deployment": "gpt-9-mini"},
    ],
)  # fmt: skip
def test_a_model_call_is_told_by_messages_and_counts(attributes: dict[str, Any]) -> None:
    found = span(attributes, scope="acme.tracer")

    assert (found.kind, found.convention) == (StepKind.LLM, "by_shape")
    assert (found.input_messages, found.output_messages) == TURNS
    assert found.usage == Usage(9, 3)
    assert found.model in ("mx-1", "claude-x-5", "gpt-9-mini")


def test_plain_texts_beside_a_model_and_counts_are_what_was_said() -> None:
    found = span({"x.model": "mx-1", "x.prompt": "Where is parcel 7?", "x.reply": "In Oslo.", "x.output_tokens": 3})

    assert (found.kind, found.input_messages, found.output_messages) == (StepKind.LLM, *TURNS)


@pytest.mark.parametrize(
    ("attributes", "result"),
    [
        ({"acme.tool.name": "track", "acme.tool.args": {"id": 7}, "acme.tool.output": "Oslo"}, "Oslo"),
        ({"zeta.step": {"name": "track", "arguments": {"id": 7}, "result": "Oslo"}}, "Oslo"),
        ({"corp.span.kind": "TOOL", "corp.function_name": "track", "corp.input": {"id": 7}}, None),
    ],
)
def test_a_tool_call_is_told_by_its_name_and_arguments(attributes: dict[str, Any], result: Any) -> None:
    found = span(attributes)

    assert (found.kind, found.tool, found.inputs, found.outputs) == (StepKind.TOOL, "track", {"id": 7}, result)


def test_calls_inside_an_answer_are_calls_of_the_model() -> None:
    made = {"role": "assistant", "tool_calls": [{"id": "c1", "name": "track", "arguments": {"id": 7}}]}

    found = span({"acme.input": ASKED, "acme.output": made, "acme.model": "mx-1"})

    assert found.output_messages == (Message("assistant", "", (ToolCall("track", {"id": 7}, "c1"),)),)


def test_passages_with_scores_make_a_retriever() -> None:
    found = span({"acme.query": "returns", "acme.results": [{"text": "30 days", "score": 0.8, "id": "p1"}]})

    assert (found.kind, found.inputs) == (StepKind.RETRIEVER, "returns")
    assert found.documents == (Document("30 days", "p1", 0.8),)


@pytest.mark.parametrize(
    "attributes",
    [
        {"http.request.method": "POST", "url.full": "https://x.test/v1", "http.response.status_code": 200},
        {"db.system": "postgresql", "db.query.text": "SELECT 1", "server.port": 5432},
        {"acme.max_tokens": 4096, "acme.price_per_token": 0.01, "acme.token_id": 7},
        {"acme.enabled": True, "acme.count": 3},
    ],
)
def test_what_shows_no_such_thing_stays_a_plain_span(attributes: dict[str, Any]) -> None:
    found = span(attributes)

    assert (found.kind, found.usage, found.convention) == (StepKind.CHAIN, None, "unknown")
    assert found.attributes == attributes


def test_what_sums_up_several_calls_is_a_frame_and_counts_nothing() -> None:
    call = {"acme.prompt": ASKED, "acme.completion": SAID, "acme.model": "mx-1"}
    top = {**call, "acme.input_tokens": 30, "acme.output_tokens": 9}
    one, two = ({**call, "acme.input_tokens": n, "acme.output_tokens": n // 3} for n in (12, 18))
    batch = to_batch(
        [
            raw_span(top, span_id="a" * 16),
            raw_span(one, span_id="b" * 16, parent="a" * 16),
            raw_span(two, span_id="c" * 16, parent="a" * 16),
        ]
    )

    trace = assemble(batch.spans)

    assert [step.kind for step in trace.steps] == [StepKind.CHAIN, StepKind.LLM, StepKind.LLM]
    assert trace.summary.usage == Usage(30, 10)
    assert (trace.summary.input, trace.summary.output) == ("Where is parcel 7?", "In Oslo.")


def test_a_batch_says_whose_spans_were_told_by_shape() -> None:
    batch = to_batch([raw_span({"acme.tool.name": "track"}, scope="acme"), raw_span({"x": 1}, scope="other")])

    assert batch.by_shape == {"acme": 1}
