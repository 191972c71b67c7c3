"""Conversations as OpenAI's APIs and Inspect write them: refusals, the Responses API, failures, sub-agents, times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.messages import usage_of
from retrospan.ingest.formats.read import read_path
from retrospan.model.reading.assembly import reading_order
from retrospan.model.traces import JsonValue, Span, SpanBatch, Status, StepKind, Usage


def read(folder: Path, fmt: str, record: Any) -> list[Span]:
    text = json.dumps(record)
    assert detect_format("runs.jsonl", text.encode()) == fmt
    (folder / "runs.jsonl").write_text(text)
    [batch] = read_path(folder / "runs.jsonl")
    assert isinstance(batch, SpanBatch), batch
    return batch.spans


def said(spans: list[Span]) -> list[str]:
    return [span.output_messages[0].content for span in spans if span.output_messages]


@pytest.mark.parametrize(
    "answer",
    [
        {"content": None, "refusal": "I can't help."},
        {"content": [{"type": "refusal", "refusal": "I can't help."}]},
        {"content": None, "audio": {"id": "a", "transcript": "I can't help."}},
    ],
)
def test_a_refusal_is_what_was_said(answer: dict[str, Any], tmp_path: Path) -> None:
    record = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", **answer}]}
    assert said(read(tmp_path, "openai-chat", record)) == ["I can't help."]


RESPONSE = {
    "id": "resp_1", "object": "response", "created_at": 1790000000, "model": "gpt-5", "status": "completed",
    "output": [
        {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "think"}]},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"order": 7}'},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Wait."}]},
    ],
    "usage": {"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}},
}  # fmt: skip
REQUEST = {
    "model": "gpt-5", "instructions": "Be kind.", "tools": [{"type": "function", "name": "look"}],
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "weather?"}]},
        {"type": "function_call", "call_id": "c0", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c0", "output": "rain"},
    ],
}  # fmt: skip


def test_a_logged_call_of_the_responses_api_is_a_conversation(tmp_path: Path) -> None:
    spans = read(tmp_path, "openai-chat", {"request": REQUEST, "response": RESPONSE})
    assert [span.kind for span in spans] == [
        StepKind.CHAIN,
        StepKind.HUMAN,
        StepKind.LLM,
        StepKind.TOOL,
        StepKind.LLM,
    ]
    assert (spans[3].tool, spans[3].outputs) == ("look", "rain")
    [message] = spans[4].output_messages
    assert (message.content, message.reasoning, message.tool_calls[0].arguments) == ("Wait.", "think", {"order": 7})
    assert spans[4].usage == Usage(10, 5, 4) and spans[4].tool_definitions == REQUEST["tools"]


@pytest.mark.parametrize(
    "record",
    [RESPONSE, {"id": "b", "custom_id": "r", "response": {"status_code": 200, "body": RESPONSE}, "error": None}],
)
def test_a_response_alone_is_read(record: dict[str, Any], tmp_path: Path) -> None:
    assert said(read(tmp_path, "openai-chat", record)) == ["Wait."]


@pytest.mark.parametrize(
    "outcome",
    [
        {"response": {"status_code": 400, "body": {"error": {"message": "too long"}}}, "error": None},
        {"response": None, "error": {"code": "batch_expired", "message": "too long"}},
    ],
)
def test_a_failed_request_of_a_batch_is_a_failed_step(outcome: dict[str, Any], tmp_path: Path) -> None:
    [span] = read(tmp_path, "openai-chat", {"id": "b1", "custom_id": "r1", **outcome})
    assert (span.kind, span.status) == (StepKind.LLM, Status.ERROR)
    assert span.error is not None and span.error.message == "too long"


def test_of_a_preference_pair_the_preferred_answer_is_read(tmp_path: Path) -> None:
    record = {
        "input": {"messages": [{"role": "user", "content": "hi"}], "tools": []},
        "preferred_output": [{"role": "assistant", "content": "good"}],
        "non_preferred_output": [{"role": "assistant", "content": "bad"}],
    }
    assert said(read(tmp_path, "openai-chat", record)) == ["good"]


@pytest.mark.parametrize(
    "times",
    [
        [None, "2026-05-01T10:00:09Z", None, "2026-05-01T10:00:10Z"],
        ["2026-05-01T10:00:09Z", "2026-05-01T10:00:01Z", "2026-05-01T10:00:05Z", None],
        [None, None, None, "2026-05-01T10:00:00Z"],
    ],
)
def test_a_message_keeps_its_index_whatever_the_times(times: list[str | None], tmp_path: Path) -> None:
    turns = [{"role": "user", "content": f"{i}", "timestamp": time} for i, time in enumerate(times)]
    spans = read(tmp_path, "messages", {"id": "r", "messages": turns})
    by_id = {span.span_id: span.inputs for span in spans}
    assert [by_id[place.span_id] for place in reading_order(spans).places] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(("total", "usage"), [(21, Usage(13, 8, 3)), (18, Usage(10, 8, 3)), (None, Usage(10, 8, 3))])
def test_inspect_counts_cached_tokens_either_way(total: int | None, usage: Usage) -> None:
    raw: dict[str, JsonValue] = {"input_tokens": 10, "output_tokens": 8, "input_tokens_cache_read": 3}
    assert usage_of({**raw, "total_tokens": total}) == usage


# --- Inspect, several agents ---


def model_event(number: int, scope: str, text: str, call: str | None = None) -> dict[str, Any]:
    message: dict[str, Any] = {"id": f"m{number}", "role": "assistant", "content": text}
    if call:
        message["tool_calls"] = [{"id": f"c{number}", "function": call, "arguments": {"n": number}}]
    return {
        "event": "model", "uuid": f"u{number}", "span_id": scope, "timestamp": f"2026-05-01T10:00:{number:02}Z",
        "model": "m", "input": [], "input_refs": [[0, 1]], "output": {"choices": [{"message": message}]},
    }  # fmt: skip


def begin(scope: str, kind: str, name: str, parent: str | None) -> dict[str, Any]:
    return {"event": "span_begin", "id": scope, "type": kind, "name": name, "parent_id": parent}


def tool_event(number: int, scope: str, function: str, **more: Any) -> dict[str, Any]:
    return {
        "event": "tool", "id": f"c{number}", "span_id": scope, "function": function, "arguments": {"n": number},
        "result": f"r{number}", "timestamp": f"2026-05-01T10:00:{number:02}.5Z", **more,
    }  # fmt: skip


EVENTS = [
    begin("lead", "agent", "lead", None),
    model_event(1, "lead", "ask", "helper"),
    begin("run", "tool", "helper", "lead"),
    tool_event(1, "lead", "helper"),
    begin("sub", "agent", "helper", "run"),
    model_event(2, "sub", "add", "add"),
    begin("adding", "tool", "add", "sub"),
    tool_event(2, "sub", "add"),
    model_event(3, "sub", "two"),
    model_event(4, "lead", "done"),
    begin("judging", "scorer", "model_graded_qa", None),
    model_event(5, "judging", "GRADE: C"),
]
MESSAGES = [
    {"id": "m0", "role": "user", "content": "Do it"},
    EVENTS[1]["output"]["choices"][0]["message"],
    {"id": "t1", "role": "tool", "content": "r1", "tool_call_id": "c1", "function": "helper"},
    EVENTS[9]["output"]["choices"][0]["message"],
]


def inspect_log(events: list[dict[str, Any]]) -> dict[str, Any]:
    sample = {"id": 1, "epoch": 1, "uuid": "s", "messages": MESSAGES, "events": events}
    pool = {"messages": [{"id": "x", "role": "user", "content": "sub task"}]}
    return {"eval": {"task": "t"}, "plan": {}, "samples": [{**sample, "events_data": pool}]}


def test_steps_of_sub_agents_stand_below_the_call_that_ran_them(tmp_path: Path) -> None:
    spans = read(tmp_path, "inspect", inspect_log(EVENTS))
    names = {span.span_id: span.tool or "".join(said([span])) or span.inputs for span in spans}
    assert [(names[span.span_id], span.agent, names.get(span.parent_span_id or "")) for span in spans] == [
        ("Do it", None, None),
        ("ask", "lead", None),
        ("helper", "lead", None),
        ("add", "helper", "helper"),
        ("add", "helper", "helper"),
        ("two", "helper", "helper"),
        ("done", "lead", None),
    ]
    assert spans[3].input_messages[0].content == "sub task" and spans[4].outputs == "r2"


def test_events_that_older_logs_nest_in_a_tool_call_are_read(tmp_path: Path) -> None:
    nested = [EVENTS[0], EVENTS[1], {**EVENTS[3], "events": [EVENTS[5], EVENTS[7], EVENTS[8]]}, EVENTS[9]]
    assert said(read(tmp_path, "inspect", inspect_log(nested))) == ["ask", "add", "two", "done"]
