"""Do suspects name the right step of the example agent's failures, and leave its good runs alone?

Run: `.venv/bin/python benchmarks/support_agent.py [--json] [--misses]`. Version v1, seeds 0 to 19, no key, no labels:
outcomes are withheld. The shop's rules (tests/examples/test_support_agent.py) say what went wrong; where it went wrong
follows from the failure. Even seeds were used while sources were written, odd seeds are reported.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parent))

from intervals import auroc, mcnemar, rate
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from retrospan.analysis.evidence.enough import strength
from retrospan.analysis.evidence.inquiry import inquire
from retrospan.analysis.reading import read
from retrospan.analysis.signals.registry import find_signals
from retrospan.analysis.suspects import report_on
from retrospan.examples.support_agent.app import run_workload
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.model.findings import Signal, SuspectReport
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Span, StepKind, Trace, TraceFacts

TUNED_ON, REPORTED_ON = range(0, 20, 2), range(1, 20, 2)
_SIBLINGS = 12


@dataclass(frozen=True)
class Run:
    """One run with what the shop's rules say of it."""

    seed: int
    trace: Trace
    cause: str | None
    steps: frozenset[int]
    """Where it went wrong; empty where it did not."""


@dataclass(frozen=True)
class Found:
    """What the product says of a run."""

    run: Run
    signals: tuple[Signal, ...]
    report: SuspectReport
    strength: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.add_argument(
        "--misses", action="store_true", help="show the failing runs that were missed, even seeds only"
    )
    chosen = options.parse_args()
    halves = {"even seeds (tuned on)": examine(TUNED_ON), "odd seeds (reported)": examine(REPORTED_ON)}
    result = {name: summarise(found) for name, found in halves.items()}
    if chosen.misses:
        _show_misses(next(iter(halves.values())))
    elif chosen.json:
        print(json.dumps(result, indent=1))
    else:
        print(_table(result))


def examine(seeds: Sequence[int]) -> list[Found]:
    """Every run of these seeds; those of one seed share a project, so that they are each other's alike runs."""
    return [found for seed in seeds for found in _examine(list(runs_of(seed)))]


def runs_of(seed: int) -> Iterator[Run]:
    """The 40 runs of one seed, as the product reads them from OTLP, in the order of their starts."""
    exporter = InMemorySpanExporter()
    handled = list(run_workload("v1", seed=seed, exporter=exporter))
    spans = exporter.get_finished_spans()
    batch = to_batch(decode_traces(encode_spans(spans).SerializeToString(), "application/x-protobuf"))
    by_trace: dict[str, list[Span]] = defaultdict(list)
    for span in batch.spans:
        by_trace[span.trace_key].append(span)
    roots = [format(span.context.trace_id, "032x") for span in spans if span.parent is None]
    judge = _judge()
    for key, done in zip(roots, handled, strict=True):
        trace = assemble(by_trace[key], _facts(batch.facts, key))
        cause = judge(done)
        yield Run(seed, trace, cause, frozenset(_wrong_steps(trace, cause)))


def _facts(facts: Sequence[TraceFacts], key: str) -> TraceFacts:
    return next((item for item in facts if item.trace_key == key), TraceFacts(key))


def _judge() -> Callable[[Any], str | None]:
    path = Path(__file__).resolve().parents[1] / "tests" / "examples" / "test_support_agent.py"
    spec = importlib.util.spec_from_file_location("support_agent_rules", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(Callable[[Any], str | None], module.expected_behaviour)


def _wrong_steps(trace: Trace, cause: str | None) -> Iterator[int]:
    """The answer, where it says what is not so; the call, where it takes the wrong order; both ends of a stale rule."""
    models = [step for step in trace.steps if step.kind is StepKind.LLM]
    if cause is None:
        return
    if cause == "wrong order":
        yield next(act.step for act in read(trace).acts if act.tool == "issue_refund" and act.asked is not None)
        return
    yield models[-1].index
    if cause == "stale policy":
        yield from (step.index for step in trace.steps if step.kind is StepKind.RETRIEVER)


def _examine(runs: Sequence[Run]) -> Iterator[Found]:
    signals = {id(run): find_signals(run.trace) for run in runs}
    for run in runs:
        task = run.trace.summary.task
        alike = [other.trace for other in reversed(runs) if other is not run and other.trace.summary.task == task]
        case = inquire(run.trace, signals[id(run)], alike[:_SIBLINGS])
        yield Found(run, signals[id(run)], report_on(case), strength(case))


def summarise(found: Sequence[Found]) -> dict[str, Any]:
    """Hits by failure, and what good runs are charged with."""
    bad = [item for item in found if item.run.cause]
    good = [item for item in found if not item.run.cause]
    causes = sorted({item.run.cause or "" for item in bad})
    ours = [bool(item.report.suspects) and item.report.suspects[0].step in item.run.steps for item in bad]
    last = [_last_model(item) in item.run.steps for item in bad]
    wins, losses, p = mcnemar(ours, last)
    rows = {cause: _hits([item for item in bad if item.run.cause == cause]) for cause in causes}
    failures = [signal.signal for item in good for signal in item.signals if signal.failure]
    return {
        "runs": len(found),
        "all failures": _hits(bad),
        **rows,
        "trivial: last model step": f"{rate(last)}; only ours {wins}, only theirs {losses}, p = {p:.4f}",
        "failing runs with a failure signal": str(rate([_has_failure(item) for item in bad])),
        "passing runs with a failure signal": str(rate([_has_failure(item) for item in good])),
        "signals per passing run": round(len(failures) / max(1, len(good)), 2),
        "signals on passing runs": dict(Counter(failures).most_common()),
        "failing runs accused": str(rate([item.report.enough_evidence for item in bad])),
        "passing runs accused": str(rate([item.report.enough_evidence for item in good])),
        "enough evidence, AUROC": round(auroc([i.strength for i in bad], [i.strength for i in good]), 3),
    }


def _has_failure(item: Found) -> bool:
    return any(signal.failure for signal in item.signals)


def _last_model(item: Found) -> int:
    return max(step.index for step in item.run.trace.steps if step.kind is StepKind.LLM)


def _hits(found: Sequence[Found]) -> dict[str, str]:
    ranked = [([suspect.step for suspect in item.report.suspects], item.run.steps) for item in found]
    return {f"hit@{k}": str(rate([bool(steps & set(order[:k])) for order, steps in ranked])) for k in (1, 3)}


def _show_misses(found: Sequence[Found]) -> None:
    for item in found:
        top = item.report.suspects[:1]
        accused = item.report.enough_evidence
        if (item.run.cause and (not top or top[0].step not in item.run.steps or not accused)) or (
            not item.run.cause and accused
        ):
            summary = item.run.trace.summary
            print(f"\nseed {item.run.seed} {item.run.cause} {sorted(item.run.steps)} accused={accused} {summary.task}")
            print(f"  {summary.input[:100]!r} -> {summary.output[:160]!r}")
            for suspect in item.report.suspects[:2]:
                print(f"  {suspect.step} {suspect.score} {suspect.reasons}")
            print("  signals", [(signal.signal, signal.step, signal.reason[:90]) for signal in item.signals])


def _table(result: dict[str, dict[str, Any]]) -> str:
    lines = []
    for half, found in result.items():
        lines.append(f"\n{half}")
        lines += [f"  {name}: {_shown(value)}" for name, value in found.items()]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {item}" for key, item in value.items())
    return str(value)


if __name__ == "__main__":
    main()
