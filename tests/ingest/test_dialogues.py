"""Dialogues of unknown products: told by their shape, and by nothing that only looks like one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.dialogue.textloop import actions_of
from retrospan.ingest.formats.dialogue.voices import is_dialogue, is_exchange, voice
from retrospan.ingest.formats.read import read_path
from retrospan.ingest.formats.records import LeftOut
from retrospan.model.errors import BadInputError
from retrospan.model.traces import Span, SpanBatch, StepKind

HUMAN, LLM, TOOL = StepKind.HUMAN, StepKind.LLM, StepKind.TOOL


def spans_of(tmp_path: Path, text: str) -> list[Span]:
    path = tmp_path / "talk.json"
    path.write_text(text)
    assert detect_format(path.name, path.read_bytes()) == "transcript"
    return [span for item in read_path(path) if isinstance(item, SpanBatch) for span in item.spans]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("customer_service_agent", "assistant"), ("UserProxyAgent", "user"), ("patient", "user"),
        ("Doctor", "assistant"),
        ("toolResult", "tool"), ("measurement", "tool"), ("system", "system"), ("Planner", None), ("report.pdf", None),
    ],
)  # fmt: skip
def test_a_speaker_is_told_by_the_words_of_the_name(name: str, role: str | None) -> None:
    assert voice(name) == role


def test_messages_in_envelopes_are_one_run_and_the_rest_is_counted(tmp_path: Path) -> None:
    calls = [{"type": "toolCall", "id": "c1", "name": "read", "arguments": {"path": "a"}}]
    rows: list[Any] = [
        {"type": "session", "id": "s1", "cwd": "/tmp"},
        {"type": "model_change", "modelId": "m"},
        {"type": "message", "message": {"role": "user", "content": [{"type": "text", "text": "Read a."}]}},
        {"type": "message", "message": {"role": "assistant", "content": calls}},
        {"type": "message", "message": {"role": "toolResult", "toolCallId": "c1", "toolName": "read", "content": "x"}},
        {"type": "message", "message": {"role": "assistant", "content": [{"type": "text", "text": "It says x."}]}},
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert detect_format("s.jsonl", (tmp_path / "s.jsonl").read_bytes()) == "transcript"
    items = list(read_path(tmp_path / "s.jsonl"))
    [batch] = [item for item in items if isinstance(item, SpanBatch)]
    assert [span.kind for span in batch.spans] == [HUMAN, LLM, TOOL, LLM]
    assert (batch.spans[2].tool, batch.spans[2].inputs) == ("read", {"path": "a"})
    assert [item.count for item in items if isinstance(item, LeftOut)] == [2]


def test_an_answer_of_the_api_kept_as_it_came_is_the_reply(tmp_path: Path) -> None:
    answer = {"choices": [{"message": {"role": "assistant", "content": "Four."}}]}
    text = json.dumps({"turns": [{"user_message": "Two and two?", "raw_api_response": answer}]})
    assert [(span.kind, span.inputs) for span in spans_of(tmp_path, text)] == [(HUMAN, "Two and two?"), (LLM, None)]


def test_a_silent_side_has_no_turn(tmp_path: Path) -> None:
    text = json.dumps(
        {
            "id": "x",
            "turns": [{"user_msg": "Hi", "agent_reply": "Hello"}, {"user_msg": "Still there?", "agent_reply": ""}],
        }
    )
    assert [span.kind for span in spans_of(tmp_path, text)] == [HUMAN, LLM, HUMAN]


def test_requests_that_are_written_out_are_calls(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "content": "What is the level of P1?"},
        {"role": "agent", "content": "GET http://localhost/lab/Level?patient=P1"},
        {"role": "user", "content": "Here is the response from the GET request: {\"total\": 0}"},
        {"role": "agent", "content": 'POST http://localhost/lab/Order\n{"code": "A1"}'},
        {"role": "user", "content": "POST request accepted and executed successfully."},
        {"role": "agent", "content": "FINISH([-1])"},
    ]  # fmt: skip
    spans = spans_of(tmp_path, json.dumps({"task_id": "t", "correct": False, "history": turns}))
    assert [span.kind for span in spans] == [HUMAN, LLM, TOOL, LLM, TOOL, LLM]
    assert [(span.tool, span.inputs) for span in spans if span.kind is TOOL] == [
        ("GET /lab/Level", {"patient": "P1"}),
        ("POST /lab/Order", {"code": "A1"}),
    ]


@pytest.mark.parametrize("text", ["I would GET the book.", "Call me (later)", "See POST 12", "It is f(x) = 2."])
def test_prose_that_names_a_method_or_a_call_is_no_action(text: str) -> None:
    assert actions_of(text) == []


@pytest.mark.parametrize(
    "rows",
    [
        [{"source": "a.pdf", "content": "x"}, {"source": "b.pdf", "content": "y"}],
        [{"from": "Leeds", "value": 3}, {"from": "York", "value": 4}],
        [{"name": "add", "input": "1", "output": "2"}],
        [{"question": "Capital of Peru?", "expected": "Lima"}],
        [{"role": "admin", "content": "x"}],
    ],
)
def test_documents_tables_and_questions_are_no_dialogue(rows: list[Any]) -> None:
    assert not is_dialogue(rows) and not is_exchange(rows)


def test_a_file_without_a_dialogue_is_refused_by_its_fields() -> None:
    with pytest.raises(BadInputError, match="not recognised"):
        detect_format("x.json", json.dumps({"rows": [{"source": "a.pdf", "content": "x"}]}).encode())
