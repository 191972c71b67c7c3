"""Keeps what readers hand out within the limits: long texts are cut, oversized runs and spans are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ...store.models import Span, SpanBatch
from ..limits import Limits, deeper_than, readable_bytes
from ..spantext import TextCollector, TextRewriter, all_values
from .records import ReadItem, RecordError, Source


def within_limits(items: Iterable[ReadItem], source: Source) -> Iterator[ReadItem]:
    """The items, with bad records instead of runs and spans that pass a limit."""
    for item in items:
        if isinstance(item, RecordError):
            yield item
        else:
            yield from _bounded(item, source)


def _bounded(batch: SpanBatch, source: Source) -> Iterator[ReadItem]:
    limits = source.limits
    problems = dict(_oversized(batch.spans, limits))
    for trace_key, what in problems.items():
        yield source.error(f"trace {trace_key}", what)
    spans: list[Span] = []
    for span in batch.spans:
        if span.trace_key in problems:
            continue
        if any(deeper_than(value, limits.depth) for value in all_values(span)):
            yield source.error(
                f"span {span.span_id}", f"Nested more than {limits.depth} levels deep (limits.depth); left out."
            )
            continue
        spans.append(span)
    batch.spans[:] = spans
    batch.facts[:] = [facts for facts in batch.facts if facts.trace_key not in problems]
    _cut_long_texts(batch, limits)
    if batch.spans or batch.facts:
        yield batch


def _oversized(spans: list[Span], limits: Limits) -> Iterator[tuple[str, str]]:
    """Runs with too many spans or too much text, with the reason; a message shown many times counts once."""
    steps: Counter[str] = Counter(span.trace_key for span in spans)
    sizes: Counter[str] = Counter()
    collector = TextCollector()
    for span in spans:
        collector.span(span)
        sizes[span.trace_key] += sum(map(len, collector.take()[0]))
    for trace_key in steps:
        if steps[trace_key] > limits.steps:
            yield (
                trace_key,
                f"The trace has {steps[trace_key]:,} steps (limit: {limits.steps:,}). Split it, or raise limits.steps.",
            )
        elif sizes[trace_key] > limits.trace_bytes:
            yield (
                trace_key,
                f"The trace holds {readable_bytes(sizes[trace_key])} of text (limit: "
                f"{readable_bytes(limits.trace_bytes)}). Leave out large payloads, or raise limits.trace_bytes.",
            )


def _cut_long_texts(batch: SpanBatch, limits: Limits) -> None:
    collector = TextCollector()
    for span in batch.spans:
        collector.span(span)
    for facts in batch.facts:
        collector.facts(facts)
    if not any(len(text) * 4 > limits.attribute_bytes for text in collector.take()[0]):
        return
    rewriter = TextRewriter(lambda text, key: limits.cut(text), limits.cut)
    for span in batch.spans:
        rewriter.span(span)
    batch.facts[:] = [rewriter.facts(facts) for facts in batch.facts]
