"""TRAIL: which spans of an OpenTelemetry trace did people mark as wrong?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datasets import DATA, load
from retrospan.ingest.formats.read import read_path
from retrospan.model.reading.assembly import assemble
from retrospan.model.traces import Span, SpanBatch, StepKind, Trace


@dataclass(frozen=True)
class Marked:
    """One trace with the span ids that people marked."""

    id: str
    trace: Trace
    gold: frozenset[str]


def marked_traces(part: str) -> Iterator[Marked]:
    """The traces of `gaia` or `swe_bench`, read by the product's own importer."""
    folder = DATA / "trail" / {"gaia": "GAIA", "swe_bench": "SWE_Bench"}[part]
    for path in sorted(folder.glob("*.xz")):
        labels = DATA / "trail" / f"processed_annotations_{part}" / path.name.removesuffix(".xz")
        try:
            errors = load(labels)["errors"]
        except ValueError:
            errors = json.loads(re.sub(r",\s*([\]}])", r"\1", labels.read_text(encoding="utf-8")))["errors"]
        spans: list[Span] = []
        for item in read_path(path):
            if isinstance(item, SpanBatch):
                spans += item.spans
        yield Marked(path.name.partition(".")[0], assemble(spans), frozenset(error["location"] for error in errors))


def precision_recall(items: Sequence[tuple[Marked, list[int]]]) -> tuple[float, float, float, float]:
    """Micro precision, recall and F1 in percent, and spans predicted per trace."""
    hit = said = gold = 0
    for marked, picked in items:
        ids = {marked.trace.steps[step].span_id for step in picked}
        hit, said, gold = hit + len(ids & marked.gold), said + len(ids), gold + len(marked.gold)
    precision, recall = hit / max(1, said), hit / max(1, gold)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return 100 * precision, 100 * recall, 100 * f1, said / max(1, len(items))


def all_model_spans(trace: Trace) -> list[int]:
    """Every model call."""
    return [step.index for step in trace.steps if step.kind is StepKind.LLM]


def after_first_two(trace: Trace) -> list[int]:
    """Every model call but the first two, which only plan."""
    return all_model_spans(trace)[2:]
