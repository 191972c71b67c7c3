"""opencode: exports, the messages of its server and the events of a run are one session each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import read_path
from retrospan.ingest.formats.records import RecordError
from retrospan.model.traces import Span, SpanBatch, Status, StepKind

SEED = Path(__file__).parents[3] / "data" / "formats" / "opencode.jsonl"
EXPORT = json.loads(SEED.read_text().splitlines()[0])


def batches_of(path: Path) -> list[SpanBatch]:
    assert detect_format(path.name, path.read_bytes()) == "opencode"
    return [item for item in read_path(path) if isinstance(item, SpanBatch)]


def shape(spans: list[Span]) -> list[tuple[StepKind, str | None]]:
    return [(span.kind, span.tool) for span in spans]


def test_a_message_of_several_steps_is_several_answers(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text(json.dumps(EXPORT, indent=2))
    [batch] = batches_of(tmp_path / "session.json")
    human, llm = (StepKind.HUMAN, None), (StepKind.LLM, None)
    read, bash, edit = [(StepKind.TOOL, name) for name in ("read", "bash", "edit")]
    assert shape(batch.spans) == [human, llm, read, bash, llm, edit, human, llm]
    assert batch.spans[0].inputs == "Why is the date wrong?\n[file date.py]"
    assert batch.spans[1].usage is not None and batch.spans[1].usage.input_tokens == 125
    assert (batch.spans[1].ended_at_ns, batch.spans[2].started_at_ns) == (1760000002000 * 10**6,) * 2


def test_a_call_that_a_person_refused_is_no_error_and_an_abort_is_one(tmp_path: Path) -> None:
    (tmp_path / "session.json").write_text(json.dumps(EXPORT))
    [batch] = batches_of(tmp_path / "session.json")
    failed = [(span.tool, span.error.message) for span in batch.spans if span.status is Status.ERROR and span.error]
    assert failed == [("bash", "pytets: command not found"), (None, "The operation was aborted.")]
    assert batch.spans[5].attributes["decision"] == "rejected by a person"


@pytest.mark.parametrize("lines", [True, False])
def test_messages_of_the_server_are_the_session_of_the_export(tmp_path: Path, lines: bool) -> None:
    messages = EXPORT["messages"]
    path = tmp_path / "messages.json"
    path.write_text("\n".join(map(json.dumps, messages)) if lines else json.dumps(messages))
    (tmp_path / "whole.json").write_text(json.dumps(EXPORT))
    [batch], [whole] = batches_of(path), batches_of(tmp_path / "whole.json")
    assert [span.span_id for span in batch.spans] == [span.span_id for span in whole.spans]


def test_events_of_a_run_are_its_answers_and_calls(tmp_path: Path) -> None:
    state = {"status": "completed", "input": {"command": "ls"}, "output": "a.py"}
    parts: list[dict[str, Any]] = [
        {"type": "step-start"}, {"type": "tool", "tool": "bash", "callID": "c", "state": state},
        {"type": "step-finish", "reason": "tool-calls", "tokens": {"input": 4, "output": 2}},
    ]  # fmt: skip
    names = ["step_start", "tool_use", "step_finish"]
    rows = [
        {"type": name, "timestamp": 1760000000000 + n, "sessionID": "ses_9", "part": {"messageID": "m", **part}}
        for n, (name, part) in enumerate(zip(names, parts, strict=True))
    ]
    last = {"type": "text", "messageID": "m2", "text": "One file."}
    rows.append({"type": "text", "timestamp": 1760000000009, "sessionID": "ses_9", "part": last})
    (tmp_path / "run.jsonl").write_text("\n".join(map(json.dumps, rows)))
    [batch] = batches_of(tmp_path / "run.jsonl")
    assert shape(batch.spans) == [(StepKind.LLM, None), (StepKind.TOOL, "bash"), (StepKind.LLM, None)]
    assert batch.facts[0].trace_key == "ses_9" and batch.spans[2].output_messages[0].content == "One file."


def test_what_is_no_session_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"info": {}, "messages": []}\n{"other": 1}\n')
    items = list(read_path(tmp_path / "x.jsonl", "opencode"))
    assert [item.what for item in items if isinstance(item, RecordError)] == [
        "The session has no turns.", "Neither a session, nor a message with info and parts, nor an event.",
    ]  # fmt: skip
