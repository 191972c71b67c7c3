"""Spans of a run while it is made: a receiver on the loopback whose address each run gets for itself alone.

A target whose OpenTelemetry exporter follows `OTEL_EXPORTER_OTLP_ENDPOINT` reports by itself what it called.
"""

from __future__ import annotations

import secrets
import threading
import zlib
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from ...ingest.conventions.registry import to_batch
from ...ingest.otlp.decode import decode_traces
from ...ingest.otlp.raw import RawSpan
from ...model.errors import RetrospanError
from ...model.traces import SpanBatch

_MOST_BYTES = 20 << 20
_MOST_SPANS = 20_000


class SpanReceiver:
    """Receives OTLP/HTTP traces on a free loopback port while the block lasts."""

    def __init__(self) -> None:
        self._spans: dict[str, list[RawSpan]] = defaultdict(list)
        self._open: set[str] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="retrospan-spans", daemon=True)

    def __enter__(self) -> SpanReceiver:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def begin(self) -> str:
        """A name for a run that begins; spans count only while it lasts."""
        token = secrets.token_hex(12)
        with self._lock:
            self._open.add(token)
        return token

    def environment(self, token: str) -> Mapping[str, str]:
        """What tells an OpenTelemetry SDK to send its spans here."""
        address = f"http://127.0.0.1:{self._server.server_port}/run/{token}"
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{address}/v1/traces",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def end(self, token: str) -> SpanBatch:
        """What came from a run, in normal form."""
        with self._lock:
            self._open.discard(token)
            raw = self._spans.pop(token, [])
        return to_batch(raw) if raw else SpanBatch()

    def take(self, path: str, body: bytes, media_type: str) -> int:
        """Take one request; returns the HTTP status that answers it."""
        token = path.removeprefix("/run/").partition("/")[0]
        try:
            spans = decode_traces(body, media_type)
        except RetrospanError:
            return 400
        with self._lock:
            if token not in self._open or len(self._spans[token]) + len(spans) > _MOST_SPANS:
                return 404
            self._spans[token] += spans
        return 200


def _handler(receiver: SpanReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            size = int(length) if length.isascii() and length.isdigit() else -1
            status = 413
            if 0 <= size <= _MOST_BYTES:
                body = _unpacked(self.rfile.read(size), self.headers.get("Content-Encoding", ""))
                traces = self.path.endswith("/v1/traces")
                media_type = self.headers.get("Content-Type", "")
                status = 400 if body is None else receiver.take(self.path, body, media_type) if traces else 200
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class's word
            """Quiet: stderr is for the person who waits."""

    return Handler


def _unpacked(body: bytes, encoding: str) -> bytes | None:
    if encoding != "gzip":
        return body
    try:
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, _MOST_BYTES)
    except zlib.error:
        return None
    return unpacked
