"""Reasoning stays reasoning and its signatures are no words; asking a person is no failure."""

from __future__ import annotations

from typing import Any

import pytest
from raw_spans import event, raw_span, span
from retrospan.ingest.conventions.registry import to_batch
from retrospan.model.text.jsontext import as_text
from retrospan.model.traces import Annotation, Message, Status, StepError, StepKind

SEAL = "AbC9xY12zQwErT70Uio88PasDfg5Hjk3Lzx0Cvb4"
NET = "Microsoft.Extensions.AI"
CHAT = {"gen_ai.operation.name": "chat"}


@pytest.mark.parametrize(
    ("part", "thought"),
    [
        ({"type": f"{NET}.TextReasoningContent", "content": {"text": "hm", "protectedData": SEAL}}, "hm"),
        ({"type": f"{NET}.TextReasoningContent", "content": {"text": "", "protectedData": SEAL}}, None),
        ({"type": "thinking", "thinking": "hm", "signature": SEAL}, "hm"),
        ({"type": "reasoning.encrypted", "data": SEAL}, None),
        ({"type": "reasoning.text", "text": "hm", "signature": SEAL}, "hm"),
        ({"type": "redacted-reasoning", "data": SEAL}, "[redacted]"),
        ({"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": SEAL}, "hm"),
        ({"thoughtSignature": SEAL}, None),
        ({"text": "hm", "thought": True, "thoughtSignature": SEAL}, "hm"),
        ({"reasoningContent": {"reasoningText": {"text": "hm", "signature": SEAL}}}, "hm"),
    ],
)  # fmt: skip
def test_sealed_reasoning_is_no_answer(part: dict[str, Any], thought: str | None) -> None:
    made = [{"role": "assistant", "parts": [part, {"type": "text", "content": "No data."}]}]

    (said,) = span({**CHAT, "gen_ai.output.messages": made}).output_messages

    assert (said.content.strip(), said.reasoning) == ("No data.", thought)


@pytest.mark.parametrize("key", ["reasoning", "reasoning_content"])
def test_sealed_reasoning_beside_an_answer_is_none_of_it(key: str) -> None:
    made = [{"role": "assistant", "content": "No data.", key: [{"type": "reasoning.encrypted", "data": SEAL}]}]

    (said,) = span({**CHAT, "gen_ai.output.messages": made}).output_messages

    assert SEAL not in as_text([said.content, said.reasoning])


def test_calls_and_results_named_by_class_are_calls_and_results() -> None:
    parts = [
        {"type": f"{NET}.FunctionCallContent", "content": {"callId": "c1", "name": "f", "arguments": {}}},
        {"type": f"{NET}.FunctionResultContent", "content": {"callId": "c1", "result": "done"}},
    ]  # fmt: skip

    found = span({**CHAT, "gen_ai.input.messages": [{"role": "assistant", "parts": parts}]})

    result, call = found.input_messages
    assert (call.tool_calls[0].id, call.tool_calls[0].name) == ("c1", "f")
    assert result == Message("tool", "done", tool_call_id="c1")


@pytest.mark.parametrize(
    ("message", "events"),
    [
        ("ApprovalRequired: ", [event("exception", **{"exception.type": "pydantic_ai.exceptions.ApprovalRequired"})]),
        ("wait", [event("exception", **{"exception.type": "langgraph.errors.GraphInterrupt"})]),
        ("GraphInterrupt((Interrupt(value='ok?'),))", []),
        ("CallDeferred: ", [event("exception", **{"exception.type": "CallDeferred"})]),
    ],
)
def test_a_question_for_approval_is_no_failure(message: str, events: list[Any]) -> None:
    found = span({"gen_ai.operation.name": "execute_tool"}, status=2, message=message, events=events)

    assert (found.kind, found.status) == (StepKind.TOOL, Status.UNSET)
    assert found.error is not None and found.error.type


def test_an_exception_that_says_more_than_the_status_is_kept() -> None:
    told = {"exception.type": "RateLimitError", "exception.message": "429: quota of org-7"}

    found = span({**CHAT}, status=2, message="call failed", events=[event("exception", **told)])

    assert found.error == StepError("call failed", "RateLimitError")
    assert found.attributes["exception.message"] == "429: quota of org-7"


@pytest.mark.parametrize(
    ("name", "attributes", "note"),
    [
        (
            "gen_ai.evaluation.result",
            {"gen_ai.evaluation.name": "solved", "gen_ai.evaluation.score.label": "pass"},
            Annotation("solved", "pass", source="test"),
        ),
        ("gen_ai.evaluation.relevance", {"score": 0.4}, Annotation("relevance", None, 0.4, source="test")),
        (
            "feedback",
            {"key": "thumb", "value": 1, "comment": "ok"},
            Annotation("thumb", None, 1.0, "ok", source="test"),
        ),
    ],
)
def test_a_judgement_told_as_a_span_event_is_one_of_the_run(
    name: str, attributes: dict[str, Any], note: Annotation
) -> None:
    batch = to_batch([raw_span({"gen_ai.operation.name": "invoke_agent"}, events=[event(name, **attributes)])])

    assert [facts.annotations for facts in batch.facts] == [(note,)]
