"""Spans of a run, read in-process: how a target that returns only text still tells its tool calls and steps.

Where the application has set a global OpenTelemetry SDK tracer provider, the spans that end during the run are mapped
to the normal form as if they had arrived by OTLP, so that every convention that can be imported can be checked.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .protocol import RunResult

if TYPE_CHECKING:
    from ..model.traces import SpanBatch, Step

_watched: dict[int, _Watch] = {}


class _Watch:
    """A span processor that keeps ended spans while a run is on; a provider keeps its processors for good."""

    def __init__(self) -> None:
        self.kept: list[Any] | None = None

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Nothing: only ended spans count."""

    def _on_ending(self, span: Any) -> None:
        """Nothing: only ended spans count."""

    def on_end(self, span: Any) -> None:
        if self.kept is not None:
            self.kept.append(span)

    def shutdown(self) -> None:
        """Nothing to close."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


@contextmanager
def captured_spans() -> Iterator[list[Any]]:
    """A list that fills with the SDK spans that end inside the block; it stays empty without a global SDK provider."""
    watch = _watch()
    spans: list[Any] = []
    if watch is None:
        yield spans
        return
    watch.kept = spans
    try:
        yield spans
    finally:
        watch.kept = None


def with_captured(run: RunResult, spans: Sequence[Any]) -> RunResult:
    """The run with tool calls and steps from its spans, where the target did not report them itself."""
    if not spans or (run.tool_calls is not None and run.steps is not None):
        return run
    return with_steps(run, traces_of(batch_of(spans)))


def with_steps(run: RunResult, traces: Sequence[tuple[Step, ...]]) -> RunResult:
    """The run with tool calls and steps from its traces, where the target did not report them itself."""
    from .recorded import recorded_calls

    calls = [call for steps in traces for call in recorded_calls(steps)]
    models = [step for steps in traces for step in steps if step.kind == "llm"]
    if not calls and not models:
        return run
    return RunResult(
        run.output,
        run.tool_calls if run.tool_calls is not None else calls,
        run.steps if run.steps is not None else len(calls) + len(models),
    )


def traces_of(batch: SpanBatch) -> list[tuple[Step, ...]]:
    """The steps of each trace of a batch."""
    from ..model.reading.assembly import build_steps, reading_order

    keys = dict.fromkeys(span.trace_key for span in batch.spans)
    traces = [[span for span in batch.spans if span.trace_key == key] for key in keys]
    return [build_steps(own, reading_order(own)) for own in traces]


def _watch() -> _Watch | None:
    if "opentelemetry.sdk.trace" not in sys.modules:
        return None
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        return None
    if id(provider) not in _watched:
        watch = _watched[id(provider)] = _Watch()
        provider.add_span_processor(watch)  # type: ignore[arg-type]
    return _watched[id(provider)]


def batch_of(spans: Sequence[Any]) -> SpanBatch:
    """SDK spans in the normal form, as if they had arrived by OTLP."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    from ..ingest.conventions.registry import to_batch
    from ..ingest.otlp.decode import decode_traces

    body = encode_spans(spans).SerializeToString()
    return to_batch(decode_traces(body, "application/x-protobuf"))
