"""The real captures: every run of every framework, decoded, mapped, merged and assembled."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.decode import decode_logs, decode_traces
from retrospan.model.reading.assembly import assemble
from retrospan.model.reading.merge import merge_spans
from retrospan.model.traces import Span, SpanBatch, Trace, TraceFacts
from shared_data import SHARED_DATA

ROOT = SHARED_DATA / "otlp"
RUNS = sorted(path.parent for path in ROOT.glob("*/*/expected.json"))
NAMES = [f"{run.parent.name}/{run.name}" for run in RUNS] or ["none"]


def expected(name: str) -> dict[str, Any]:
    """What the application that was captured really did."""
    found: dict[str, Any] = json.loads((ROOT / name / "expected.json").read_text())
    return found


def batches(name: str, encoding: str) -> list[SpanBatch]:
    """One batch a request, in the order they were sent. `encoding` is `pb` or `json`."""
    made = []
    for path in sorted((ROOT / name).glob(f"*-*.{encoding}*")):
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        kind = "application/json" if encoding == "json" else "application/x-protobuf"
        if "-traces" in path.name:
            made.append(to_batch(decode_traces(body, kind)))
        elif "-logs" in path.name:
            made.append(to_batch([], decode_logs(body, kind)))
    return made


def merged(found: Iterable[SpanBatch]) -> dict[str, Span]:
    """The spans of one trace after all batches, by span id."""
    spans: dict[str, Span] = {}
    for batch in found:
        for span in batch.spans:
            known = spans.get(span.span_id)
            spans[span.span_id] = merge_spans(known, span) if known else span
    return spans


@cache
def captured(name: str, encoding: str) -> Trace:
    """The assembled trace of one capture, made once for all tests that look at it."""
    return trace_of(batches(name, encoding))


def trace_of(found: list[SpanBatch]) -> Trace:
    """The assembled trace of one capture."""
    annotations = tuple(note for batch in found for facts in batch.facts for note in facts.annotations)
    spans = list(merged(found).values())
    return assemble(spans, TraceFacts(spans[0].trace_key, annotations=annotations))


def run_folder(name: str) -> Path:
    """The folder of one capture."""
    return ROOT / name
