"""OTLP in its protobuf encoding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

from ...model.errors import BadInputError
from ...model.traces import JsonValue
from .raw import Bounds, RawEvent, RawLog, RawSpan, is_entered, plain_float

_Request = TypeVar("_Request", ExportTraceServiceRequest, ExportLogsServiceRequest)


def read_spans(body: bytes, bounds: Bounds) -> Iterator[RawSpan]:
    """The spans of an export request, ids unchecked.

    Raises:
        BadInputError: if the bytes are no such request.
    """
    sequence = 0
    for by_resource in _parse(ExportTraceServiceRequest(), body).resource_spans:
        resource = _attributes(by_resource.resource.attributes, bounds)
        for by_scope in by_resource.scope_spans:
            scope, about = by_scope.scope.name, _attributes(by_scope.scope.attributes, bounds)
            for span in by_scope.spans:
                yield _span(span, scope, about, resource, sequence, bounds)
                sequence += 1


def read_logs(body: bytes, bounds: Bounds) -> Iterator[RawLog]:
    """The log records of an export request.

    Raises:
        BadInputError: if the bytes are no such request.
    """
    sequence = 0
    for by_resource in _parse(ExportLogsServiceRequest(), body).resource_logs:
        resource = _attributes(by_resource.resource.attributes, bounds)
        for by_scope in by_resource.scope_logs:
            scope = by_scope.scope.name
            for record in by_scope.log_records:
                yield _log(record, scope, resource, sequence, bounds)
                sequence += 1


def _parse(request: _Request, body: bytes) -> _Request:
    try:
        request.ParseFromString(body)
    except DecodeError as err:
        raise BadInputError(
            f"This body of {len(body)} bytes is no OTLP protobuf request ({err}). "
            "Send application/json for OTLP/JSON, and set content-encoding where it is compressed.",
            where="request body",
        ) from err
    return request


def _span(
    span: ProtoSpan,
    scope: str,
    about: dict[str, JsonValue],
    resource: dict[str, JsonValue],
    sequence: int,
    bounds: Bounds,
) -> RawSpan:
    status = span.status
    return RawSpan(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex() or None,
        bounds.text(span.name),
        span.start_time_unix_nano or None,
        span.end_time_unix_nano or None,
        status.code,
        bounds.text(status.message),
        _attributes(span.attributes, bounds),
        [RawEvent(event.name, event.time_unix_nano, _attributes(event.attributes, bounds)) for event in span.events],
        scope,
        resource,
        sequence,
        about,
        is_entered(span.flags),
    )


def _log(record: LogRecord, scope: str, resource: dict[str, JsonValue], sequence: int, bounds: Bounds) -> RawLog:
    return RawLog(
        record.trace_id.hex(),
        record.span_id.hex(),
        record.event_name,
        _value(record.body, bounds, 0),
        record.time_unix_nano or record.observed_time_unix_nano or None,
        _attributes(record.attributes, bounds),
        scope,
        resource,
        sequence,
    )


def _attributes(pairs: Iterable[KeyValue], bounds: Bounds) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    short = bounds.short
    for pair in pairs:
        value = pair.value
        text = value.string_value  # nearly all values are text: one field read is cheaper than asking which is set
        if text:
            if len(text) <= short:
                found[pair.key] = text
            else:
                bounds.attribute(pair.key, text, found)
        else:
            found[pair.key] = _value(value, bounds, 0)
    return found


def _value(value: AnyValue, bounds: Bounds, depth: int) -> JsonValue:
    which = value.WhichOneof("value")
    if which == "string_value":
        return bounds.text(value.string_value)
    if which == "int_value":
        return value.int_value
    if which == "bool_value":
        return value.bool_value
    if which == "double_value":
        return plain_float(value.double_value)
    if which == "bytes_value":
        return bounds.bytes(value.bytes_value)
    if which is None:
        return None
    if depth >= bounds.depth:
        return bounds.too_deep
    if which == "array_value":
        return [_value(item, bounds, depth + 1) for item in value.array_value.values]
    if which == "kvlist_value":
        return {pair.key: _value(pair.value, bounds, depth + 1) for pair in value.kvlist_value.values}
    return None
