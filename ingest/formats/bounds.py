"""Keeps what readers hand out within the limits: long texts are cut, oversized runs and spans are refused."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ...model.errors import TooLargeError
from ...model.traces import Span, SpanBatch
from ..limits import Limits
from ..spantext import TextCollector, TextRewriter, nested_values
from .fields import shortened
from .records import LeftOut, ReadItem, RecordError, Source

_SHARED_FROM = 256
"""Characters; whether shorter texts are counted twice does not matter."""
_REMEMBERED_SPANS = 200_000
"""Span ids of the traces read lately, by which a run that comes in many records is told to be too large."""


def within_limits(items: Iterable[ReadItem], source: Source) -> Iterator[ReadItem]:
    """The items, with bad records instead of runs and spans that pass a limit, and no text that cannot be stored."""
    runs = _Runs(source.limits)
    for item in items:
        if isinstance(item, RecordError | LeftOut):
            yield item
        else:
            yield from _bounded(item, source, runs)


def _bounded(batch: SpanBatch, source: Source, runs: _Runs) -> Iterator[ReadItem]:
    look = _Look(batch, source.limits)
    if not look.is_encodable:
        _mend_keys(batch)
    problems = runs.refused(look.by_trace)
    for trace_key, what in problems.items():
        if what:
            yield source.error(f"trace {shortened(trace_key)}", what)
    spans: list[Span] = []
    seen: set[int] = set()
    for span in batch.spans:
        if span.trace_key not in problems:
            deep = _too_deep(span, source.limits, seen)
            if deep is None:
                spans.append(span)
            else:
                yield source.error(f"span {shortened(span.span_id)}", deep)
    batch.spans[:] = spans
    batch.facts[:] = [facts for facts in batch.facts if facts.trace_key not in problems]
    if look.has_long_text or not look.is_encodable:
        _rewrite(batch, source.limits)
    if batch.spans or batch.facts or batch.scales or batch.span_notes:
        yield batch


@dataclass(slots=True)
class _Run:
    """What is known of one trace: its span ids with the bytes of their text, and whether it was refused."""

    spans: set[str] = field(default_factory=set)
    size: int = 0
    is_refused: bool = False


class _Runs:
    """The traces read lately. A run may come in one record or span by span: the limits hold for the whole of it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._remembered = 0

    def refused(self, by_trace: dict[str, dict[str, int]]) -> dict[str, str]:
        """The traces of a batch that pass a limit, with the reason; without one where it was given before.

        Args:
            by_trace: Trace → span id → bytes.
        """
        found: dict[str, str] = {}
        for trace_key, sizes in by_trace.items():
            run = self._runs.setdefault(trace_key, _Run())
            self._runs.move_to_end(trace_key)
            fresh = sizes.keys() - run.spans
            steps, size = len(run.spans) + len(fresh), run.size + sum(sizes[span_id] for span_id in fresh)
            try:
                self._limits.check_steps(steps, where=trace_key)
                self._limits.check_size(size, where=trace_key)
            except TooLargeError as err:
                found[trace_key] = "" if run.is_refused else str(err)
                run.is_refused = True
            else:
                run.spans |= fresh
                run.size = size
                self._remembered += len(fresh)
        self._forget()
        return found

    def _forget(self) -> None:
        while self._remembered > _REMEMBERED_SPANS and len(self._runs) > 1:
            self._remembered -= len(self._runs.popitem(last=False)[1].spans)


class _Look:
    """One pass over the texts of a batch."""

    def __init__(self, batch: SpanBatch, limits: Limits) -> None:
        self._limits = limits
        self.by_trace: dict[str, dict[str, int]] = {}
        """Trace → span id → bytes of its text; a message shown many times counts once."""
        # A person's turn stands in its own step and in the conversation of the next: one object, counted once.
        self._counted: set[int] = set()
        self.has_long_text = False
        self.is_encodable = True
        collector = TextCollector()
        for span in batch.spans:
            collector.span(span)
            texts = [text for text in collector.take()[0] if self._is_new(text)]
            size = self._measured([*texts, span.trace_key, span.span_id, span.parent_span_id or ""])
            sizes = self.by_trace.setdefault(encodable(span.trace_key), {})
            sizes[span.span_id] = max(size, sizes.get(span.span_id, 0))
        for facts in batch.facts:
            collector.facts(facts)
            self._measured([*collector.take()[0], facts.trace_key])

    def _is_new(self, text: str) -> bool:
        if len(text) < _SHARED_FROM:
            return True
        known = id(text) in self._counted
        self._counted.add(id(text))
        return not known

    def _measured(self, texts: list[str]) -> int:
        bound = self._limits.attribute_bytes // 4
        self.has_long_text = self.has_long_text or any(len(text) > bound for text in texts)
        joined = "".join(texts)
        try:
            return len(joined.encode())
        except UnicodeEncodeError:
            self.is_encodable = False
            return len(joined)


def _too_deep(span: Span, limits: Limits, seen: set[int]) -> str | None:
    try:
        for value in nested_values(span, seen):
            limits.check_depth(value, where=span.span_id)
    except TooLargeError as err:
        return str(err)
    return None


def _mend_keys(batch: SpanBatch) -> None:
    """Makes keys and span ids storable, so that they still agree with each other."""
    for span in batch.spans:
        span.trace_key, span.span_id = encodable(span.trace_key), encodable(span.span_id)
        span.parent_span_id = encodable(span.parent_span_id) if span.parent_span_id is not None else None
    batch.facts[:] = [replace(facts, trace_key=encodable(facts.trace_key)) for facts in batch.facts]


def _rewrite(batch: SpanBatch, limits: Limits) -> None:
    def stored(text: str) -> str:
        return limits.cut(encodable(text))

    rewriter = TextRewriter(lambda text, key: stored(text), stored)
    for span in batch.spans:
        rewriter.span(span)
    batch.facts[:] = [rewriter.facts(facts) for facts in batch.facts]


def encodable(text: str) -> str:
    """The text with U+FFFD for surrogates that have no partner, which no UTF-8 can hold.

    >>> encodable("a\\ud800b")
    'a�b'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
