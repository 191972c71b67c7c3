"""Turns that one message holds: parallel results, text beside them, thoughts, UI parts, envelopes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import read_path
from retrospan.model.traces import Span, SpanBatch, Status, StepKind


def spans_of(folder: Path, record: Any, name: str = "runs.json") -> list[Span]:
    (folder / name).write_text(json.dumps(record))
    items = list(read_path(folder / name))
    assert all(isinstance(item, SpanBatch) for item in items), items
    return [span for item in items if isinstance(item, SpanBatch) for span in item.spans]


def told(spans: list[Span]) -> list[tuple[str, Any]]:
    """Kind and what is said, asked for or given back, of each step."""
    found: list[tuple[str, Any]] = []
    for span in spans:
        if span.kind is StepKind.LLM:
            message = span.output_messages[-1]
            calls = [call.name for call in message.tool_calls]
            found.append(("llm", (message.content, calls) if calls else message.content))
        elif span.kind is StepKind.TOOL:
            found.append(("tool", (span.tool, span.inputs, span.outputs, span.status is Status.ERROR)))
        else:
            found.append((span.kind.value, span.inputs))
    return found


OSLO, ROME = {"city": "Oslo"}, {"city": "Rome"}
ASKED = ("llm", ("", ["weather", "clock"]))
GIVEN = [("tool", ("weather", OSLO, {"c": 4}, False)), ("tool", ("clock", ROME, "no such city", True))]
PARALLEL: dict[str, list[Any]] = {
    "anthropic, with words beside the results": [
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "a", "name": "weather", "input": OSLO},
            {"type": "tool_use", "id": "b", "name": "clock", "input": ROME}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": '{"c": 4}'}]},
            {"type": "tool_result", "tool_use_id": "b", "content": "no such city", "is_error": True},
            {"type": "text", "text": "Only Oslo then"}]},
    ],
    "bedrock": [
        {"role": "assistant", "content": [
            {"toolUse": {"toolUseId": "a", "name": "weather", "input": OSLO}},
            {"toolUse": {"toolUseId": "b", "name": "clock", "input": ROME}}]},
        {"role": "user", "content": [
            {"toolResult": {"toolUseId": "a", "content": [{"json": {"c": 4}}]}},
            {"toolResult": {"toolUseId": "b", "content": [{"text": "no such city"}], "status": "error"}},
            {"text": "Only Oslo then"}]},
    ],
    "ai sdk model messages": [
        {"role": "assistant", "content": [
            {"type": "tool-call", "toolCallId": "a", "toolName": "weather", "input": OSLO},
            {"type": "tool-call", "toolCallId": "b", "toolName": "clock", "input": ROME}]},
        {"role": "tool", "content": [
            {"type": "tool-result", "toolCallId": "a", "toolName": "weather",
             "output": {"type": "json", "value": {"c": 4}}},
            {"type": "tool-result", "toolCallId": "b", "toolName": "clock",
             "output": {"type": "error-text", "value": "no such city"}}]},
        {"role": "user", "content": "Only Oslo then"},
    ],
    "opentelemetry parts": [
        {"role": "assistant", "parts": [
            {"type": "tool_call", "id": "a", "name": "weather", "arguments": OSLO},
            {"type": "tool_call", "id": "b", "name": "clock", "arguments": ROME}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "a", "response": {"c": 4}}]},
        {"role": "tool", "content": "no such city", "tool_call_id": "b", "is_error": True},
        {"role": "user", "parts": [{"type": "text", "content": "Only Oslo then"}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("shape", PARALLEL)
def test_results_of_parallel_calls_are_steps_and_words_beside_them_a_turn(shape: str, tmp_path: Path) -> None:
    spans = spans_of(tmp_path, {"id": "r", "messages": [{"role": "user", "content": "Well?"}, *PARALLEL[shape]]})
    assert told(spans) == [("human", "Well?"), ASKED, *GIVEN, ("human", "Only Oslo then")]


def test_results_of_tools_that_ran_on_the_server_stand_between_the_words(tmp_path: Path) -> None:
    answer = [
        {"type": "text", "text": "I look it up."},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "Oslo"}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"type": "text", "text": "4 C"}]},
        {"type": "text", "text": "It is 4 C."},
    ]
    spans = spans_of(tmp_path, {"id": "r", "messages": [{"role": "assistant", "content": answer}]})
    assert told(spans) == [
        ("llm", ("I look it up.", ["web_search"])),
        ("tool", ("web_search", {"query": "Oslo"}, "4 C", False)),
        ("llm", "It is 4 C."),
    ]


SEALED = "AbC9xY12zQwErT70/Uio88PasDfg5Hjk3"
THOUGHTS: dict[str, Any] = {
    "anthropic": [{"type": "thinking", "thinking": "look", "signature": SEALED}, {"type": "text", "text": "Done."}],
    "anthropic, redacted": [{"type": "redacted_thinking", "data": SEALED}, {"type": "text", "text": "Done."}],
    "bedrock": [{"reasoningContent": {"reasoningText": {"text": "look", "signature": SEALED}}}, {"text": "Done."}],
    "gemini": [{"text": "look", "thought": True}, {"text": "Done.", "thoughtSignature": SEALED}],
    "dotnet": [
        {"type": "Microsoft.Extensions.AI.TextReasoningContent", "content": {"text": "look", "protectedData": SEALED}},
        {"type": "text", "content": "Done."},
    ],
    "responses": [{"type": "reasoning", "summary": [], "encrypted_content": SEALED}, {"type": "text", "text": "Done."}],
}


@pytest.mark.parametrize("shape", THOUGHTS)
def test_thoughts_are_no_words_of_the_answer_and_their_seals_are_nowhere(shape: str, tmp_path: Path) -> None:
    [span] = spans_of(tmp_path, {"id": "r", "messages": [{"role": "assistant", "content": THOUGHTS[shape]}]})
    [message] = span.output_messages
    assert message.content == "Done."
    assert SEALED not in repr(span)
    assert message.reasoning in ("look", "[redacted]", None)


def ui(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"id": "m", "role": "assistant", "parts": list(parts), **more}


UI: dict[str, tuple[Any, list[tuple[str, Any]]]] = {
    "two steps": (
        ui(
            {"type": "step-start"},
            {"type": "reasoning", "text": "hm"},
            {"type": "dynamic-tool", "toolName": "weather", "toolCallId": "a", "state": "output-error", "input": OSLO,
             "errorText": "down"},
            {"type": "step-start"},
            {"type": "text", "text": "Sorry."},
        ),
        [("llm", ("", ["weather"])), ("tool", ("weather", OSLO, "down", True)), ("llm", "Sorry.")],
    ),
    "refused by a person": (
        ui({"type": "tool-pay", "toolCallId": "a", "state": "output-denied", "input": {"sum": 5},
            "approval": {"id": "p", "approved": False, "reason": "Too much."}}),
        [("llm", ("", ["pay"])), ("tool", ("pay", {"sum": 5}, "Too much.", True))],
    ),
    "still waiting": (
        ui({"type": "tool-pay", "toolCallId": "a", "state": "input-available", "input": {"sum": 5}}),
        [("llm", ("", ["pay"]))],
    ),
    "version 4": (
        {"role": "assistant", "content": "4 degrees.", "toolInvocations": [
            {"state": "result", "toolCallId": "a", "toolName": "weather", "args": OSLO, "result": {"c": 4}}]},
        [("llm", ("", ["weather"])), ("tool", ("weather", OSLO, {"c": 4}, False)), ("llm", "4 degrees.")],
    ),
    "file and source": (
        ui({"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,AAAA"},
           {"type": "source-url", "sourceId": "1", "url": "https://a.example"}, {"type": "text", "text": "See."}),
        [("llm", "[image image/png]\n[source-url https://a.example]\nSee.")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", UI)
def test_ui_parts_become_what_was_said_asked_and_given_back(shape: str, tmp_path: Path) -> None:
    message, expected = UI[shape]
    spans = spans_of(tmp_path, {"id": "r", "messages": [{"role": "user", "content": "Go"}, message]})
    assert told(spans)[1:] == expected


ENVELOPES: dict[str, list[Any]] = {
    "to dict": [
        {"type": "human", "data": {"content": "Well?", "type": "human"}},
        {"type": "ai", "data": {"content": "", "tool_calls": [{"name": "weather", "args": OSLO, "id": "a"}],
                                "usage_metadata": {"input_tokens": 3, "output_tokens": 2}}},
        {"type": "tool", "data": {"content": '{"c": 4}', "tool_call_id": "a", "name": "weather", "status": "success"}},
    ],
    "dumped": [
        {"lc": 1, "type": "constructor", "id": ["langchain_core", "messages", "HumanMessage"],
         "kwargs": {"content": "Well?"}},
        {"lc": 1, "type": "constructor", "id": ["langchain_core", "messages", "AIMessageChunk"],
         "kwargs": {"content": "", "additional_kwargs": {"tool_calls": [
             {"id": "a", "type": "function", "function": {"name": "weather", "arguments": json.dumps(OSLO)}}]},
             "response_metadata": {"token_usage": {"prompt_tokens": 3, "completion_tokens": 2}}}},
        {"lc": 1, "type": "constructor", "id": ["langchain_core", "messages", "ToolMessage"],
         "kwargs": {"content": '{"c": 4}', "tool_call_id": "a"}},
    ],
    "model dump": [
        {"type": "human", "content": "Well?", "additional_kwargs": {}},
        {"type": "ai", "content": [{"type": "tool_use", "id": "a", "name": "weather", "input": {}}],
         "additional_kwargs": {}, "tool_calls": [{"name": "weather", "args": OSLO, "id": "a"}],
         "usage_metadata": {"input_tokens": 3, "output_tokens": 2}},
        {"type": "tool", "content": '{"c": 4}', "tool_call_id": "a", "additional_kwargs": {}},
    ],
}  # fmt: skip


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("shape", ENVELOPES)
def test_serialised_langchain_messages_alone_and_in_a_run(shape: str, held: bool, tmp_path: Path) -> None:
    turns = ENVELOPES[shape]
    spans = spans_of(tmp_path, {"id": "r", "messages": turns} if held else turns)
    assert told(spans) == [
        ("human", "Well?"),
        ("llm", ("", ["weather"])),
        ("tool", ("weather", OSLO, {"c": 4}, False)),
    ]
    usage = spans[1].usage
    assert usage is not None and (usage.input_tokens, usage.output_tokens) == (3, 2)


LOGGED: dict[str, Any] = {
    "halves as text": {
        "request_body": json.dumps({"model": "m", "system": [{"type": "text", "text": "Be brief."}],
                                    "messages": [{"role": "user", "content": "Hi"}]}),
        "response_body": json.dumps({"id": "x", "type": "message", "role": "assistant", "model": "m-1",
                                     "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn",
                                     "usage": {"input_tokens": 5, "cache_read_input_tokens": 15, "output_tokens": 2}}),
    },
    "batch result": {
        "custom_id": "c-1",
        "params": {"model": "m", "system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}]},
        "result": {"type": "succeeded", "message": {
            "id": "x", "type": "message", "role": "assistant", "model": "m-1",
            "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 20, "output_tokens": 2}}},
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", LOGGED)
def test_logged_calls_of_the_messages_api(shape: str, tmp_path: Path) -> None:
    spans = spans_of(tmp_path, LOGGED[shape], "log.jsonl")
    assert told(spans) == [("chain", "Be brief."), ("human", "Hi"), ("llm", "Hello")]
    usage = spans[2].usage
    assert usage is not None and (usage.input_tokens, usage.output_tokens) == (20, 2)
    assert (spans[2].model, spans[2].finish_reason) == ("m-1", "end_turn")


def test_actions_written_out_in_a_bare_list_of_messages_are_calls(tmp_path: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    messages = [
        {"role": "system", "content": "Browse."},
        {"role": "user", "content": [{"type": "text", "text": "Find the price. Observation: a page."}, picture]},
        {"role": "assistant", "content": "Thought: Open it.\nAction: Click [3]"},
        {"role": "user", "content": [{"type": "text", "text": "Observation: the price page."}, picture]},
        {"role": "assistant", "content": "Thought: Seen.\nAction: ANSWER; 7 EUR"},
    ]
    (tmp_path / "messages.json").write_text(json.dumps(messages))
    assert detect_format("messages.json", (tmp_path / "messages.json").read_bytes()) == "message-list"
    [batch] = read_path(tmp_path / "messages.json")
    assert isinstance(batch, SpanBatch)
    kinds = [span.kind for span in batch.spans if span.kind is not StepKind.CHAIN]
    assert kinds == [StepKind.HUMAN, StepKind.LLM, StepKind.TOOL, StepKind.LLM]
    assert "the price page" in str([span.outputs for span in batch.spans if span.kind is StepKind.TOOL])
