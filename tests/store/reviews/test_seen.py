"""The hashes that a signature covers change with everything a reader sees, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from retrospan.model.traces import Document, Message, Span, SpanBatch, Status, StepError, StepKind, ToolCall, Usage
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reviews.seen import current_trace, seen_trace
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh


def spans() -> list[Span]:
    model = Span("run", "s1", "chat", StepKind.LLM, sequence=0, started_at_ns=1_000, ended_at_ns=2_000, project="p")
    call = ToolCall("find", {"q": "tents"}, "c1")
    model.input_messages = (Message("user", "Which tent?"),)
    model.output_messages = (Message("assistant", "Let me look.", (call,), reasoning="search first"),)
    tool = Span(
        "run", "s2", "find", StepKind.RETRIEVER, sequence=1, started_at_ns=3_000, ended_at_ns=4_000, project="p"
    )
    tool.tool, tool.inputs, tool.outputs = "find", {"q": "tents"}, ["a", 1]
    tool.documents = (Document("A tent.", "d1", 0.5, {"page": 1}),)
    return [model, tool]


def hashes(path: Path, span: str = "", field: str = "", value: Any = None) -> dict[str, str]:
    with open_store(path) as store:
        recorded = spans()
        for changed in recorded:
            if changed.span_id == span:
                setattr(changed, field, value)
        commit_batch(store, SpanBatch(spans=recorded))
        refresh(store)
        seen = seen_trace(store, 1)
        assert seen is not None
        return dict(seen.steps)


@pytest.mark.parametrize(
    ("span", "field", "value"),
    [
        ("s1", "input_messages", (Message("system", "Which tent?"),)),
        ("s1", "output_messages", (Message("assistant", "Let me look."),)),
        ("s1", "model", "other"),
        ("s1", "finish_reason", "length"),
        ("s1", "agent", "planner"),
        ("s2", "inputs", {"q": "boots"}),
        ("s2", "outputs", ["a", 2]),
        ("s2", "documents", (Document("A tent.", "d2", 0.5, {"page": 1}),)),
        ("s2", "tool", "search"),
        ("s2", "status", Status.ERROR),
        ("s2", "error", StepError("boom")),
        ("s2", "parent_span_id", "s1"),
        ("s2", "started_at_ns", 3_500),
    ],
)
def test_what_a_reader_sees_is_covered(tmp_path: Path, span: str, field: str, value: Any) -> None:
    assert hashes(tmp_path / "a.db") != hashes(tmp_path / "b.db", span, field, value)


@pytest.mark.parametrize(
    ("field", "value"), [("usage", Usage(10, 20)), ("attributes", {"host": "b"}), ("cost_usd", 0.5)]
)
def test_cost_and_raw_attributes_are_not(tmp_path: Path, field: str, value: Any) -> None:
    assert hashes(tmp_path / "a.db") == hashes(tmp_path / "b.db", "s1", field, value)


def test_write_by_another_process_is_noticed(store: Store) -> None:
    commit_batch(store, SpanBatch(spans=spans()))
    refresh(store)
    before = current_trace(store, 1)
    with open_store(store.location) as other, other.write() as con:
        con.execute("UPDATE span SET name = 'renamed' WHERE span_id = 's2'")

    assert current_trace(store, 1) != before


def test_trace_that_is_gone_has_no_hashes(store: Store) -> None:
    assert seen_trace(store, 7) is None
