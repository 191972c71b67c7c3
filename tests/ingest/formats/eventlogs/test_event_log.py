"""Logs of home-made agents: what was asked, said, called and given back is told by the shape of the records."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.eventlogs.acts import last_asked
from retrospan.ingest.formats.eventlogs.layouts import is_agents_log
from retrospan.ingest.formats.read import read_path
from retrospan.ingest.formats.records import LeftOut, RecordError
from retrospan.model.errors import BadInputError
from retrospan.model.traces import Span, SpanBatch, StepKind

HUMAN, LLM, TOOL = StepKind.HUMAN, StepKind.LLM, StepKind.TOOL


def batches_of(tmp_path: Path, content: Any, *, lines: bool = False) -> list[SpanBatch]:
    path = tmp_path / ("log.jsonl" if lines else "log.json")
    path.write_text("\n".join(map(json.dumps, content)) if lines else json.dumps(content, indent=1))
    assert detect_format(path.name, path.read_bytes()) == "event-log"
    items = list(read_path(path))
    assert not [item for item in items if isinstance(item, RecordError)]
    return [item for item in items if isinstance(item, SpanBatch)]


def spans_of(tmp_path: Path, content: Any, *, lines: bool = False) -> list[Span]:
    [batch] = batches_of(tmp_path, content, lines=lines)
    return batch.spans


def shape(spans: list[Span]) -> list[tuple[StepKind, str | None]]:
    return [(span.kind, span.tool) for span in spans]


CALLBACKS = [
    {"time": "2026-01-05T09:00:00", "event": "llm_start", "prompts": ["System: Use tools.\nHuman: Is a.txt empty?"]},
    {"time": "2026-01-05T09:00:01", "event": "llm_end", "response": "",
     "tool_calls": [{"tool": "read", "args": {"path": "a.txt"}}, {"tool": "size", "args": {"path": "a.txt"}}]},
    {"time": "2026-01-05T09:00:01", "event": "tool_start", "tool": "read", "input": "{'path': 'a.txt'}"},
    {"time": "2026-01-05T09:00:02", "event": "tool_end",
     "output": "content='Error: not there' name='read' tool_call_id='c1' status='error'"},
    {"time": "2026-01-05T09:00:02", "event": "tool_start", "tool": "size", "input": "{'path': 'a.txt'}"},
    {"time": "2026-01-05T09:00:03", "event": "tool_end", "output": "content='0' name='size' tool_call_id='c2'"},
    {"time": "2026-01-05T09:00:03", "event": "llm_start",
     "prompts": ["System: Use tools.\nHuman: Is a.txt empty?\nAI: \nTool: 0"]},
    {"time": "2026-01-05T09:00:04", "event": "llm_end", "response": "It is.", "tool_calls": []},
]  # fmt: skip


def test_callbacks_are_one_run_with_a_question_calls_and_results(tmp_path: Path) -> None:
    spans = spans_of(tmp_path, CALLBACKS, lines=True)
    assert shape(spans) == [(HUMAN, None), (LLM, None), (TOOL, "read"), (TOOL, "size"), (LLM, None)]
    assert (spans[0].inputs, spans[2].inputs, spans[3].outputs) == ("Is a.txt empty?", {"path": "a.txt"}, "0")
    assert spans[2].error is not None and spans[2].error.message == "Error: not there" and spans[3].error is None
    assert spans[4].output_messages[0].content == "It is."


def test_the_answer_of_the_import_says_that_the_convention_is_unknown(tmp_path: Path) -> None:
    [batch] = batches_of(tmp_path, CALLBACKS, lines=True)
    assert batch.by_shape == Counter({"an agent's own event log": 5})


def test_a_decision_and_the_call_that_carries_it_out_are_one_call(tmp_path: Path) -> None:
    rows = [
        {"event": "agent_start", "step": 0, "thought": "Book the room for Ana.", "tool": None},
        {"event": "llm_call", "step": 1, "thought": "Book.", "action": "book", "tool": None, "result": None},
        {"event": "tool_call", "step": 1, "tool": "book", "args": {"who": "Ana"}, "result": '{"ok": true}'},
        {"event": "llm_call", "step": 2, "thought": "Done.", "action": "FINISH", "tool": None, "result": None},
        {"event": "agent_finish", "step": 2, "result": "The room is booked.", "tool": None},
    ]
    spans = spans_of(tmp_path, rows, lines=True)
    assert shape(spans) == [(HUMAN, None), (LLM, None), (TOOL, "book"), (LLM, None)]
    assert spans[-1].output_messages[0].content == "The room is booked."


def test_envelopes_around_an_answer_and_a_result_come_off(tmp_path: Path) -> None:
    call = {"tool": "read", "args": {"path": "a"}}
    rows = [
        {"timestamp": "2026-01-05T09:00:00", "step": 1, "response": {"reasoning": "Read.", "tool_call": call}},
        {"timestamp": "2026-01-05T09:00:01", "tool_result": {"tool": "read", "success": False, "output": "no file"}},
        {"timestamp": "2026-01-05T09:00:02", "step": 2,
         "response": {"reasoning": "Say so.", "tool_call": None, "final_answer": "There is no such file."}},
    ]  # fmt: skip
    spans = spans_of(tmp_path, rows, lines=True)
    assert shape(spans) == [(LLM, None), (TOOL, "read"), (LLM, None)]
    assert spans[1].error is not None and spans[1].inputs == {"path": "a"}
    assert spans[2].output_messages[0].content == "There is no such file."


@pytest.mark.parametrize(
    "rows",
    [
        [
            {"kind": "THOUGHT", "data": "I ask for the weather.", "time": "10:00:00"},
            {"kind": "ACTION", "data": {"ask_weather": "Rome"}, "time": "10:00:01"},
            {"kind": "OBSERVE", "data": "Sunny.", "time": "10:00:02"},
            {"kind": "THOUGHT", "data": "It is sunny.", "time": "10:00:03"},
        ],
        [
            {"event_type": "step", "data": {"step_id": 1, "thinking": "Ask.", "data": {"tool": "ask_weather",
                                            "query": "Rome", "results": ["Sunny."]}}},
            {"event_type": "confidence", "data": {"now": 80}},
            {"event_type": "step", "data": {"step_id": 2, "thinking": "It is sunny.", "action": "Answering"}},
        ],
        [
            {"step": 1, "thought": "Ask.", "action": "ask_weather", "action_input": "Rome", "observation": "Sunny."},
            {"step": 2, "thought": "It is.", "action": "final_answer", "action_input": "It is sunny."},
        ],
        [
            {"node": "planner", "event": "reasoning", "step": 1, "requested_tools": ["ask_weather"]},
            {"node": "executor", "tool": "ask_weather", "step": 2, "status": "success", "arguments": {"q": "Rome"}},
            {"node": "planner", "event": "reasoning", "step": 3, "requested_tools": [], "content": "It is sunny."},
        ],
    ],
)  # fmt: skip
def test_a_thought_an_act_and_what_came_of_it_under_many_names(tmp_path: Path, rows: list[Any]) -> None:
    assert shape(spans_of(tmp_path, rows)) == [(LLM, None), (TOOL, "ask_weather"), (LLM, None)]


def test_columns_of_actions_and_observations_by_case_are_runs(tmp_path: Path) -> None:
    history = {"actions": ["ls -a", "submit 7"], "observations": ["a b", "wrong"], "rewards": [0, 0.5]}
    content = {name: {"task_id": 4, "query": "Find it.", "turn_history": history, "extra": name} for name in "ab"}
    first, second = batches_of(tmp_path, content)
    both = [(LLM, None), (TOOL, "action")]
    assert shape(first.spans) == [(HUMAN, None), *both, *both]
    assert first.spans[2].inputs == {"command": "ls -a"} and first.spans[2].outputs == "a b"
    assert [(note.name, note.score) for note in first.facts[0].annotations] == [("reward", 0.5)]
    assert first.facts[0].trace_key != second.facts[0].trace_key


def test_a_run_a_line_has_its_calls_with_the_results_beside_them(tmp_path: Path) -> None:
    rows = [
        {"trace_id": name, "input": {"question": "How many?"}, "calls": [{"tool_key": "count", "params": {"day": 1}}],
         "exec_result": [{"ok": ok, "error": "" if ok else "no table"}], "final_answer": "Seven."}
        for name, ok in (("t1", True), ("t2", False))
    ]  # fmt: skip
    first, second = batches_of(tmp_path, rows, lines=True)
    assert shape(first.spans) == [(HUMAN, None), (TOOL, "count"), (LLM, None)]
    assert (first.facts[0].trace_key, first.spans[1].inputs, first.spans[1].error) == ("t1", {"day": 1}, None)
    assert second.spans[1].error is not None and second.spans[1].error.message == "no table"


def test_events_beside_what_is_said_of_the_run_are_its_steps(tmp_path: Path) -> None:
    events = [
        {"event": "tool_call", "tool": "add", "args": {"a": 1}, "ts": 1760000000},
        {"event": "tool_result", "tool": "add", "result": 2, "ts": 1760000001},
        {"event": "tool_call", "tool": "add", "args": {"a": 3}, "ts": 1760000002},
    ]
    spans = spans_of(tmp_path, {"run": {"note": "two sums"}, "events": events})
    assert [(span.inputs, span.outputs) for span in spans] == [({"a": 1}, 2), ({"a": 3}, "")]


def test_agents_of_a_team_are_told_apart_and_the_first_gives_the_request(tmp_path: Path) -> None:
    acts = [("chief", "start_workflow", "Move the server.", "Begins."), ("risk", "assess", "Move", "Two risks."),
            ("chief", "approve", "risks", "Approved.")]  # fmt: skip
    rows = [
        {"timestamp": "2026-01-05T09:00:00Z", "run_id": "r", "agent_name": agent, "action": action,
         "input_summary": given, "output_summary": said, "status": "success"}
        for agent, action, given, said in acts
    ]  # fmt: skip
    spans = spans_of(tmp_path, rows, lines=True)
    assert [(span.kind, span.agent) for span in spans] == [(HUMAN, "chief"), (LLM, "risk"), (LLM, "chief")]
    assert spans[0].inputs == "Move the server."


def test_a_call_without_a_result_is_a_step_and_what_nobody_understands_is_counted(tmp_path: Path) -> None:
    rows = [
        {"event": "llm_response", "thought": "Try.", "ts": 1760000000},
        {"event": "tool_start", "tool": "wait", "args": {"s": 9}, "ts": 1760000001},
        {"event": "heartbeat", "ts": 1760000002},
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)))
    items = list(read_path(tmp_path / "log.jsonl"))
    [batch] = [item for item in items if isinstance(item, SpanBatch)]
    assert shape(batch.spans) == [(LLM, None), (TOOL, "wait")]
    assert [item.count for item in items if isinstance(item, LeftOut)] == [1]


def test_a_tool_that_only_the_kind_names_is_one_and_its_result_may_say_that_it_failed(tmp_path: Path) -> None:
    gone, failed = {"status": "error", "message": "gone"}, {"status": "failed", "orders": []}
    rows = [
        {"event_type": "tool_call", "payload": {"intent": "cancel", "fields": {"id": 7}}},
        {
            "event_type": "tool_result",
            "payload": {"intent": "cancel", "result": gone},
        },
        {"event_type": "tool_call", "payload": {"intent": "list", "fields": {}}},
        {"event_type": "tool_result", "payload": {"intent": "list", "result": failed}},
    ]
    first, second = spans_of(tmp_path, rows, lines=True)
    assert (first.tool, first.inputs, first.error and first.error.message) == ("cancel", {"id": 7}, "gone")
    assert (second.tool, second.error) == ("list", None)


@pytest.mark.parametrize(
    "rows",
    [
        [{"ts": "2026-01-05T09:00:00Z", "level": "INFO", "function": "main", "message": "up", "result": "ok"}] * 3,
        [{"timestamp": "2026-01-05T09:00:00Z", "user": "ana", "action": "update", "result": "success"}] * 3,
        [{"question": "2 + 2?", "reasoning": "Add them.", "answer": "4"}] * 3,
        [{"instruction": "Say hi.", "response": "Hi."}] * 3,
        [{"type": "request", "method": "GET", "path": "/"}, {"type": "response", "status": 200}],
        [{"event": "page_view", "time": 1760000000, "data": {"path": "/"}}] * 3,
        [{"name": "retrospan", "version": "1", "scripts": {"test": "pytest"}}],
        [{"model": "m-1", "loss": 0.3, "step": 1}, {"model": "m-1", "loss": 0.2, "step": 2}],
    ],
)
def test_logs_of_programs_and_tables_are_no_agents_log(tmp_path: Path, rows: list[Any]) -> None:
    assert not is_agents_log(rows)
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(BadInputError, match="not recognised"):
        list(read_path(tmp_path / "log.jsonl"))


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [
        ("System: s\nHuman: one\nAI: a\nHuman: two\nTool: t", "two"),
        ("Tell me.", "Tell me."),
        ("User: only", "only"),
    ],
)
def test_the_question_of_a_written_out_prompt_is_the_last_one(prompt: str, asked: str) -> None:
    assert last_asked(prompt) == asked
