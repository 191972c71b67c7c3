"""Real captures and exports, kept beside the repository: nothing in them is lost or refused."""

from __future__ import annotations

import json
import lzma
from collections import Counter
from pathlib import Path

import pytest
import yaml
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.model.reading.assembly import build_steps, reading_order
from retrospan.model.reading.run_facts import summarise
from retrospan.model.traces import Outcome, SpanBatch, Status, StepKind, TraceFacts
from shared_data import SHARED_DATA, shared


def read(path: Path) -> list[SpanBatch]:
    items = list(read_path(path))
    assert [item for item in items if isinstance(item, RecordError)] == []
    return [item for item in items if isinstance(item, SpanBatch)]


def test_every_span_of_the_nested_trees_comes_in() -> None:
    folder = shared("trail")
    expected: Counter[str] = Counter()
    files = sorted(folder.glob("*/*.json.xz"))
    for file in files:
        tree = json.loads(lzma.decompress(file.read_bytes()))
        stack = list(tree["spans"])
        while stack:
            span = stack.pop()
            stack.extend(span["child_spans"])
            expected[tree["trace_id"]] += 1
    found: Counter[str] = Counter()
    kinds: Counter[StepKind] = Counter()
    for file in files:
        for batch in read(file):
            found.update(span.trace_key for span in batch.spans)
            kinds.update(span.kind for span in batch.spans)

    assert found == expected
    assert kinds[StepKind.LLM] >= 1007
    assert kinds[StepKind.TOOL] >= 335


@pytest.mark.parametrize("run", ["ok", "tool_error", "hallucination"])
def test_claude_code_transcripts_hold_the_calls_that_were_made(run: str) -> None:
    folder = shared("otlp", "claude_code", run)
    truth = json.loads((folder / "expected.json").read_text())
    [batch] = read(folder / "transcript.jsonl")
    model = [span for span in batch.spans if span.kind is StepKind.LLM]
    tools = [span for span in batch.spans if span.kind is StepKind.TOOL]
    calls = [call for span in model for call in span.output_messages[0].tool_calls]

    assert {span.trace_key for span in batch.spans} == {truth["session_id"]}
    assert batch.spans[0].kind is StepKind.HUMAN
    assert batch.spans[0].inputs == truth["input"]
    assert model[-1].output_messages[0].content == truth["final_output"]
    assert len(model) == truth["model_calls"]["count"]
    assert [call.name for call in calls] == [span.tool for span in tools]
    assert any(span.status is Status.ERROR for span in tools) == (run == "tool_error")


def test_an_inspect_archive_gives_a_trace_a_sample() -> None:
    first, second = read(shared("otlp", "_offline", "inspect-returns_desk.eval"))

    assert [span.kind.value for span in first.spans] == ["chain", "human", "llm", "tool", "llm"]
    assert (first.spans[3].tool, first.spans[3].inputs) == ("search_policy", {"query": "return days"})
    assert first.facts[0].outcome is Outcome.PASS
    assert first.facts[0].annotations[0].label == "C"
    assert second.facts[0].outcome is Outcome.FAIL
    last = second.spans[-1]
    assert (last.kind, last.status) == (StepKind.TOOL, Status.ERROR)
    assert last.error is not None and "index offline" in last.error.message


@pytest.mark.parametrize(
    ("combination", "spans"),
    [
        ("anthropic-openllmetry", 13),
        ("claude_code", 10),
        ("google_adk-native", 9),
        ("langfuse-native", 8),
        ("langgraph-openinference", 20),
        ("openai-otel_genai", 10),
        ("openai_agents-openinference", 15),
        ("pydantic_ai-native", 8),
        ("vercel_ai6-native", 8),
    ],
)
def test_a_capture_folder_is_one_capture_without_its_companions(combination: str, spans: int) -> None:
    [batch] = read(shared("otlp", combination, "ok"))
    keys = {(span.trace_key, span.span_id) for span in batch.spans}

    # Log records may bring steps that no span holds.
    assert len(keys) == spans or (combination == "claude_code" and len(keys) > spans)


def test_one_request_reads_the_same_in_both_encodings() -> None:
    folder = shared("otlp", "langgraph-openinference", "ok")
    for name in ("001-traces", "002-traces"):
        if not (folder / f"{name}.pb").exists():
            continue
        [binary], [text] = read(folder / f"{name}.pb"), read(folder / f"{name}.json")
        assert binary == text


def test_the_lines_of_a_collector_are_joined(tmp_path: Path) -> None:
    folder = shared("otlp", "langgraph-openinference", "ok")
    requests = [json.loads(file.read_text()) for file in sorted(folder.glob("*-traces.json"))]
    file = tmp_path / "collector.jsonl"
    file.write_text("\n".join(json.dumps(request) for request in requests))
    [joined] = read(file)
    [capture] = read(folder)

    assert {span.span_id for span in joined.spans} == {span.span_id for span in capture.spans}


COUNTED = sorted(path.name for path in SHARED_DATA.glob("field/runs/*-langfuse.*")) or ["absent"]


@pytest.mark.parametrize("name", COUNTED)
def test_langfuse_downloads_hold_what_their_readers_counted(name: str) -> None:
    run = shared("field", "runs", name)
    truth = yaml.safe_load(shared("field", "labels", f"{name.partition('-')[0]}.yaml").read_text())["facts"]
    spans = [span for batch in read(run) for span in batch.spans]
    steps = build_steps(spans, reading_order(spans))
    facts = summarise(steps, spans, TraceFacts(spans[0].trace_key))
    tools = [step for step in steps if step.kind is StepKind.TOOL]

    assert sum(step.kind is StepKind.LLM for step in steps) == truth["model_calls"]
    assert (len(tools), sum(step.status is Status.ERROR for step in tools)) == (
        truth["tool_calls"],
        truth["tool_errors"],
    )
    assert (facts.usage.input_tokens, facts.usage.output_tokens) == (truth["input_tokens"], truth["output_tokens"])
    assert truth["first_input"][:40] in facts.input


def test_an_inspect_log_without_events_has_the_counts_of_its_last_answer() -> None:
    truth = yaml.safe_load(shared("field", "labels", "F41.yaml").read_text())["facts"]
    [batch] = read(shared("field", "runs", "F41-inspect.json.xz"))
    usage = [span.usage for span in batch.spans if span.usage]
    assert sum(counted.input_tokens for counted in usage) == truth["input_tokens"]
