"""How often do suspects name the step that people named? Run: `.venv/bin/python benchmarks/localisation.py [--json]`.

The table says what carries over: sources and weights are chosen on the other data sets and reported on the one left
out, beside a constant step chosen the same way and the first worker. The shipped ranking on the same runs is a fit,
and is called one: its sources were written and its weights set after these labels had been read.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import accusing
import datasets
import left_out
import trail
from datasets import Case
from intervals import bootstrap, rate
from rapidfuzz import fuzz
from retrospan.analysis import suspects as method
from retrospan.analysis.alignment import diff_traces
from retrospan.analysis.evidence.inquiry import inquire
from retrospan.analysis.shapes import changed_paths
from retrospan.analysis.signals.registry import find_signals
from retrospan.model.findings import SuspectReport
from retrospan.model.traces import Trace
from runs import trace_of

Ranking = Callable[[Trace], list[int]]
_NEAREST = 4


@dataclass
class Bench:
    """The runs of one data set, read once, with their alike runs."""

    name: str
    cases: list[Case]
    siblings: bool
    strip: bool

    def __post_init__(self) -> None:
        self.traces = {case.id: trace_of(case, strip=self.strip) for case in self.cases}
        self.signals = {key: find_signals(trace) for key, trace in self.traces.items()}
        self.labelled = [case for case in self.cases if case.steps and case.outcome == "fail"]

    def alike(self, case: Case) -> list[Trace]:
        """Other runs of the task; with labels stripped, the nearest by their first request."""
        if not self.siblings:
            return []
        if not self.strip:
            return [self.traces[other.id] for other in self.cases if other.group == case.group and other is not case]
        wanted = self.traces[case.id].summary.input
        others = [self.traces[other.id] for other in self.cases if other is not case]
        others.sort(key=lambda trace: -fuzz.token_set_ratio(wanted, trace.summary.input))
        return others[:_NEAREST]

    def report(self, case: Case) -> SuspectReport:
        return method.find_suspects(self.traces[case.id], self.signals[case.id], self.alike(case))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    options.add_argument("--strip", action="store_true", help="leave out task, outcome and version")
    options.add_argument("--only", default="", metavar="TEXT", help="only the data sets whose name holds TEXT")
    chosen = options.parse_args()
    started = time.process_time()
    every = benches(chosen.strip)
    sets = {bench.name: labelled(bench) for bench in every}
    shown = [bench for bench in every if chosen.only in bench.name]
    result: dict[str, Any] = {"strip": chosen.strip, "cpu_seconds": 0.0}
    result["left_out"] = {bench.name: left_out.left_out(bench.name, sets) for bench in shown}
    result["basis"] = {bench.name: _by_basis(bench) for bench in shown}
    result["paths"] = {bench.name: _wrong_paths(bench) for bench in shown if bench.siblings}
    both = [bench for bench in shown if accusing.has_both(bench.cases)]
    result["enough_evidence"] = {bench.name: accusing.measure(bench.cases) for bench in both}
    if chosen.only in accusing.FIELD:
        result["enough_evidence"][accusing.FIELD] = accusing.field()
    result["trail"] = {part: _trail(part) for part in ("gaia", "swe_bench") if chosen.only in f"TRAIL {part}"}
    result["cpu_seconds"] = round(time.process_time() - started, 1)
    print(json.dumps(result, indent=1) if chosen.json else _table(result))


def labelled(bench: Bench) -> list[left_out.Labelled]:
    """The labelled runs of a data set with what each source says."""
    return [
        left_out.labelled(
            inquire(bench.traces[case.id], bench.signals[case.id], bench.alike(case)),
            bench.traces[case.id],
            f"{bench.name}/{case.group}",
            case.steps,
        )
        for case in bench.labelled
    ]


def benches(strip: bool) -> list[Bench]:
    """The labelled data sets; tau runs have siblings."""
    hc = datasets.who_and_when_hc()
    return [
        Bench("Who&When HC, both teams labelled", [case for case in hc if len(case.steps) == 2], False, strip),
        Bench("Who&When HC, all", hc, False, strip),
        Bench("AgentRx-tau", datasets.agentrx_tau(), False, strip),
        Bench("AgentRx-Magentic", datasets.agentrx_magentic(), False, strip),
        Bench("AgentErrorBench GAIA", datasets.agent_error_bench(), False, strip),
        Bench("Who&When AG (has a layout shortcut)", datasets.who_and_when_ag(), False, strip),
        Bench("TracerTraj code (faults mostly injected)", datasets.tracertraj(), False, strip),
        Bench("AgentProcessBench, first bad step", datasets.agent_process_bench(), False, strip),
        Bench("tau airline", datasets.tau_airline(), True, strip),
        Bench("tau retail", datasets.tau_retail(), True, strip),
    ]


def _by_basis(bench: Bench) -> dict[str, Any]:
    """How often the first suspect is right, by what it rests on (a fit), and how often a step may be named."""
    firsts: dict[str, list[bool]] = defaultdict(list)
    enough = []
    for case in bench.labelled:
        report = bench.report(case)
        enough.append(report.enough_evidence)
        if report.suspects:
            firsts[report.suspects[0].basis.value].append(report.suspects[0].step in case.steps)
    return {**{name: _rate(hits) for name, hits in sorted(firsts.items())}, "enough evidence": _rate(enough)}


def _wrong_paths(bench: Bench) -> dict[str, Any]:
    """Is the first difference to a passing run of the task the argument, or the call, that was wrong?"""
    arguments: list[bool] = []
    extra: list[bool] = []
    passing: dict[str, list[Case]] = defaultdict(list)
    for case in bench.cases:
        if case.outcome == "pass":
            passing[case.group].append(case)
    for case in bench.labelled:
        step, name, given = case.extra["wrong"]
        gold = [value for tool, value in case.extra["gold"] if tool == name]
        wrong = min((_paths(given, value) for value in gold), key=len, default=set())
        if gold and not wrong:
            continue
        for good in passing[case.group]:
            top = diff_traces(bench.traces[case.id], bench.traces[good.id]).differences[0]
            there = top.left in (step, step + 1)
            if wrong:
                arguments.append(there and top.path in wrong)
            else:
                extra.append(there and top.kind == "only_left")
    return {"wrong argument at rank 1 (pairs)": _rate(arguments), "needless call at rank 1 (pairs)": _rate(extra)}


def _paths(given: Any, wanted: Any) -> set[str]:
    return {path for path, _, _ in changed_paths(given, wanted, "arguments")}


def _trail(part: str) -> dict[str, Any]:
    marked = list(trail.marked_traces(part))
    ranked, seen = {}, {}
    without_prior = {name: pair for name, pair in method.SOURCES.items() if name != "position"}
    for item in marked:
        signals = find_signals(item.trace)
        ranked[item.id] = [suspect.step for suspect in method.find_suspects(item.trace, signals).suspects]
        cut = method.find_suspects(item.trace, signals, sources=without_prior)
        seen[item.id] = [suspect.step for suspect in cut.suspects]
    rows: dict[str, Any] = {}
    pickers: dict[str, Callable[[trail.Marked], list[int]]] = {
        f"top {k} suspects": lambda item, k=k: ranked[item.id][:k]  # type: ignore[misc]
        for k in (1, 3, 5, 10)
    }
    pickers["suspects, cut where evidence ends"] = lambda item: seen[item.id]
    pickers["all model spans"] = lambda item: trail.all_model_spans(item.trace)
    pickers["model spans after the first two"] = lambda item: trail.after_first_two(item.trace)
    for name, pick in pickers.items():
        picked = [(item, pick(item)) for item in marked]
        precision, recall, f1, spans = trail.precision_recall(picked)
        low, high = bootstrap(picked, lambda sample: trail.precision_recall(sample)[2])
        rows[name] = {
            "precision": round(precision, 1),
            "recall": round(recall, 1),
            "f1": round(f1, 1),
            "f1_interval": [round(low, 1), round(high, 1)],
            "spans": round(spans, 1),
        }
    return {"n": len(marked), **rows}


def _rate(hits: Sequence[bool]) -> dict[str, Any]:
    found = rate(hits)
    return {
        "percent": round(found.percent, 1),
        "interval": [round(found.low), round(found.high)],
        "hits": found.hits,
        "n": found.n,
    }


def _table(result: Mapping[str, Any]) -> str:
    lines = [f"labels {'stripped' if result['strip'] else 'as given'}; {result['cpu_seconds']} CPU s"]
    lines.append("\nchosen on the other data sets, reported on the one left out")
    for name, row in result["left_out"].items():
        lines.append(f"\n{name} (n = {row['n']}); sources {', '.join(row['sources'])}; constant {row['constant']}")
        lines += [f"  hit@{k} {key:24} {value}" for k in (1, 3) for key, value in row[f"hit@{k}"].items()]
    lines.append("\nfirst suspect right, by what it rests on (a fit)")
    for name, row in result["basis"].items():
        lines += [f"  {name}: {basis} {_shown(value)}" for basis, value in row.items()]
    for name, found in result["paths"].items():
        lines.append(f"\npaths: {name}")
        lines += [f"  {key}: {_shown(value)}" for key, value in found.items()]
    for name, found in result["enough_evidence"].items():
        lines.append(f"\nenough evidence: {name}")
        for condition, value in found.items():
            shown = "; ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else value
            lines.append(f"  {condition}: {shown}")
    for part, found in result["trail"].items():
        lines.append(f"\nTRAIL {part} (n = {found['n']})")
        for name, row in found.items():
            if isinstance(row, dict):
                f1 = f"F1 {row['f1']} {row['f1_interval']}"
                lines.append(f"  {name:32} P {row['precision']} R {row['recall']} {f1} ({row['spans']} spans)")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['percent']:5.1f} % {value['interval']} ({value['hits']}/{value['n']})"
    return str(value)


if __name__ == "__main__":
    main()
