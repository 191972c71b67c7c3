"""Structure-only mode: what ran is told, what was said is not."""

from __future__ import annotations

from pathlib import Path

import orjson
from commands import run
from retrospan.ingest.structure import strip_contents
from retrospan.model.traces import (
    Annotation,
    Document,
    Message,
    Span,
    SpanBatch,
    StepError,
    StepKind,
    ToolCall,
    TraceFacts,
    Usage,
)

WORD = "mongoose"


def full_span(span_id: str) -> Span:
    """A span with the word in every place that may hold content."""
    span = Span("t1", span_id, "chat", StepKind.LLM, agent="desk", tool="get_order", model="m", session="s1", user="u1")
    span.inputs, span.outputs = {"q": WORD, WORD: 1}, WORD
    span.input_messages = (Message("user", WORD, reasoning=WORD),)
    span.output_messages = (Message("assistant", WORD, (ToolCall("get_order", {"id": WORD}, "c1"),)),)
    span.documents = (Document(WORD, "d1", 0.5, {"title": WORD}),)
    span.tool_definitions = [{"name": WORD}]
    span.error = StepError(WORD, "ValueError")
    span.usage = Usage(10, 5)
    span.attributes = {"gen_ai.request.temperature": 0.5, "note": WORD, "gen_ai.x": WORD, "balance": 12, WORD: True}
    return span


def test_nothing_said_is_left_and_everything_that_ran_is() -> None:
    notes = (Annotation("tone", "bad", 0.1, WORD),)
    batch = SpanBatch([full_span("a")], [TraceFacts("t1", metadata={"k": WORD}, annotations=notes)])
    strip_contents(batch, b"key")
    assert WORD not in repr(batch)
    (span,) = batch.spans
    assert (span.agent, span.tool, span.model, span.session, span.user) == ("desk", "get_order", "m", "s1", "u1")
    assert span.usage == Usage(10, 5) and span.error is not None and span.error.type == "ValueError"
    assert span.attributes == {"gen_ai.request.temperature": 0.5}
    assert span.documents[0].id == "d1" and span.documents[0].score == 0.5
    (call,) = span.output_messages[0].tool_calls
    assert (call.name, call.id) == ("get_order", "c1")
    assert span.outputs is not None and str(span.outputs).startswith("⟨8 characters ")
    assert batch.facts[0].annotations[0].label == "bad"


def test_equal_contents_stay_equal_under_one_key_only() -> None:
    def output(key: bytes) -> object:
        batch = SpanBatch([full_span("a")])
        strip_contents(batch, key)
        return batch.spans[0].outputs

    assert output(b"one") == output(b"one") != output(b"two")


def test_an_import_in_structure_only_mode_puts_no_text_into_the_file(tmp_path: Path) -> None:
    source, store = tmp_path / "runs.jsonl", tmp_path / "s.db"
    messages = [{"role": "user", "content": f"{WORD} {n} please"} for n in range(3)]
    source.write_bytes(orjson.dumps({"id": "r1", "metadata": {"k": WORD}, "messages": messages}))
    assert run("import", str(source), "--structure-only", "--store", str(store), "--json").json["steps"] == 3
    assert not any(WORD.encode() in path.read_bytes() for path in tmp_path.glob("s.db*"))
    shown = run("trace", "show", "T1", "--store", str(store), "--json").json
    assert [step["kind"] for step in shown["steps"]] == ["human"] * 3


def test_what_a_graphs_nodes_and_streamed_answers_are_told_by_is_kept() -> None:
    told = {
        "traceloop.association.properties.langgraph_node": "model",
        "traceloop.entity.name": "model",
        "langsmith.metadata.langgraph_node": "tools",
        "logfire.span_type": "log",
    }
    span = full_span("a")
    span.attributes = {**told, "traceloop.association.properties.note": WORD}

    strip_contents(SpanBatch([span]), b"key")

    assert span.attributes == told
