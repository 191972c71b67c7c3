"""OTLP ingest: spans per CPU second until they are found, memory and disk, beside the floor in the same run.

    python benchmarks/ingest.py                              10 k spans, both shapes
    python benchmarks/ingest.py --spans 10000 100000 1000000
    python benchmarks/ingest.py --shape trail                the real TRAIL traces

Batches of 512 go to `retrospan serve` over real OTLP/HTTP, redaction on. CPU is that of the whole server process tree
(user and system), from the first request until a word search finds the last span.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_spans import LAST_WORD, Shape, requests
from processes import cpu_of_tree, memory_of_tree
from retrospan.model.query import parse_query
from retrospan.store.opening import open_store
from retrospan.store.search.lines import search

HERE = Path(__file__).parent
_FLOOR_MOST = 100_000
_RETRY_S = 0.2
_FOUND_WITHIN_S = 60


@dataclass(frozen=True)
class Result:
    """One run."""

    spans: int
    shape: Shape
    raw_bytes: int
    cpu_s: float
    wall_s: float
    idle_mb: float
    peak_mb: float
    disk_bytes: int

    @property
    def rate(self) -> float:
        return self.spans / self.cpu_s

    @property
    def disk_per_byte(self) -> float:
        return self.disk_bytes / self.raw_bytes


def measure(shape: Shape, spans: int, extra: list[str]) -> Result:
    """Start a server on an empty store, send, wait until the last span is found, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        command = [str(Path(sys.executable).with_name("retrospan")), "serve", "--port", "0", "--store", str(path)]
        with subprocess.Popen([*command, *extra], stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            address = re.search(r"http://([\d.]+):(\d+)", server.stdout.readline())
            assert address is not None
            connection = _connect(address[1], int(address[2]))
            idle_mb, cpu_before, began = memory_of_tree(server.pid, "VmRSS"), cpu_of_tree(server.pid), time.monotonic()
            sent = [(len(body), _send(connection, body)) for body in requests(shape, spans)]
            _wait_until_found(path)
            cpu_s, wall_s = cpu_of_tree(server.pid) - cpu_before, time.monotonic() - began
            peak_mb = memory_of_tree(server.pid, "VmHWM")
            server.send_signal(signal.SIGTERM)
            assert server.wait() == 0
        disk = sum(file.stat().st_size for file in Path(folder).iterdir())
        return Result(
            sum(count for _, count in sent), shape, sum(size for size, _ in sent), cpu_s, wall_s, idle_mb, peak_mb, disk
        )


def floor(shape: Shape, spans: int) -> dict[str, float]:
    """The bare work in a process of its own."""
    command = [sys.executable, str(HERE / "ingest_floor.py"), shape, str(min(spans, _FLOOR_MOST))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _connect(host: str, port: int) -> http.client.HTTPConnection:
    while True:
        connection = http.client.HTTPConnection(host, port, timeout=600)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().read() and connection:
                return connection
        except ConnectionError:
            time.sleep(_RETRY_S)


def _send(connection: http.client.HTTPConnection, body: bytes) -> int:
    """Send until it is stored; returns how many spans it holds."""
    while True:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        response = connection.getresponse()
        answer = response.read()
        if response.status == 200:
            assert answer == b"", answer
            by_resource = ExportTraceServiceRequest.FromString(body).resource_spans
            return sum(len(scope.spans) for group in by_resource for scope in group.scope_spans)
        assert response.status in (429, 503), (response.status, answer)
        time.sleep(_RETRY_S)


def _wait_until_found(path: Path) -> None:
    give_up = time.monotonic() + _FOUND_WITHIN_S
    with open_store(path, read_only=True) as store:
        while not search(store, parse_query(LAST_WORD), limit=1):
            if time.monotonic() > give_up:
                raise SystemExit(f"{LAST_WORD!r} is not found: a span that was acknowledged is missing.")
            time.sleep(_RETRY_S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, nargs="+", default=[10_000])
    parser.add_argument("--shape", choices=["plain", "repeat", "trail"], nargs="+", default=["plain", "repeat"])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve-option", action="append", default=[], help="passed on to `retrospan serve`")
    options = parser.parse_args()
    for shape in options.shape:
        for spans in options.spans:
            row = _row(measure(shape, spans, options.serve_option), floor(shape, spans))
            print(json.dumps(row) if options.json else _line(row), flush=True)


def _row(done: Result, bare: dict[str, float]) -> dict[str, object]:
    return {
        "spans": done.spans,
        "shape": done.shape,
        "bytes_per_span": round(done.raw_bytes / done.spans),
        "spans_per_cpu_s": round(done.rate),
        "floor_spans_per_cpu_s": round(bare["spans_per_cpu_s"]),
        "of_floor": round(done.rate / bare["spans_per_cpu_s"], 3),
        "idle_mb": round(done.idle_mb),
        "peak_mb": round(done.peak_mb),
        "disk_per_byte": round(done.disk_per_byte, 3),
        "floor_disk_per_byte": round(bare["disk_per_byte"], 3),
        "wall_s": round(done.wall_s, 1),
    }


def _line(row: dict[str, object]) -> str:
    return "  ".join(f"{key} {value}" for key, value in row.items())


if __name__ == "__main__":
    main()
