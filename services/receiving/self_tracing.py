"""Retrospan's own traces: spans of the calls that it serves, sent to whoever watches it, and never kept by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version

from ...ingest.otlp.raw import RawSpan
from ...model.extras import require_extra

SELF_MARK = "retrospan.self"
"""The resource attribute of our own spans. A receiver that stored them would trace its own storing."""
_REFUSED = "Spans of Retrospan itself are not kept here; send them to another backend."


@contextmanager
def tracing_itself(enabled: bool) -> Iterator[None]:
    """Export a span for every MCP request while the block runs: its method, tool name and whether it failed.

    No arguments and no answers go into them. Where to is said by the usual variables, `OTEL_EXPORTER_OTLP_ENDPOINT`
    and its like. What is left is sent when the block ends.
    """
    if not enabled:
        yield
        return
    require_extra("otel")
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    own = Resource.create({"service.name": "retrospan", "service.version": version("retrospan"), SELF_MARK: True})
    provider = TracerProvider(resource=own)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def without_own(spans: Iterable[RawSpan], rejected: list[str]) -> Iterator[RawSpan]:
    """The spans that are not our own; those are refused, so that nothing feeds itself."""
    for span in spans:
        if span.resource.get(SELF_MARK) is True:
            rejected.append(_REFUSED)
        else:
            yield span
