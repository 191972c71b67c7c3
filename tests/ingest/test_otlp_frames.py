"""Files of many OTLP requests, each behind its length, as the collector's file exporter writes them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from google.protobuf.json_format import MessageToJson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_requests import chat_request, log_request, trace_request
from retrospan.ingest.formats.read import ReadItem, read_path
from retrospan.ingest.formats.records import RecordError
from retrospan.model.traces import Span, SpanBatch


def fixed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def varint(body: bytes) -> bytes:
    size, prefix = len(body), bytearray()
    while size > 0x7F:
        prefix.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*prefix, size]) + body


def zstd(body: bytes) -> bytes:
    return fixed(zstandard.compress(body))


def read(path: Path) -> tuple[list[Span], list[RecordError]]:
    items: list[ReadItem] = list(read_path(path))
    spans = [span for item in items if isinstance(item, SpanBatch) for span in item.spans]
    return spans, [item for item in items if isinstance(item, RecordError)]


@pytest.mark.parametrize("framed", [fixed, varint, zstd])
def test_every_request_of_the_file_comes_in(framed: Callable[[bytes], bytes], tmp_path: Path) -> None:
    file = tmp_path / "traces.binpb"
    file.write_bytes(b"".join(framed(trace_request(f"answer {i}", trace=i)) for i in range(1, 4)))
    spans, errors = read(file)
    assert errors == [] and [span.outputs for span in spans] == ["answer 1", "answer 2", "answer 3"]


def test_json_requests_behind_their_length_are_read(tmp_path: Path) -> None:
    request = ExportTraceServiceRequest.FromString(trace_request("hello"))
    file = tmp_path / "traces.json"
    file.write_bytes(zstd(MessageToJson(request, indent=None).encode()))
    spans, errors = read(file)
    assert errors == [] and [span.outputs for span in spans] == ["hello"]


def test_requests_of_traces_and_logs_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "all.binpb"
    file.write_bytes(fixed(chat_request()) + fixed(log_request("What?", "That.")))
    spans, errors = read(file)
    assert errors == [] and {span.span_id for span in spans} == {"0" * 15 + "1"}
    assert [message.content for span in spans for message in span.output_messages] == ["That."]


def test_what_came_before_a_broken_end_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "traces.binpb"
    file.write_bytes(fixed(trace_request("whole")) + fixed(b"\xff" * 20) + fixed(trace_request("cut", trace=2))[:-9])
    spans, errors = read(file)
    assert [span.outputs for span in spans] == ["whole"]
    assert [error.where for error in errors] == ["message 2", "message 3"]
    assert "breaks off" in errors[1].what


@pytest.mark.parametrize("size", [1, 9, 100, 5_000, 3_000_000])
def test_a_request_alone_is_no_length(size: int, tmp_path: Path) -> None:
    file = tmp_path / "traces.pb"
    file.write_bytes(trace_request("a" * size))
    spans, errors = read(file)
    assert errors == [] and len(spans) == 1
