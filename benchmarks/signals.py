"""How often is each signal right? Precision and recall on labelled runs, steps, summaries and answers.

Run: `.venv/bin/python benchmarks/signals.py [--json]`. No label reaches a run. Beside each precision stands the base
rate, which is the precision of a signal that speaks at random, with Fisher's exact p (one-sided) against it.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import datasets
from intervals import rate
from retrospan.analysis.reading import Role, read
from retrospan.analysis.signals.registry import signals_of
from retrospan.model.findings import Signal
from retrospan.model.traces import Trace
from runs import trace_of
from support_agent import runs_of
from trail import marked_traces

_SEEDS = range(1, 20, 2)


@dataclass(frozen=True)
class Unit:
    """One labelled run or step, with the names of the signals that it shows."""

    bad: bool
    shown: frozenset[str]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = options.parse_args()
    result = {name: score(list(units)) for name, units in sets()}
    print(json.dumps(result, indent=1) if chosen.json else _table(result))


def sets() -> Iterator[tuple[str, Iterator[Unit]]]:
    yield "tau airline, failing runs", _runs(datasets.tau_airline())
    yield "tau retail, failing runs", _runs(datasets.tau_retail())
    yield "example agent (odd seeds), failing runs", _example()
    yield "AgentProcessBench, bad steps", _steps()
    yield "TRAIL, marked steps", _marked()
    yield "FaithBench, unwanted summaries", _faithbench()
    yield "HaluEval, hallucinated answers", _halueval()
    yield "BIG-Bench Mistake arithmetic, first wrong steps", _arithmetic()


def _runs(cases: Sequence[datasets.Case]) -> Iterator[Unit]:
    for case in cases:
        yield Unit(case.outcome == "fail", _names(trace_of(case, strip=True)))


def _example() -> Iterator[Unit]:
    for seed in _SEEDS:
        for run in runs_of(seed):
            yield Unit(run.cause is not None, _names(run.trace))


def _steps() -> Iterator[Unit]:
    """A signal about a result is charged to the step that asked for it, as the labels are of the agent's turns."""
    for case in datasets.agent_process_bench():
        trace = trace_of(case)
        reading = read(trace)
        asked = {act.done: act.step for act in reading.acts if act.done is not None}
        shown: dict[int, set[str]] = defaultdict(set)
        for signal in _found(trace):
            if signal.step is not None:
                shown[asked.get(signal.step, signal.step)].add(_name(signal.signal, signal.failure))
        for view in reading.decisions:
            label = case.extra["labels"].get(view.index)
            if label is not None and view.role is Role.DECISION:
                yield Unit(label < 0, frozenset(shown[view.index]))


def _marked() -> Iterator[Unit]:
    """A finding at a tool's result is charged to the model call that asked for it; either span may be marked."""
    for marked in (*marked_traces("gaia"), *marked_traces("swe_bench")):
        reading = read(marked.trace)
        asked = {act.done: act.step for act in reading.acts if act.done is not None}
        shown: dict[int, set[str]] = defaultdict(set)
        bad: dict[int, bool] = defaultdict(bool)
        for view in reading.views:
            bad[asked.get(view.index, view.index)] |= view.step.span_id in marked.gold
        for signal in _found(marked.trace):
            if signal.step is not None:
                shown[asked.get(signal.step, signal.step)].add(_name(signal.signal, signal.failure))
        for view in reading.decisions:
            yield Unit(bad[view.index], frozenset(shown[view.index]))


def _faithbench() -> Iterator[Unit]:
    """The source is a retrieved text, the summary the answer; bad where some person marked a span as unwanted."""
    for path in sorted((datasets.DATA / "faithbench").glob("*.json")):
        for sample in datasets.load(path)["samples"]:
            bad = any("Unwanted" in note["label"] for note in sample["annotations"])
            yield Unit(bad, _names(_answered("Summarize the document.", sample["source"], sample["summary"])))


def _halueval() -> Iterator[Unit]:
    """Answers of a chat without any source."""
    text = lzma.decompress((datasets.DATA / "halueval_general" / "general_data.json.xz").read_bytes()).decode()
    for line in filter(None, text.splitlines()):
        item = json.loads(line)
        messages = [
            {"role": "user", "content": item["user_query"]},
            {"role": "assistant", "content": item["chatgpt_response"]},
        ]
        shown = _names(trace_of(datasets.Case("chat", {"id": "chat", "messages": messages})))
        yield Unit(item["hallucination"] == "yes", shown)


def _arithmetic() -> Iterator[Unit]:
    """Steps of written-out calculations, up to the first that people called wrong."""
    text = (datasets.DATA / "big_bench_mistake" / "multistep_arithmetic.jsonl").read_text()
    for number, item in enumerate(map(json.loads, filter(None, text.splitlines()))):
        messages = [{"role": "assistant", "content": step} for step in item["steps"]]
        record = {"id": f"BB/{number}", "messages": [{"role": "user", "content": item["input"]}, *messages]}
        shown: dict[int, set[str]] = defaultdict(set)
        for signal in _found(trace_of(datasets.Case(f"BB/{number}", record))):
            if signal.step is not None:
                shown[signal.step].add(_name(signal.signal, signal.failure))
        wrong = item["mistake_index"]
        for step in range(len(messages) if wrong is None else wrong + 1):
            yield Unit(step == wrong, frozenset(shown[step + 1]))


def _answered(asked: str, source: str, answer: str) -> Trace:
    call = {"id": "c", "name": "get_document", "arguments": {}}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": source},
        {"role": "assistant", "content": answer},
    ]
    return trace_of(datasets.Case("answer", {"id": "answer", "messages": messages}))


def _names(trace: Trace) -> frozenset[str]:
    return frozenset(_name(signal.signal, signal.failure) for signal in _found(trace))


def _found(trace: Trace) -> tuple[Signal, ...]:
    """As the signals are written: what was measured before does not decide what is measured now."""
    return signals_of(read(trace), as_written=True)


def _name(signal: str, failure: bool) -> str:
    return signal if failure else f"{signal} (notable)"


def score(units: Sequence[Unit]) -> dict[str, Any]:
    """Per signal: how often it spoke, how often rightly, and how much of what is bad it found."""
    bad = [unit for unit in units if unit.bad]
    good = [unit for unit in units if not unit.bad]
    rows = {}
    for name in sorted({name for unit in units for name in unit.shown}):
        rows[name] = _row(name in u.shown for u in units) | _quality([name in u.shown for u in units], units)
    any_failure = [any("notable" not in name for name in unit.shown) for unit in units]
    return {
        "n": len(units),
        "base rate": str(rate([unit.bad for unit in units])),
        "any failure signal": _quality(any_failure, units),
        "failure signals per good one": round(_failures(good) / max(1, len(good)), 2),
        "failure signals per bad one": round(_failures(bad) / max(1, len(bad)), 2),
        "signals": rows,
    }


def _row(shown: Iterator[bool]) -> dict[str, Any]:
    return {"spoke": sum(shown)}


def _quality(shown: Sequence[bool], units: Sequence[Unit]) -> dict[str, Any]:
    spoke = [unit.bad for unit, there in zip(units, shown, strict=True) if there]
    found = [there for unit, there in zip(units, shown, strict=True) if unit.bad]
    p = _chance(sum(spoke), len(spoke), len(found), len(units))
    return {"precision": str(rate(spoke)), "recall": str(rate(found)), "p": round(p, 4)}


def _failures(units: Sequence[Unit]) -> int:
    return sum("notable" not in name for unit in units for name in unit.shown)


def _chance(right: int, spoke: int, bad: int, n: int) -> float:
    """Fisher's exact test, one-sided: as many right by chance?"""
    total = comb(n, spoke)
    return sum(comb(bad, k) * comb(n - bad, spoke - k) for k in range(right, min(spoke, bad) + 1)) / total


def _table(result: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, found in result.items():
        lines.append(f"\n{name}: n = {found['n']}, base rate {found['base rate']}")
        lines.append(
            f"  failure signals: {found['failure signals per bad one']} a bad one, "
            f"{found['failure signals per good one']} a good one"
        )
        for signal, row in {"any failure signal": found["any failure signal"], **found["signals"]}.items():
            lines.append(f"  {signal:32} precision {row['precision']}  recall {row['recall']}  p = {row['p']}")
    lines.append("\nAgentRewardBench has labels of loops but no trajectories here: nothing to measure on.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
