"""Situations that public bug reports tell of, kept beside the repository: each is read as it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.ingest.formats.read import read_path
from retrospan.model.reading.assembly import build_steps, reading_order
from retrospan.model.reading.run_facts import RunFacts, summarise
from retrospan.model.traces import SpanBatch, Status, Step, StepKind, TraceFacts
from shared_data import SHARED_DATA


def run_of(case: str, name: str) -> tuple[tuple[Step, ...], RunFacts]:
    """The one run of a case's file, as it is shown."""
    path = SHARED_DATA.parent / "cases" / case / name
    if not path.exists():
        pytest.skip(f"needs {case}/{name} of the shared cases")
    return run_in(path)


def run_in(path: Path) -> tuple[tuple[Step, ...], RunFacts]:
    items = list(read_path(path))
    assert all(isinstance(item, SpanBatch) for item in items), items
    batches = [item for item in items if isinstance(item, SpanBatch)]
    spans = [span for batch in batches for span in batch.spans]
    [key] = {span.trace_key for span in spans}
    facts = next((fact for batch in batches for fact in batch.facts), TraceFacts(key))
    steps = build_steps(spans, reading_order(spans))
    return steps, summarise(steps, spans, facts)


def called(step: Step) -> list[tuple[str, object]]:
    return [(call.name, call.arguments) for message in step.output_messages for call in message.tool_calls]


def kinds(steps: tuple[Step, ...]) -> list[str]:
    return [step.kind.value for step in steps]


@pytest.mark.parametrize("name", ["legacy.json", "server.json"])
def test_a_langfuse_download_takes_the_observations_with_content(name: str) -> None:
    steps, run = run_of("04-langfuse-download", name)
    assert kinds(steps) == ["llm"] and (run.input, run.output) == ("hi", "hello")


def test_a_logged_anthropic_call_keeps_its_answer_and_counts() -> None:
    steps, run = run_of("15-anthropic-request-log", "input.jsonl")
    assert kinds(steps) == ["chain", "human", "llm"] and steps[0].inputs == "Be brief."
    answer = steps[2]
    assert answer.output_messages[0].content == "Checking." and called(answer) == [("get_weather", {"city": "Oslo"})]
    assert (answer.model, answer.finish_reason) == ("claude-x", "tool_use")
    assert (run.usage.input_tokens, run.usage.output_tokens) == (20, 15)


def test_parallel_results_are_a_step_each() -> None:
    steps, _ = run_of("16-anthropic-parallel-results", "input.json")
    tools = [(s.tool, s.inputs, s.outputs, s.status) for s in steps if s.kind is StepKind.TOOL]
    assert tools == [
        ("get_weather", {"city": "Oslo"}, "4 C", Status.UNSET),
        ("get_time", {"city": "Rome"}, "no such city", Status.ERROR),
    ]


def test_ui_messages_are_read_by_their_parts() -> None:
    steps, run = run_of("18-ui-message-parts", "input.json")
    assert kinds(steps) == ["human", "llm", "tool", "llm"]
    assert called(steps[1]) == [("getWeather", {"city": "Oslo"})] and steps[2].outputs == {"temp": 4}
    assert (run.input, run.output) == ("weather in Oslo?", "4 degrees.")


def test_braintrust_rows_are_one_trace() -> None:
    steps, run = run_of("19-braintrust-as-langfuse", "input.jsonl")
    assert [(s.kind.value, s.parent, s.model) for s in steps] == [("chain", None, None), ("llm", 0, "m")]
    assert (run.usage.input_tokens, run.usage.output_tokens, run.duration_ms) == (3, 2, 3000)


def test_a_sealed_thought_is_no_text() -> None:
    steps, run = run_of("25-thought-signature", "input.json")
    assert run.output == "I could not find data for shop 5." and not steps[-1].output_messages[-1].reasoning


def test_calls_of_the_ai_sdk_in_langfuse_are_calls() -> None:
    steps, run = run_of("26-langfuse-ai-sdk-calls", "input.json")
    assert kinds(steps) == ["agent", "llm", "tool"] and called(steps[1]) == [("trackParcel", {"id": "P-7"})]
    assert run.output == "" and (run.usage.input_tokens, run.usage.output_tokens) == (62, 85)


def test_tools_recorded_as_spans_are_tools() -> None:
    steps, run = run_of("27-langfuse-tools-as-spans", "input.json")
    assert kinds(steps) == ["llm", "tool", "llm"]
    tool = steps[1]
    assert (tool.tool, tool.inputs, tool.outputs, tool.status) == ("track_parcel", {"id": "P-7"}, "late", Status.ERROR)
    assert (run.input, run.output) == ("Is parcel P-7 late?", "Yes, it is late.")
    assert [message.role for message in steps[2].input_messages] == ["user", "assistant", "tool"]


def test_a_list_of_requests_is_read_as_their_lines_are() -> None:
    steps, _ = run_of("43-list-of-otlp-requests", "input.json")
    assert [step.output_messages[0].content for step in steps] == ["One.", "Two."]


def test_a_generation_at_the_root_is_the_frame_of_its_run() -> None:
    steps, run = run_of("45-langfuse-question-lost", "input.json")
    assert [step.parent for step in steps] == [None, 0, 0, 2, 2, 2]
    assert (run.input, run.output) == ("How do I reset my meter?", "Hold the button for five seconds.")
    assert (run.usage.input_tokens, run.usage.output_tokens) == (140, 14)
    assert called(steps[3]) == [("searchDocs", {"query": "reset meter"})] and steps[4].tool == "searchDocs"
