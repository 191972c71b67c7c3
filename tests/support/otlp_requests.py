"""OTLP export requests, and a plain HTTP client that sends them."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PROTOBUF = "application/x-protobuf"
_START_NS = 1_790_000_000_000_000_000


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def trace_request(*texts: str, trace: int = 1, first_span: int = 1) -> bytes:
    """A protobuf request of one trace: a tool span per text, which is its result."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for number, text in enumerate(texts, first_span):
        span = scope.spans.add(name="lookup", trace_id=trace_id(trace), span_id=span_id(number))
        span.start_time_unix_nano = _START_NS + number
        span.end_time_unix_nano = _START_NS + number + 1000
        for key, value in (
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "lookup"),
            ("gen_ai.tool.call.result", text),
        ):
            span.attributes.add(key=key).value.string_value = value
    return request.SerializeToString()


def chat_request(trace: int = 1, span: int = 1) -> bytes:
    """A request of one model call without its content, as conventions that put content into log records send it."""
    request = ExportTraceServiceRequest()
    made = request.resource_spans.add().scope_spans.add().spans.add(name="chat", trace_id=trace_id(trace))
    made.span_id = span_id(span)
    made.start_time_unix_nano, made.end_time_unix_nano = _START_NS, _START_NS + 1000
    made.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
    return request.SerializeToString()


def log_request(said: str, answered: str, trace: int = 1, span: int = 1) -> bytes:
    """The log records that hold the content of `chat_request`."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    for number, (event, text) in enumerate((("gen_ai.user.message", said), ("gen_ai.choice", answered))):
        record = scope.log_records.add(trace_id=trace_id(trace), span_id=span_id(span), event_name=event)
        record.time_unix_nano = _START_NS + number
        body = record.body.kvlist_value
        if event == "gen_ai.choice":
            message = body.values.add(key="message").value.kvlist_value
            message.values.add(key="content").value.string_value = text
            message.values.add(key="role").value.string_value = "assistant"
        else:
            body.values.add(key="content").value.string_value = text
    return request.SerializeToString()


def trace_id(number: int) -> bytes:
    """A valid trace id."""
    return number.to_bytes(16, "big")


def span_id(number: int) -> bytes:
    """A valid span id."""
    return number.to_bytes(8, "big")


def post(
    base_url: str, path: str, body: bytes | Iterable[bytes], content_type: str = PROTOBUF, **headers: str
) -> Answer:
    """POST a body; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(base_url, "POST", path, body, {"Content-Type": content_type, **named})


def get(base_url: str, path: str, **headers: str) -> Answer:
    """GET a path."""
    return ask(base_url, "GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})


def ask(
    base_url: str, method: str, path: str, body: bytes | Iterable[bytes] | None, headers: Mapping[str, str]
) -> Answer:
    """One request on a connection of its own."""
    url = urlsplit(base_url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()
