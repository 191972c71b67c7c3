"""Do failure modes separate known causes? Adjusted Rand index and purity beside one cluster per signal.

`python benchmarks/modes.py` prints the numbers of the section "Failure modes" in benchmarks/README.md.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any, cast

import datasets
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from retrospan.analysis.modes.clustering import Clustering
from retrospan.analysis.modes.features import Background, Features, features_of
from retrospan.analysis.modes.suspicion import suspicion_of
from retrospan.analysis.modes.symptoms import symptom_of
from retrospan.analysis.reading import read
from retrospan.analysis.signals.registry import signals_of
from retrospan.examples.support_agent.app import run_workload
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Outcome, Span, Trace
from runs import trace_of

_CHUNK = 40
"""Runs that arrive together, as in one import or one background turn."""
TUNED_ON, REPORTED_ON = range(7, 11), range(21, 31)
"""Seeds of the example agent."""


@dataclass(frozen=True)
class Labelled:
    """One run, and the cause that somebody else knows; None where it went well."""

    trace: Trace
    cause: str | None
    group: str = ""
    """Its task, where other runs of the task are its siblings."""


def support_agent(seeds: Sequence[int]) -> list[Labelled]:
    """Runs of both versions of the example agent with the causes that the shop's rules tell."""
    judge = _judge()
    runs: list[Labelled] = []
    for version in ("v1", "v2"):
        for seed in seeds:
            exporter = InMemorySpanExporter()
            handled = list(run_workload(version, seed=seed, exporter=exporter))
            spans = exporter.get_finished_spans()
            by_trace: dict[str, list[Span]] = defaultdict(list)
            body = encode_spans(spans).SerializeToString()
            for span in to_batch(decode_traces(body, "application/x-protobuf")).spans:
                by_trace[span.trace_key].append(span)
            roots = [format(span.context.trace_id, "032x") for span in spans if span.parent is None]
            runs += [Labelled(assemble(by_trace[k]), judge(done)) for k, done in zip(roots, handled, strict=True)]
    return runs


def _judge() -> Callable[[Any], str | None]:
    path = Path(__file__).resolve().parents[1] / "tests" / "examples" / "test_support_agent.py"
    spec = importlib.util.spec_from_file_location("support_agent_rules", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(Callable[[Any], str | None], module.expected_behaviour)


def agentrx() -> list[Labelled]:
    """Failing runs with the category of their root cause."""
    runs = []
    parts = (
        (datasets.agentrx_tau(), "agentrx_tau/ground_truth/tau_ground_truth.json"),
        (datasets.agentrx_magentic(), "agentrx_magentic/ground_truth/magentic_one_ground_truth.json"),
    )
    for cases, path in parts:
        labels = {str(label["trajectory_id"]): label for label in datasets.load(datasets.DATA / path)}
        for case in cases:
            label = labels[case.id.partition("/")[2]]
            wanted = str(label["root_cause"]["failure_id"])
            cause = next(f["failure_category"] for f in label["failures"] if str(f["failure_id"]) == wanted)
            runs.append(Labelled(trace_of(case), str(cause).lower()))
    return runs


def tau(cases: Sequence[datasets.Case]) -> list[Labelled]:
    """Runs of one shop; failing ones with what they did to its data that the gold actions do not, or left undone.

    Failing runs that did all of that rightly (they answered wrongly) are left out: the gold actions do not say how.
    """
    runs = []
    for case in cases:
        cause = None
        if case.outcome == "fail":
            cause = _deviation(case)
            if cause is None:
                continue
        runs.append(Labelled(trace_of(case), cause, case.group))
    return runs


def _deviation(case: datasets.Case) -> str | None:
    gold: list[tuple[str, Any]] = case.extra["gold"]
    if case.extra["wrong"] is None:
        done = {(name, json.dumps(given, sort_keys=True)) for name, given in case.extra["writes"]}
        missing = [
            name
            for name, given in gold
            if name in datasets.WRITES and (name, json.dumps(given, sort_keys=True)) not in done
        ]
        return f"missing {missing[0]}" if missing else None
    _, name, given = case.extra["wrong"]
    wanted = [value for tool, value in gold if tool == name]
    if not wanted or not isinstance(given, dict):
        return f"needless {name}"
    differing = [{k for k in {*given, *value} if given.get(k) != value.get(k)} for value in wanted]
    closest = min(differing, key=lambda keys: len(keys))
    return f"argument {min(closest)} of {name}"


@dataclass(frozen=True)
class Prepared:
    """A run as the clustering takes it."""

    cause: str | None
    features: Features
    signature: str | None
    family: str
    failing: bool
    signals: tuple[str, ...]


def prepare(
    runs: Sequence[Labelled], *, outcomes: bool, signals: bool = True, suspicions: bool = True
) -> list[Prepared]:
    """Features and symptoms; without `outcomes` nobody said which runs failed, without `signals` none were found."""
    prepared = []
    siblings: dict[str, list[Trace]] = defaultdict(list)
    for run in runs:
        siblings[run.group].append(run.trace)
    for run in runs:
        reading = read(run.trace)
        found = signals_of(reading) if signals else ()
        outcome = (Outcome.FAIL if run.cause else Outcome.PASS) if outcomes else Outcome.UNKNOWN
        symptom = symptom_of(reading, found, outcome)
        if run.group and suspicions and symptom and not symptom.clearest:
            others = [trace for trace in siblings[run.group] if trace is not run.trace]
            symptom = symptom.suspected(suspicion_of(run.trace, found, others))
        names = tuple(dict.fromkeys(signal.signal for signal in found if signal.failure))
        prepared.append(
            Prepared(
                run.cause,
                features_of(reading, found),
                symptom.signature if symptom else None,
                symptom.family if symptom else "",
                symptom is not None,
                names,
            )
        )
    return prepared


def cluster(runs: Sequence[Prepared]) -> list[int | None]:
    """The mode of each run as it arrives, chunk after chunk; None where nothing says that it failed."""
    background = Background()
    modes: list[int | None] = []
    totals: dict[int, Any] = {}
    signatures: dict[int, set[str]] = defaultdict(set)
    families: dict[int, str] = {}
    for start in range(0, len(runs), _CHUNK):
        chunk = runs[start : start + _CHUNK]
        for run in chunk:
            background.add(run.features)
        clustering = Clustering([], background.rarity())
        for mode, total in totals.items():
            clustering.open(mode, None, signatures[mode], families[mode], total)
        modes += [_place(clustering, run, totals, signatures, families) if run.failing else None for run in chunk]
        totals = {mode: clustering.centre(mode).copy() for mode in totals}
    return modes


def _place(
    clustering: Clustering,
    run: Prepared,
    totals: dict[int, Any],
    signatures: dict[int, set[str]],
    families: dict[int, str],
) -> int:
    found = clustering.find(run.features, run.signature, run.family).mode
    if found is None:
        fresh = len(totals)
        clustering.open(fresh, run.features, {run.signature} if run.signature else set(), run.family)
        families[fresh] = run.family
        totals[fresh] = None
        found = fresh
    else:
        clustering.join(found, run.features, run.signature)
    if run.signature:
        signatures[found].add(run.signature)
    return found


def adjusted_rand(left: Sequence[object], right: Sequence[object]) -> float:
    """Agreement of two partitions, 0 for chance and 1 for equal. Source: Hubert and Arabie (1985)."""
    pairs = comb(len(left), 2)
    both = sum(comb(n, 2) for n in Counter(zip(left, right, strict=True)).values())
    a, b = (sum(comb(n, 2) for n in Counter(side).values()) for side in (left, right))
    expected, most = a * b / max(pairs, 1), (a + b) / 2
    return (both - expected) / (most - expected) if most != expected else 1.0


def purity(causes: Sequence[object], modes: Sequence[object]) -> float:
    """Share of runs whose mode is mostly of their cause; many small modes make it high."""
    by_mode: dict[object, Counter[object]] = defaultdict(Counter)
    for cause, mode in zip(causes, modes, strict=True):
        by_mode[mode][cause] += 1
    return sum(counted.most_common(1)[0][1] for counted in by_mode.values()) / max(len(causes), 1)


def _spread(causes: Sequence[object], found: Sequence[object]) -> tuple[float, float]:
    """The middle 95 % of the index over 200 random halves; drawn with replacement, a run would be its own twin."""
    source = random.Random(20261122)
    halves = [source.sample(range(len(causes)), len(causes) // 2) for _ in range(200)]
    values = sorted(adjusted_rand([causes[i] for i in half], [found[i] for i in half]) for half in halves)
    return values[5], values[194]


def report(
    name: str, runs: Sequence[Labelled], *, outcomes: bool = True, signals: bool = True, suspicions: bool = True
) -> None:
    """Print one row for the modes and one for each trivial baseline."""
    prepared = prepare(runs, outcomes=outcomes, signals=signals, suspicions=suspicions)
    modes = cluster(prepared)
    kept = [i for i, run in enumerate(prepared) if run.failing]
    causes = [prepared[i].cause or "went well" for i in kept]
    rows: dict[str, Sequence[object]] = {
        "modes": [modes[i] for i in kept],
        "one per clearest signal": [prepared[i].signals[:1] for i in kept],
        "one per set of signals": [frozenset(prepared[i].signals) for i in kept],
        "all in one": [0] * len(kept),
    }
    print(f"\n{name}: {len(kept)} runs, {len(set(causes))} causes")
    for label, found in rows.items():
        low, high = _spread(causes, found)
        print(
            f"  {label:<24} ARI {adjusted_rand(causes, found):5.2f} [{low:.2f}–{high:.2f}]"
            f"  purity {100 * purity(causes, found):3.0f} %  groups {len(set(found)):3}"
        )
    agreements = []
    for seed in range(10):
        order = list(range(len(prepared)))
        random.Random(seed).shuffle(order)
        shuffled = cluster([prepared[i] for i in order])
        place = {run: shuffled[at] for at, run in enumerate(order)}
        agreements.append(adjusted_rand([modes[i] for i in kept], [place[i] for i in kept]))
    print(
        f"  10 other orders of arrival: ARI with the first {min(agreements):.2f} to {max(agreements):.2f}, "
        f"mean {sum(agreements) / len(agreements):.2f}"
    )


def main() -> None:
    """Print everything; `tune` as an argument takes the seeds that the weights were chosen on."""
    seeds = TUNED_ON if sys.argv[1:] == ["tune"] else REPORTED_ON
    agent = support_agent(seeds)
    report("support agent, outcomes known", agent)
    report("support agent, nobody said what failed", agent, outcomes=False)
    report("support agent, outcomes known, signals withheld", agent, signals=False)
    report("AgentRx, root cause category", agentrx())
    for name, cases in (("tau airline", datasets.tau_airline()), ("tau retail", datasets.tau_retail())):
        runs = tau(cases)
        report(f"{name}, what was changed wrongly", runs)
        report(f"{name}, what was changed wrongly, without suspicions", runs, suspicions=False)


if __name__ == "__main__":
    main()
