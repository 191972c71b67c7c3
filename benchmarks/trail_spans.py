"""The TRAIL traces (real runs of two agents, OpenInference) as OTLP export requests, one a trace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from datasets import DATA, load
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans


def trail_requests() -> Iterator[bytes]:
    """Requests in order of file name.

    Raises:
        FileNotFoundError: if the data is not beside the repository.
    """
    files = sorted((DATA / "trail").glob("*/*.json.xz"))
    if not files:
        raise FileNotFoundError(f"No TRAIL traces under {DATA}; set RETROSPAN_SHARED_DATA.")
    for file in files:
        trace = load(file)
        if isinstance(trace, dict) and "spans" in trace:
            request = ExportTraceServiceRequest()
            scope = request.resource_spans.add().scope_spans.add()
            for span in trace["spans"]:
                _add(scope, span)
            yield request.SerializeToString()


def _add(scope: ScopeSpans, span: dict[str, Any]) -> None:
    made = scope.spans.add(
        name=span["span_name"],
        trace_id=bytes.fromhex(span["trace_id"].rjust(32, "0")),
        span_id=bytes.fromhex(span["span_id"].rjust(16, "0")),
    )
    if span.get("parent_span_id"):
        made.parent_span_id = bytes.fromhex(span["parent_span_id"].rjust(16, "0"))
    made.start_time_unix_nano = int(datetime.fromisoformat(span["timestamp"]).timestamp() * 1e9)
    made.end_time_unix_nano = made.start_time_unix_nano + 10**9
    _put(made.attributes, span.get("span_attributes") or {})
    for event in span.get("events") or []:
        _put(made.events.add(name=event.get("Name", "")).attributes, event.get("Attributes") or {})
    for child in span.get("child_spans") or []:
        _add(scope, child)


def _put(attributes: Any, values: dict[str, Any]) -> None:
    made: Iterable[KeyValue] = (
        KeyValue(key=key, value=AnyValue(string_value=value if isinstance(value, str) else json.dumps(value)))
        for key, value in values.items()
        if value is not None
    )
    attributes.extend(made)
