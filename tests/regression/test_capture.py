"""Spans read in-process: a target that returns only text still tells its tool calls."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from retrospan.store.experiments.runs import newest_runs
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_summaries

AGENT = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
tracer = trace.get_tracer("agent")

def run(text):
    with tracer.start_as_current_span("invoke_agent a", attributes={"gen_ai.operation.name": "invoke_agent"}):
        with tracer.start_as_current_span("chat m", attributes={"gen_ai.operation.name": "chat"}):
            tokens = {"gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 2}
            trace.get_current_span().set_attributes(tokens)
        if "order" in text:
            attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup_order",
                          "gen_ai.tool.call.arguments": json.dumps({"order_id": "A-1002"}),
                          "gen_ai.tool.call.result": json.dumps({"days": 30})}
            with tracer.start_as_current_span("execute_tool lookup_order", attributes=attributes):
                pass
    return "30 days"
"""
RUN = """
import json, sys
import agent
from retrospan.regression.target import call_target
from retrospan.model.cases import parse_case

def told(target, text):
    run = call_target(target, parse_case("{id: a, title: A, input: %s, checks: [{check: grounded}]}" % text))
    calls = run.tool_calls and [[c.name, c.arguments, c.result, c.is_error] for c in run.tool_calls]
    return [run.output, calls, run.steps]

print(json.dumps({
    "calls": told(agent.run, "my order"),
    "no calls": told(agent.run, "hello"),
    "own report": told(lambda text: {"output": agent.run(text), "tool_calls": [], "steps": 9}, "my order"),
    "no spans": told(lambda text: "hi", "hello"),
    "heavy": sorted({"sqlalchemy", "numpy", "textual", "mcp", "anthropic"} & set(sys.modules)),
}))
"""


def run_agent(folder: Path) -> dict[str, Any]:
    """Run in a process of its own: a global tracer provider is set once a process."""
    (folder / "agent.py").write_text(textwrap.dedent(AGENT))
    done = subprocess.run([sys.executable, "-c", RUN], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_tool_calls_come_from_the_spans_where_the_target_reports_none(tmp_path: Path) -> None:
    assert run_agent(tmp_path) == {
        "calls": ["30 days", [["lookup_order", {"order_id": "A-1002"}, {"days": 30}, False]], 2],
        "no calls": ["30 days", [], 1],
        "own report": ["30 days", [], 9],
        "no spans": ["hi", None, None],
        "heavy": [],
    }


CASE = """
id: window
title: Window
status: active
input: my order
checks: [{check: tool_called, tool: lookup_order}]
"""


@pytest.mark.parametrize("by", ["case run", "pytest"])
def test_a_run_in_this_process_keeps_its_trace_with_tokens_and_model(tmp_path: Path, by: str) -> None:
    (tmp_path / "agent.py").write_text(textwrap.dedent(AGENT))
    (tmp_path / "retrospan.toml").write_text('target = "agent:run"\nunsigned_cases = "run"\n')
    (tmp_path / ".retrospan" / "cases").mkdir(parents=True)
    (tmp_path / ".retrospan" / "cases" / "window.yaml").write_text(CASE)
    location = tmp_path / "kept.db"
    open_store(location).close()
    command = {
        "case run": ["-m", "retrospan.cli", "case", "run", "--repeats", "2", "--store", str(location)],
        "pytest": ["-c", "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))", "--retrospan-repeats", "2",
                   "--retrospan-store", str(location), "-p", "no:cacheprovider", ".retrospan/cases"],
    }[by]  # fmt: skip
    done = subprocess.run([sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with open_store(location) as store:
        runs = newest_runs(store, ["window"])
        traces = get_summaries(store, [run.measure.trace_id or 0 for run in runs])
    assert [(run.measure.input_tokens, run.measure.output_tokens, run.measure.model) for run in runs] == [
        (7, 2, "m")
    ] * 2
    assert [(trace.environment, trace.task, trace.step_count) for trace in traces] == [("regression", "window", 3)] * 2
