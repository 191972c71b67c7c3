"""How often do suspects name the step that people named? Run: `.venv/bin/python benchmarks/localisation.py [--json]`.

Each number stands with n, a 95 % interval and the best trivial ranking on the same runs, paired. Nothing here is held
out: sources were written, and weights set by hand, after the labels of all these runs had been read. The halves show
spread between tasks, not generalisation; `benchmarks/learning.py` leaves tasks and whole data sets out.
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
import baselines
import datasets
import trail
from datasets import Case
from intervals import auroc, bootstrap, mcnemar, rate
from rapidfuzz import fuzz
from retrospan.analysis import suspects as method
from retrospan.analysis.alignment import diff_traces
from retrospan.analysis.shapes import changed_paths
from retrospan.analysis.signals.registry import find_signals
from retrospan.model.findings import SuspectReport
from retrospan.model.traces import Trace
from runs import half_of, trace_of

Ranking = Callable[[Trace], list[int]]
_NEAREST = 4
_CURVE = (1, 2, 3, 4, 5, 7, 10)
"""Steps shown, for the share of runs in which a right one is among them."""


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
    options.add_argument("--no-ablation", action="store_true", help="skip the runs without each source")
    options.add_argument("--only", default="", metavar="TEXT", help="only the data sets whose name holds TEXT")
    chosen = options.parse_args()
    started = time.process_time()
    sets = [bench for bench in benches(chosen.strip) if chosen.only in bench.name]
    result: dict[str, Any] = {"strip": chosen.strip, "localisation": {}, "ablation": {}}
    for bench in sets:
        result["localisation"][bench.name] = _localise(bench)
    result["paths"] = {bench.name: _wrong_paths(bench) for bench in sets if bench.siblings}
    both = [bench for bench in sets if accusing.has_both(bench.cases)]
    result["enough_evidence"] = {bench.name: accusing.measure(bench.cases) for bench in both}
    tau = [bench for bench in both if bench.siblings]
    for ours, theirs in ((ours, theirs) for ours in tau for theirs in tau if ours is not theirs):
        found = accusing.crossed(theirs.cases, ours.cases)
        result["enough_evidence"][ours.name][f"threshold chosen on {theirs.name}"] = found
    result["bad_steps"] = {bench.name: _bad_steps(bench) for bench in sets if "AgentProcessBench" in bench.name}
    result["trail"] = {part: _trail(part) for part in ("gaia", "swe_bench") if chosen.only in f"TRAIL {part}"}
    if not chosen.no_ablation:
        result["ablation"] = _ablation(sets)
    result["cpu_seconds"] = round(time.process_time() - started, 1)
    print(json.dumps(result, indent=1) if chosen.json else _table(result))


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


def _localise(bench: Bench) -> dict[str, Any]:
    rankings = {case.id: [item.step for item in bench.report(case).suspects] for case in bench.labelled}
    found: dict[str, Any] = {"n": len(bench.labelled)}
    for half in ("all", "tune", "report"):
        cases = [case for case in bench.labelled if half in ("all", half_of(case))]
        found[half] = {f"hit@{k}": _rate(_hits(cases, rankings, k)) for k in (1, 3)}
        if half == "all":
            found[half]["agent"] = _rate([_agent_hit(bench, case, rankings[case.id]) for case in cases if case.agents])
    found["curve"] = {k: round(rate(_hits(bench.labelled, rankings, k)).percent, 1) for k in _CURVE}
    found["steps a run"] = round(
        sum(len(bench.traces[c.id].steps) for c in bench.labelled) / max(1, len(bench.labelled))
    )
    found["baselines"] = _baselines(bench, rankings)
    return found


def _hits(cases: Sequence[Case], rankings: Mapping[str, list[int]], k: int) -> list[bool]:
    return [any(step in case.steps for step in rankings[case.id][:k]) for case in cases]


def _agent_hit(bench: Bench, case: Case, ranking: list[int]) -> bool:
    wanted = {agent.lower() for agent in case.agents}
    return bool(ranking) and baselines.agent_of(bench.traces[case.id], ranking[0]) in wanted


def _baselines(bench: Bench, rankings: Mapping[str, list[int]]) -> dict[str, Any]:
    rules = dict(baselines.ALL)
    if "AG" in bench.name:
        rules["layout shortcut: first code block"] = baselines.code_block
    found: dict[str, Any] = {}
    for k in (1, 3):
        ours = _hits(bench.labelled, rankings, k)
        scored = {}
        for name, rule in rules.items():
            theirs = {case.id: rule(bench.traces[case.id]) for case in bench.labelled}
            scored[name] = _hits(bench.labelled, theirs, k)
        best = max(scored, key=lambda name: sum(scored[name]))
        wins, losses, p = mcnemar(ours, scored[best])
        found[f"hit@{k}"] = {"best": best, **_rate(scored[best]), "wins": wins, "losses": losses, "p": round(p, 3)}
    return found


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


def _bad_steps(bench: Bench) -> dict[str, Any]:
    """Every labelled step of every run: are the accused ones the bad ones? Beside rules that read nothing."""
    scores: dict[tuple[str, int], float] = {}
    pickers: dict[str, set[tuple[str, int]]] = defaultdict(set)
    bad: set[tuple[str, int]] = set()
    for case in bench.cases:
        report, labels = bench.report(case), case.extra["labels"]
        steps = sorted(labels)
        bad |= {(case.id, step) for step in case.extra["bad"]}
        scores |= {(case.id, step): 0.0 for step in steps}
        ranked = [item for item in report.suspects if item.step in labels]
        scores |= {(case.id, item.step): item.score for item in ranked}
        for k in (1, 3):
            pickers[f"top {k} suspects"] |= {(case.id, item.step) for item in ranked[:k]}
            pickers[f"top {k} suspects, where evidence is enough"] |= {
                (case.id, item.step) for item in ranked[:k] if report.enough_evidence
            }
        pickers["all steps"] |= {(case.id, step) for step in steps}
        pickers["last step"] |= {(case.id, steps[-1])}
        pickers["all but the first step"] |= {(case.id, step) for step in steps[1:]}
    places = {key: float(key[1]) for key in scores}
    return {
        "n": len(scores),
        "bad": len(bad),
        "auroc of the score": _auroc_of(scores, bad),
        "auroc of the place": _auroc_of(places, bad),
        **{name: _precision_recall(found, bad) for name, found in pickers.items()},
    }


def _auroc_of(scores: Mapping[tuple[str, int], float], bad: set[tuple[str, int]]) -> dict[str, Any]:
    """With a 95 % interval over resampled runs."""
    runs = sorted({key[0] for key in scores})
    by_run: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for key, score in scores.items():
        by_run[key[0]].append((key in bad, score))

    def over(sample: Sequence[str]) -> float:
        items = [item for run in sample for item in by_run[run]]
        return auroc([score for is_bad, score in items if is_bad], [score for is_bad, score in items if not is_bad])

    low, high = bootstrap(runs, over, 200)
    return {"value": round(over(runs), 3), "interval": [round(low, 2), round(high, 2)]}


def _precision_recall(found: set[tuple[str, int]], bad: set[tuple[str, int]]) -> dict[str, Any]:
    right = len(found & bad)
    precision, recall = right / max(1, len(found)), right / max(1, len(bad))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {
        "precision": _rate([key in bad for key in found]),
        "recall": _rate([key in found for key in bad]),
        "f1": round(100 * f1, 1),
    }


def _trail(part: str) -> dict[str, Any]:
    marked = list(trail.marked_traces(part))
    ranked, seen = {}, {}
    without_prior = {name: pair for name, pair in method.SOURCES.items() if name != "course"}
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


def _ablation(benches: Sequence[Bench]) -> dict[str, Any]:
    """hit@1 and hit@3 without each source, from the same clues."""
    found: dict[str, Any] = defaultdict(dict)
    for bench in benches:
        for left_out in ("nothing", *method.SOURCES):
            kept = {name: pair for name, pair in method.SOURCES.items() if name != left_out}
            rankings = {case.id: _ranked(bench, case, kept) for case in bench.labelled}
            hits = [_hits(bench.labelled, rankings, k) for k in (1, 3)]
            found[bench.name][left_out] = [round(rate(found_k).percent, 1) for found_k in hits]
    return dict(found)


def _ranked(bench: Bench, case: Case, kept: Mapping[str, tuple[method.Source, float]]) -> list[int]:
    report = method.find_suspects(bench.traces[case.id], bench.signals[case.id], bench.alike(case), sources=kept)
    return [item.step for item in report.suspects]


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
    for name, found in result["localisation"].items():
        lines.append(f"\n{name} (n = {found['n']})")
        for half in ("all", "tune", "report"):
            lines += [f"  {half:6} {key:6} {_shown(value)}" for key, value in found[half].items()]
        shown = ", ".join(f"{k}: {percent}" for k, percent in found["curve"].items())
        lines.append(
            f"  right among the first k suspects, in percent (runs have {found['steps a run']} steps): {shown}"
        )
        for key, value in found["baselines"].items():
            paired = f"only ours {value['wins']}, only theirs {value['losses']}, p = {value['p']}"
            lines.append(f"  best trivial {key}: {value['best']} {_shown(value)}; {paired}")
    for name, found in result["paths"].items():
        lines.append(f"\npaths: {name}")
        lines += [f"  {key}: {_shown(value)}" for key, value in found.items()]
    for name, found in result["enough_evidence"].items():
        lines.append(f"\nenough evidence: {name}")
        for condition, value in found.items():
            shown = "; ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else value
            lines.append(f"  {condition}: {shown}")
    for name, found in result["bad_steps"].items():
        lines.append(f"\nbad steps: {name} (n = {found['n']}, {found['bad']} bad)")
        lines += [f"  {key}: {_shown_row(value)}" for key, value in found.items() if isinstance(value, dict)]
    for part, found in result["trail"].items():
        lines.append(f"\nTRAIL {part} (n = {found['n']})")
        for name, row in found.items():
            if isinstance(row, dict):
                f1 = f"F1 {row['f1']} {row['f1_interval']}"
                lines.append(f"  {name:32} P {row['precision']} R {row['recall']} {f1} ({row['spans']} spans)")
    for name, found in result["ablation"].items():
        lines.append(f"\nwithout each source, hit@1 hit@3: {name}")
        lines += [f"  {left_out:10} {values[0]:5.1f} {values[1]:5.1f}" for left_out, values in found.items()]
    return "\n".join(lines)


def _shown_row(row: Mapping[str, Any]) -> str:
    if "f1" in row:
        return f"P {_shown(row['precision'])} R {_shown(row['recall'])} F1 {row['f1']}"
    return f"{row['value']} {row['interval']}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"{value['percent']:5.1f} % {value['interval']} ({value['hits']}/{value['n']})"
    return str(value)


if __name__ == "__main__":
    main()
