"""How many tokens an assistant spends: definitions, and each answer on real runs beside the run as raw JSON.

Run: `python benchmarks/tokens.py [RUNS]` (needs the shared data). Tokens are characters divided by four. The raw column
is the whole run as `retrospan trace show --full --json` prints it, about what servers give that return spans.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from datasets import DATA, Case, agentrx_tau, tau_airline, who_and_when_hc
from retrospan.answers.json.values import step_json
from retrospan.mcp_server.registry import Caller, Tool, load_tools, run_tool
from retrospan.model.text.budget import count_tokens
from retrospan.services.receiving.importing import import_paths
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace


def main(runs: int = 25) -> None:
    """Import some runs of each set and print one line for each answer."""
    tools = load_tools()
    whole = sum(
        len(json.dumps([t.name, t.title, t.description, t.schema], separators=(",", ":"))) for t in tools.values()
    )
    print(f"definitions: {len(tools)} tools, {whole / 4:.0f} tokens")
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "store.db") as store:
        for name, cases in (("airline", tau_airline()), ("who&when", who_and_when_hc()), ("retail", agentrx_tau())):
            _report(store, tools, name, _imported(store, Path(folder), cases[:runs]))
        _report(store, tools, "otlp captures", _captures(store))


def _imported(store: Store, folder: Path, cases: Sequence[Case]) -> list[int]:
    path = folder / "runs.jsonl"
    path.write_text("\n".join(json.dumps(case.record | {"outcome": case.outcome}) for case in cases))
    return import_paths(store, [path]).trace_ids


def _captures(store: Store) -> list[int]:
    folders = [path for path in sorted((DATA / "otlp").iterdir()) if "-" in path.name]
    return import_paths(store, folders).trace_ids


def _report(store: Store, tools: dict[str, Tool], name: str, traces: Sequence[int]) -> None:
    caller = Caller(store)
    print(f"\n{name}: {len(traces)} runs, median and largest")
    _line("raw JSON", (_raw(store, trace) for trace in traces))
    for label, tool, arguments in (
        ("outline", "get_trace", {}),
        ("outline, budget 400", "get_trace", {"budget": 400}),
        ("all steps, first page", "get_trace", {"steps": "0-"}),
        ("suspects", "open_case", {}),
    ):
        answers = (run_tool(caller, tools, tool, {"trace": f"T{trace}", **arguments}) for trace in traces)
        _line(label, (count_tokens(text) for text in answers))
    diffs = (run_tool(caller, tools, "diff_traces", {"left": f"T{a}", "right": f"T{b}"}) for a, b in pairwise(traces))
    _line("diff", (count_tokens(text) for text in diffs))
    queries = ("", "refund", "error", "order payment", "page")
    _line("search, ten hits", (count_tokens(run_tool(caller, tools, "search_traces", {"query": q})) for q in queries))


def _raw(store: Store, trace_id: int) -> int:
    trace = get_trace(store, trace_id)
    return count_tokens(json.dumps([step_json(trace.summary, step, full=True) for step in trace.steps]))


def _line(label: str, counts: Iterable[int]) -> None:
    found = sorted(counts)
    print(f"  {label:<24} {median(found):>9.0f} {found[-1]:>9}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
