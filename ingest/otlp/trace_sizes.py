"""How large the traces that are arriving have grown, so that a runaway one is stopped and the rest goes on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from ..limits import Limits, readable_bytes
from .raw import RawSpan

_REMEMBERED_SPANS = 100_000


class TraceSizes:
    """Spans and bytes by trace, for the traces seen lately.

    Args:
        limits: `steps` and `trace_bytes` are looked at.
        stored_spans: The span ids that the store has of a trace, asked once when a trace comes back after a while.
            The bytes of those count as none, so the bound on bytes is on what came lately.
    """

    def __init__(self, limits: Limits, stored_spans: Callable[[str], Iterable[str]]) -> None:
        self._limits = limits
        self._stored_spans = stored_spans
        self._traces: OrderedDict[str, _Size] = OrderedDict()
        self._remembered = 0

    def admit(self, spans: Iterable[RawSpan], rejected: list[str]) -> list[RawSpan]:
        """The spans that fit; for each of the others a line is added to `rejected`. A span sent again always fits.

        Cost: one dict look-up a span, one length an attribute.
        """
        admitted = []
        for span in spans:
            size = self._traces.get(span.trace_id) or self._meet(span.trace_id)
            if span.span_id not in size.spans and (reason := self._refusal(span, size)):
                rejected.append(reason)
            else:
                admitted.append(span)
        self._forget()
        return admitted

    def _refusal(self, span: RawSpan, size: _Size) -> str | None:
        limits = self._limits
        if len(size.spans) >= limits.steps:
            return (
                f"trace {span.trace_id} has {limits.steps:,} spans already (limit: --max-steps). "
                "Give each run a trace of its own."
            )
        weight = _weight(span)
        if size.bytes + weight > limits.trace_bytes:
            return f"trace {span.trace_id} would pass {readable_bytes(limits.trace_bytes)} (limit: --max-trace-mib)."
        size.spans.add(span.span_id)
        size.bytes += weight
        self._remembered += 1
        return None

    def _meet(self, trace_id: str) -> _Size:
        size = self._traces[trace_id] = _Size(set(self._stored_spans(trace_id)))
        self._remembered += len(size.spans)
        return size

    def _forget(self) -> None:
        while self._remembered > _REMEMBERED_SPANS and len(self._traces) > 1:
            _, size = self._traces.popitem(last=False)
            self._remembered -= len(size.spans)


class _Size:
    __slots__ = ("bytes", "spans")

    def __init__(self, spans: set[str]) -> None:
        self.spans = spans
        self.bytes = 0


def _weight(span: RawSpan) -> int:
    """Characters of a span's texts, as a measure of its bytes."""
    weight = len(span.name) + len(span.status_message)
    for value in span.attributes.values():
        weight += len(value) if isinstance(value, str) else 16
    for event in span.events:
        weight += sum(len(value) if isinstance(value, str) else 16 for value in event.attributes.values())
    return weight
