"""The stores that `queries.py` asks: 100,000 generated spans; 100,000 traces of one step; 2,000 new runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from otlp_spans import SpanSource
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_traces
from retrospan.model.traces import Message, Outcome, Span, SpanBatch, Status, StepError, StepKind, TraceFacts
from retrospan.services.embedding.choose import embedder
from retrospan.services.embedding.protocol import Embedder
from retrospan.services.embedding.work import embed_pending
from retrospan.services.understanding.analysing import analyse
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.search.vectors import NewVector, save_vectors, traces_to_embed
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh

SPANS = 100_000
TRACES = 100_000
LONG_RUNS = 6
LONG_STEPS = 100
NEW_RUNS = 2_000
NEW_STEPS = 50
_BATCH = 2_000
_REALLY_EMBEDDED = 64
_VECTORS_EACH = 6
_SPREAD = 0.7
"""Length of what is added to a unit vector before it is made one again."""
_START_NS = 1_790_000_000_000_000_000
_FAILING = 30
"""One of so many of the single-step traces has failed."""


def make_stores(folder: Path) -> None:
    """Make what is missing of the three; may be stopped and called again."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_store(folder / "spans.db") as store:
        _add_spans(store)
        _add_long_runs(store)
        _settle(store)
        analyse(store)
        if (model := embedder()) is not None:
            _add_vectors(store, model)
    with open_store(folder / "traces.db") as store:
        _add_traces(store)
        _settle(store)
    with open_store(folder / "new.db") as store:
        add_new_runs(store)


def _settle(store: Store) -> None:
    while refresh(store):
        pass


def _add_spans(store: Store) -> None:
    with store.read() as con:
        present = con.execute("SELECT count(*) FROM span").fetchone()[0]
    for body in SpanSource(repeat=False).batches(SPANS):
        batch = to_batch(decode_traces(body, "application/x-protobuf", []))
        present -= len(batch.spans)
        if present < 0:
            commit_batch(store, batch)


def _add_long_runs(store: Store) -> None:
    """Runs of one task with 100 steps each; all but the first pass, and every seventh text is another in each."""
    source = SpanSource(repeat=False, seed=11)
    shared = [source.text(600) for _ in range(LONG_STEPS)]
    for number in range(LONG_RUNS):
        key = f"{0xFACE << 64 | number:032x}"
        spans = [_long_step(key, number, i, shared[i] if i % 7 else source.text(600)) for i in range(LONG_STEPS)]
        facts = TraceFacts(key, task="long run", outcome=Outcome.FAIL if number == 0 else Outcome.PASS)
        commit_batch(store, SpanBatch(spans=spans, facts=[facts]))


def _long_step(key: str, number: int, place: int, text: str) -> Span:
    made = Span(key, f"{number:08x}{place:08x}", f"step {place % 5}", StepKind.LLM if place % 2 == 0 else StepKind.TOOL)
    made.started_at_ns = _START_NS + place * 10**9
    made.ended_at_ns = made.started_at_ns + 10**8
    if place % 2 == 0:
        said = "Which order is late?" if place == 0 else f"Go on with {place}."
        made.input_messages, made.output_messages = (Message("user", said),), (Message("assistant", text),)
    else:
        made.tool, made.inputs, made.outputs = made.name, {"order": f"R{place:05}"}, {"status": "done", "text": text}
    return made


def add_new_runs(store: Store) -> None:
    """Runs that nobody has looked at yet: not assembled, not analysed. One call in a failing run has failed."""
    with store.read() as con:
        present = con.execute("SELECT count(*) FROM trace").fetchone()[0]
    source = SpanSource(repeat=False, seed=5)
    for number in range(present, NEW_RUNS):
        key = f"{0xBEEF << 64 | number:032x}"
        spans = [_long_step(key, number, i, source.text(200)) for i in range(NEW_STEPS)]
        if number % _FAILING == 0:
            spans[-1].status, spans[-1].error = Status.ERROR, StepError("timed out after 30 s", None)
        commit_batch(store, SpanBatch(spans=spans))


def _add_vectors(store: Store, model: Embedder) -> None:
    """Vectors of the newest traces from the model (22 ms each); the others are drawn around those, to fill the scan."""
    embed_pending(store, model, limit=_REALLY_EMBEDDED)
    with store.read() as con:
        known = [row[0] for row in con.execute("SELECT vector FROM embedding WHERE model = ?", (model.model_id,))]
    real = np.frombuffer(b"".join(known), "<f2").reshape(len(known), -1).astype(np.float32)
    rng = np.random.default_rng(7)
    while waiting := traces_to_embed(store, model.model_id, _BATCH):
        kept = [
            NewVector(i, "" if n == 0 else f"{n:016x}", "default", 1) for i in waiting for n in range(_VECTORS_EACH)
        ]
        drawn = real[rng.integers(len(real), size=len(kept))]
        drawn = drawn + rng.normal(scale=_SPREAD / drawn.shape[1] ** 0.5, size=drawn.shape).astype(np.float32)
        save_vectors(store, model.model_id, kept, drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def _add_traces(store: Store) -> None:
    with store.read() as con:
        present = con.execute("SELECT count(*) FROM trace").fetchone()[0]
    source = SpanSource(repeat=False)
    for start in range(present, TRACES, _BATCH):
        commit_batch(store, SpanBatch(spans=[_single(source, i) for i in range(start, start + _BATCH)]))


def _single(source: SpanSource, number: int) -> Span:
    made = Span(f"{number:032x}", f"{number:016x}", "run", StepKind.AGENT, agent="support", status=Status.OK)
    made.started_at_ns = _START_NS + number * 10**9
    made.ended_at_ns = made.started_at_ns + 10**8
    made.inputs, made.outputs = source.text(120), source.text(120)
    if number % _FAILING == 0:
        made.status, made.error = Status.ERROR, StepError("timed out after 30 s", None)
    return made
