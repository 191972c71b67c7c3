"""Budgets on real runs: the labelled sets and captures that are kept beside the repository."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path

import pytest
from retrospan.mcp_server.registry import Caller, Tool, load_tools, run_tool
from retrospan.model.text.budget import count_tokens
from retrospan.services.receiving.importing import import_paths
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from shared_data import shared


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("real")
    path = folder / "runs.jsonl"
    with lzma.open(shared("tau_airline", "gpt-4o-airline.json.xz"), "rt") as file:
        airline = json.load(file)[:6]
    records = [
        {"id": f"air-{n}", "messages": run["traj"], "task": str(run["task_id"])} for n, run in enumerate(airline)
    ]
    for file_path in sorted(shared("who_and_when", "Hand-Crafted").glob("*.json"))[:6]:
        turns = json.loads(file_path.read_text())["history"]
        messages = [{"role": "assistant", "name": turn["role"], "content": turn["content"]} for turn in turns]
        records.append({"id": file_path.stem, "messages": messages})
    path.write_text("\n".join(json.dumps(record) for record in records))
    with open_store(folder / "store.db") as store:
        import_paths(store, [path, shared("otlp", "langgraph-openinference")])
        yield store


@pytest.fixture(scope="module")
def tools() -> dict[str, Tool]:
    return load_tools()


def test_outlines_fit_and_long_runs_shrink_tenfold(real: Store, tools: dict[str, Tool]) -> None:
    for trace_id in range(1, 13):
        text = run_tool(Caller(real), tools, "get_trace", {"trace": f"T{trace_id}"})
        assert count_tokens(text) <= 1_700
        raw = sum(len(m.content) for step in get_trace(real, trace_id).steps for m in step.output_messages) / 4
        if raw > 17_000:
            assert count_tokens(text) < raw / 10


def test_other_answers_fit(real: Store, tools: dict[str, Tool]) -> None:
    caller = Caller(real)
    for query in ("", "refund", "error", "WebSurfer page", "kind:tool"):
        assert count_tokens(run_tool(caller, tools, "search_traces", {"query": query})) <= 1_200
    for trace_id in range(1, 13):
        assert count_tokens(run_tool(caller, tools, "open_case", {"trace": f"T{trace_id}"})) <= 1_500
    for trace_id in range(1, 7):
        assert count_tokens(run_tool(caller, tools, "diff_traces", {"left": f"T{trace_id}", "right": "T9"})) <= 1_700
    assert count_tokens(run_tool(caller, tools, "summarize_failures", {})) <= 1_200
