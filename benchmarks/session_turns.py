"""Are later turns of a conversation read with the turns before, and what does it cost?

Run: `.venv/bin/python benchmarks/session_turns.py [--seeds 10]`. The example agent, versions v1 and v2, no key, no
labels: the shop's rules say which turn went wrong. Each follow-up turn is read alone and as a turn of its session, once
as it was sent (with the history repeated) and once with its own message only, as applications send it that keep the
history on the server. Three rules that the shop's sessions keep are in use: an order is looked up before it is
refunded, its number stands in what was looked up, and before a mail is sent something was.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from intervals import rate
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from retrospan.analysis.reading import read
from retrospan.analysis.signals.registry import signals_of
from retrospan.analysis.signals.surroundings import Surroundings
from retrospan.examples.support_agent.app import run_workload
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.knowledge.invariants import parse_invariants
from retrospan.model.reading.turns import this_turn
from retrospan.model.traces import Span, SpanBatch
from retrospan.services.understanding.readings import readings_of
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.conversations import conversation_of
from retrospan.store.reading.summaries import get_summaries, get_trace
from retrospan.store.traces.commit import commit_batch
from support_agent import judge

RULES = Surroundings(
    parse_invariants("""
invariants:
  - {id: looked-up, tool: issue_refund, requires_before: [lookup_order]}
  - {id: known-order, tool: issue_refund, argument: order_id, found_in: [lookup_order, find_orders]}
  - {id: mail-about, tool: send_email, requires_before: [lookup_order]}
""").invariants
)


@dataclass(frozen=True)
class Turn:
    """A follow-up turn: whether it went wrong, and the failure signals it shows read alone and as a turn."""

    cause: str | None
    alone: tuple[str, ...]
    as_turn: tuple[str, ...]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, default=10)
    seeds = range(options.parse_args().seeds)
    for name, repeats in (("history repeated", True), ("own message only", False)):
        turns = [turn for seed in seeds for version in ("v1", "v2") for turn in follow_ups(version, seed, repeats)]
        _show(name, turns)
    print(_cost(seeds[0]))


def follow_ups(version: str, seed: int, repeats: bool) -> Iterator[Turn]:
    """The later turns of one workload, from a store of their own."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "store.db") as store:
        causes = _fill(store, version, seed, repeats)
        later = [i for i in causes if (place := conversation_of(store, i)) is not None and place.number > 1]
        for reading in readings_of(store, later):
            trace = reading.trace
            yield Turn(
                causes[trace.summary.id],
                tuple(s.signal for s in signals_of(read(trace), surroundings=RULES) if s.failure),
                tuple(s.signal for s in signals_of(reading, surroundings=RULES) if s.failure),
            )


def _fill(store: Store, version: str, seed: int, repeats: bool, sessions: bool = True) -> dict[int, str | None]:
    exporter = InMemorySpanExporter()
    handled = list(run_workload(version, seed=seed, exporter=exporter))
    spans = exporter.get_finished_spans()
    body = encode_spans(spans).SerializeToString()
    batch = to_batch(decode_traces(body, "application/x-protobuf"))
    for span in batch.spans:
        span.session = span.session if sessions else None
    if not repeats:
        _forget(batch.spans)
    ids = commit_batch(store, SpanBatch(batch.spans, batch.facts)).trace_ids
    by_key = {summary.external_id: summary.id for summary in get_summaries(store, list(ids))}
    roots = [format(span.context.trace_id, "032x") for span in spans if span.parent is None]
    rules = judge()
    return {by_key[key]: rules(done) for key, done in zip(roots, handled, strict=True)}


def _forget(spans: Sequence[Span]) -> None:
    """Take the turns before out of what each model call was handed."""
    by_trace: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        if span.input_messages:
            by_trace[span.trace_key].append(span)
    for calls in by_trace.values():
        calls.sort(key=lambda span: (span.started_at_ns or 0, span.sequence))
        told = len(calls[0].input_messages) - len(this_turn(calls[0].input_messages))
        for span in calls:
            system = tuple(message for message in span.input_messages[:told] if message.role == "system")
            span.input_messages = (*system, *span.input_messages[told:])


def _show(name: str, turns: Sequence[Turn]) -> None:
    good, bad = [turn for turn in turns if turn.cause is None], [turn for turn in turns if turn.cause == "wrong order"]
    print(f"\n{name}: {len(turns)} follow-up turns")
    for how in ("alone", "as_turn"):
        shown = [getattr(turn, how) for turn in good]
        carried = ["carried_id" in getattr(turn, how) for turn in bad]
        print(f"  {how:8} good turns accused {rate([bool(found) for found in shown])}", end="; ")
        print(f"wrong order found {rate(carried)}", dict(Counter(s for found in shown for s in found).most_common(4)))


def _cost(seed: int) -> str:
    """CPU of reading and analysing 40 runs; without a session, reading them as turns must cost nothing."""
    told = []
    for name, sessions in (("without session", False), ("in sessions", True)):
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "store.db") as store:
            ids = list(_fill(store, "v1", seed, True, sessions))
            alone = min(_cpu_alone(store, ids) for _ in range(9))
            as_turn = min(_cpu_as_turns(store, ids) for _ in range(9))
        told.append(
            f"{name}: {1e3 * alone / len(ids):.1f} -> {1e3 * as_turn / len(ids):.1f} ms ({as_turn / alone:.2f} x)"
        )
    return "\nCPU a run, alone -> as a turn; " + "; ".join(told)


def _cpu_alone(store: Store, ids: Sequence[int]) -> float:
    begun = time.process_time()
    for trace_id in ids:
        signals_of(read(get_trace(store, trace_id)), surroundings=RULES)
    return time.process_time() - begun


def _cpu_as_turns(store: Store, ids: Sequence[int]) -> float:
    begun = time.process_time()
    for reading in readings_of(store, ids):
        signals_of(reading, surroundings=RULES)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
