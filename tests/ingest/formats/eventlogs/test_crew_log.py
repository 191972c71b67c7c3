"""CrewAI's log of tasks."""

from __future__ import annotations

import json
from pathlib import Path

from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import read_path
from retrospan.ingest.formats.records import RecordError
from retrospan.model.traces import SpanBatch, StepKind


def entry(minute: int, name: str, status: str, output: str = "") -> str:
    said = f', output="{output}"' if output else ""
    return (
        f'2026-01-05 10:{minute:02}:00: task_name="{name}", task="Do {name}.\n", agent="{name.title()}er\n", '
        f'status="{status}"{said}\n'
    )


def test_each_run_of_the_crew_is_a_trace_with_the_answers_of_its_agents(tmp_path: Path) -> None:
    text = entry(0, "plan", "started") + entry(1, "plan", "completed", 'A "plan",\n# with lines') + entry(
        1, "write", "started") + entry(2, "write", "completed", "A text.") + entry(3, "plan", "started")  # fmt: skip
    (tmp_path / "crew.txt").write_text(text)
    assert detect_format("crew.txt", text.encode()) == "crewai-log"
    first, second = [item for item in read_path(tmp_path / "crew.txt") if isinstance(item, SpanBatch)]
    answers = [(span.agent, span.output_messages[0].content) for span in first.spans if span.kind is StepKind.LLM]
    assert answers == [("Planer", 'A "plan",\n# with lines'), ("Writeer", "A text.")]
    assert [span.kind for span in second.spans] == [StepKind.HUMAN]


def test_an_entry_that_is_cut_off_is_named(tmp_path: Path) -> None:
    (tmp_path / "crew.log").write_text(entry(0, "plan", "started") + '2026-01-05 10:01:00: task_name="plan", task="D')
    errors = [item.where for item in read_path(tmp_path / "crew.log") if isinstance(item, RecordError)]
    assert errors == ["entry 2"]


def test_the_json_log_is_read_as_the_text_is(tmp_path: Path) -> None:
    about = {"timestamp": "2026-01-05 10:00:00", "task_name": "plan", "task": "Do plan.", "agent": "Planer"}
    rows = [{**about, "status": "started"}, {**about, "status": "completed"}]
    (tmp_path / "crew.json").write_text(json.dumps([rows[0], {**rows[1], "output": "A plan."}], indent=4))
    [batch] = read_path(tmp_path / "crew.json")
    assert isinstance(batch, SpanBatch) and [span.kind for span in batch.spans] == [StepKind.HUMAN, StepKind.LLM]
