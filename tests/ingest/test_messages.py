"""The messages format: one JSON object a line, each message one step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.ingest.limits import Limits
from retrospan.model.traces import JsonValue, Message, Outcome, SpanBatch, Status, StepKind, ToolCall, Usage

REFUND: dict[str, JsonValue] = {
    "id": "run-17",
    "project": "support",
    "task": "refund-204",
    "outcome": "fail",
    "version": "v3",
    "session": "s-1",
    "user": "u-9",
    "environment": "prod",
    "tags": ["beta"],
    "metadata": {"channel": "chat"},
    "messages": [
        {"role": "system", "content": "You are the returns desk."},
        {"role": "user", "content": "Refund order 7."},
        {
            "role": "assistant",
            "name": "planner",
            "content": None,
            "tool_calls": [{"id": "c1", "name": "get_order", "arguments": '{"order": 7}'}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": '{"total": 12.5}'},
        {"role": "assistant", "content": "Refunded 12.50.", "usage": {"input_tokens": 40, "output_tokens": 8}},
    ],
}


def load(folder: Path, *records: Any, text: str | None = None, limits: Limits | None = None) -> list[Any]:
    file = folder / "runs.jsonl"
    file.write_text(text if text is not None else "\n".join(json.dumps(record) for record in records))
    return list(read_path(file, "messages", limits=limits or Limits()))


def test_each_message_is_a_step_of_its_kind(tmp_path: Path) -> None:
    [batch] = load(tmp_path, REFUND)

    assert [span.kind for span in batch.spans] == [
        StepKind.CHAIN,
        StepKind.HUMAN,
        StepKind.LLM,
        StepKind.TOOL,
        StepKind.LLM,
    ]
    assert [span.sequence for span in batch.spans] == [0, 1, 2, 3, 4]
    assert [span.inputs for span in batch.spans[:2]] == ["You are the returns desk.", "Refund order 7."]


def test_a_tool_step_takes_its_arguments_from_the_call_it_answers(tmp_path: Path) -> None:
    [batch] = load(tmp_path, REFUND)
    tool = batch.spans[3]

    assert (tool.tool, tool.name, tool.inputs, tool.outputs) == (
        "get_order",
        "get_order",
        {"order": 7},
        {"total": 12.5},
    )
    assert tool.tool_call_id == "c1"


def test_a_model_step_holds_the_conversation_before_it(tmp_path: Path) -> None:
    [batch] = load(tmp_path, REFUND)
    first, last = batch.spans[2], batch.spans[4]

    call = ToolCall("get_order", {"order": 7}, "c1")
    assert first.agent == "planner"
    assert first.output_messages == (Message("assistant", tool_calls=(call,), name="planner"),)
    assert [message.role for message in last.input_messages] == ["system", "user", "assistant", "tool"]
    assert last.usage == Usage(40, 8)


def test_fields_beside_the_messages_become_facts_of_the_run(tmp_path: Path) -> None:
    [batch] = load(tmp_path, REFUND)
    [facts] = batch.facts

    assert (facts.trace_key, facts.project, facts.task, facts.outcome) == (
        "run-17",
        "support",
        "refund-204",
        Outcome.FAIL,
    )
    assert (facts.version, facts.session, facts.user, facts.environment) == ("v3", "s-1", "u-9", "prod")
    assert (facts.tags, facts.metadata) == (("beta",), {"channel": "chat"})


def test_span_ids_are_the_same_on_every_import_and_differ_between_runs(tmp_path: Path) -> None:
    other = {**REFUND, "id": "run-18"}
    first, second = load(tmp_path, REFUND, other)
    [again] = load(tmp_path, REFUND)

    assert [span.span_id for span in first.spans] == [span.span_id for span in again.spans]
    ids = {span.span_id for batch in (first, second) for span in batch.spans}
    assert len(ids) == 10
    assert all(len(span_id) == 16 and int(span_id, 16) >= 0 for span_id in ids)


def test_content_parts_are_joined_and_media_is_named(tmp_path: Path) -> None:
    parts = [
        {"type": "text", "text": "Look:"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
    ]
    answer = [
        {"type": "thinking", "thinking": "a receipt"},
        {"type": "tool_use", "id": "t1", "name": "ocr", "input": {"page": 1}},
    ]
    result = [{"type": "tool_result", "tool_use_id": "t1", "content": "no text", "is_error": True}]
    [batch] = load(
        tmp_path,
        {
            "id": "r",
            "messages": [
                {"role": "user", "content": parts},
                {"role": "assistant", "content": answer},
                {"role": "user", "content": result},
            ],
        },
    )
    human, model, tool = batch.spans

    assert human.inputs == "Look:\n[image image/png]"
    assert model.output_messages == (
        Message("assistant", tool_calls=(ToolCall("ocr", {"page": 1}, "t1"),), reasoning="a receipt"),
    )
    assert (tool.kind, tool.tool, tool.inputs, tool.status) == (StepKind.TOOL, "ocr", {"page": 1}, Status.ERROR)
    assert tool.error is not None
    assert tool.error.message == "no text"


def test_calls_without_ids_are_answered_in_order(tmp_path: Path) -> None:
    calls = [{"name": "a", "arguments": {"n": 1}}, {"name": "b", "arguments": {"n": 2}}]
    messages = [
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "name": "b", "content": "B"},
        {"role": "tool", "content": "A"},
    ]
    [batch] = load(tmp_path, {"id": "r", "messages": messages})

    assert [(span.tool, span.inputs) for span in batch.spans[1:]] == [("b", {"n": 2}), ("a", {"n": 1})]


def test_an_array_and_an_indented_object_are_read_too(tmp_path: Path) -> None:
    for text in (json.dumps([REFUND, REFUND], indent=1), json.dumps(REFUND, indent=2), "\ufeff" + json.dumps(REFUND)):
        items = load(tmp_path, text=text)
        assert {len(batch.spans) for batch in items} == {5}


@pytest.mark.parametrize(
    ("record", "where", "what"),
    [
        ({"messages": []}, "line 2", "'id' is missing"),
        ({"id": {}, "messages": []}, "line 2", "'id' is not a text"),
        ({"id": "x"}, "line 2", "'messages' is missing"),
        ({"id": "x", "messages": [{"role": "wizard"}]}, "line 2, messages[0]", "Unknown role 'wizard'"),
        ({"id": "x", "messages": ["hello"]}, "line 2, messages[0]", "not a text"),
        ({"id": "x", "messages": [{"role": "assistant", "tool_calls": 7}]}, "line 2, messages[0]", "not a number"),
        ([1], "line 2", "A record is an object"),
    ],
)
def test_a_bad_record_is_named_with_its_place_and_the_rest_goes_in(
    tmp_path: Path, record: JsonValue, where: str, what: str
) -> None:
    before, error, after = load(tmp_path, REFUND, record, REFUND)

    assert isinstance(before, SpanBatch) and isinstance(after, SpanBatch)
    assert isinstance(error, RecordError)
    assert error.where == where
    assert what in error.what


def test_a_truncated_line_is_one_bad_record(tmp_path: Path) -> None:
    line = json.dumps(REFUND)
    batch, error = load(tmp_path, text=f"{line}\n{line[:100]}")

    assert len(batch.spans) == 5
    assert (error.where, "Not valid JSON" in error.what) == ("line 2", True)


def test_limits_refuse_one_record_and_name_the_setting(tmp_path: Path) -> None:
    long = {"id": "long", "messages": [{"role": "user", "content": "x" * 3_000}]}
    many = {"id": "many", "messages": [{"role": "user", "content": "x"}] * 6}
    deep: JsonValue = "x"
    for _ in range(9):
        deep = [deep]
    nested = {"id": "deep", "messages": [], "metadata": {"deep": deep}}
    limits = Limits(trace_bytes=2_000, steps=5, depth=8)

    big, crowded, nested_error, batch = load(tmp_path, long, many, nested, REFUND, limits=limits)

    assert (big.where, "--max-trace-mib" in big.what) == ("line 1", True)
    assert (crowded.where, "--max-steps" in crowded.what) == ("line 2", True)
    assert (nested_error.where, "--max-depth" in nested_error.what) == ("line 3", True)
    assert len(batch.spans) == 5


def test_an_id_that_stands_for_two_conversations_in_one_file_is_refused(tmp_path: Path) -> None:
    def record(*texts: str) -> str:
        return json.dumps({"id": "same", "messages": [{"role": "user", "content": text} for text in texts]})

    path = tmp_path / "twice.jsonl"
    path.write_text("\n".join([record("a"), record("a", "b"), record("x", "y", "z"), record("a", "b")]))
    items = list(read_path(path))
    refused = [item for item in items if isinstance(item, RecordError)]
    assert [item.where for item in refused] == ["line 3"]
    assert len(items) == 4


def test_times_of_the_whole_run_stand_where_no_message_tells_one(tmp_path: Path) -> None:
    whole = {**REFUND, "started_at": "2026-01-05T08:00:00Z", "ended_at": "2026-01-05T08:00:09Z"}
    timed: list[JsonValue] = [{"role": "user", "content": "Hello", "timestamp": 1_767_700_000}]

    [batch, other] = load(tmp_path, whole, {**whole, "id": "run-18", "messages": timed})

    assert [span.started_at_ns for span in batch.spans] == [1_767_600_000 * 10**9] * 5
    assert [span.ended_at_ns for span in batch.spans] == [None, None, None, None, 1_767_600_009 * 10**9]
    assert other.spans[0].started_at_ns == 1_767_700_000 * 10**9
