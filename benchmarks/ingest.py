"""OTLP ingest: spans per CPU second until they are found, memory and disk, beside the floor in the same run.

    python benchmarks/ingest.py                              10 k spans, both shapes
    python benchmarks/ingest.py --spans 10000 100000 1000000

Batches of 512 go to `retrospan serve` over real OTLP/HTTP, redaction on. CPU is that of the whole server process tree
(user and system), from the first request until a word search finds the last span.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from otlp_spans import LAST_WORD, SpanSource
from retrospan.store.connection import open_store
from retrospan.store.query import parse_query
from retrospan.store.search import search

HERE = Path(__file__).parent
_TICKS = os.sysconf("SC_CLK_TCK")
_FLOOR_MOST = 100_000
_RETRY_S = 0.2
_FOUND_WITHIN_S = 60


@dataclass(frozen=True)
class Result:
    """One run."""

    spans: int
    repeat: bool
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


def measure(spans: int, *, repeat: bool, extra: list[str]) -> Result:
    """Start a server on an empty store, send, wait until the last span is found, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        command = [str(Path(sys.executable).with_name("retrospan")), "serve", "--port", "0", "--store", str(path)]
        with subprocess.Popen([*command, *extra], stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            address = re.search(r"http://([\d.]+):(\d+)", server.stdout.readline())
            assert address is not None
            connection = _connect(address[1], int(address[2]))
            idle_mb, cpu_before, began = _memory(server.pid, "VmRSS"), _cpu(server.pid), time.monotonic()
            raw_bytes = sum(_send(connection, body) for body in SpanSource(repeat=repeat).batches(spans))
            _wait_until_found(path)
            cpu_s, wall_s = _cpu(server.pid) - cpu_before, time.monotonic() - began
            peak_mb = _memory(server.pid, "VmHWM")
            server.send_signal(signal.SIGTERM)
            assert server.wait() == 0
        disk = sum(file.stat().st_size for file in Path(folder).iterdir())
        return Result(spans, repeat, raw_bytes, cpu_s, wall_s, idle_mb, peak_mb, disk)


def floor(spans: int, *, repeat: bool) -> dict[str, float]:
    """The bare work in a process of its own."""
    command = [sys.executable, str(HERE / "ingest_floor.py"), str(min(spans, _FLOOR_MOST))]
    done = subprocess.run([*command, *(["--repeat"] if repeat else [])], check=True, capture_output=True, text=True)
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
    while True:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        response = connection.getresponse()
        answer = response.read()
        if response.status == 200:
            assert answer == b"", answer
            return len(body)
        assert response.status in (429, 503), (response.status, answer)
        time.sleep(_RETRY_S)


def _wait_until_found(path: Path) -> None:
    give_up = time.monotonic() + _FOUND_WITHIN_S
    with open_store(path, read_only=True) as store:
        while not search(store, parse_query(LAST_WORD), limit=1):
            if time.monotonic() > give_up:
                raise SystemExit(f"{LAST_WORD!r} is not found: a span that was acknowledged is missing.")
            time.sleep(_RETRY_S)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        found.extend(map(int, children))
    return found


def _cpu(pid: int) -> float:
    seconds = 0.0
    for process in _tree(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / _TICKS
    return seconds


def _memory(pid: int, field: str) -> float:
    """Megabytes over the tree."""
    total = 0
    for process in _tree(pid):
        found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        total += int(found[1]) if found else 0
    return total / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, nargs="+", default=[10_000])
    parser.add_argument("--shape", choices=["plain", "repeat", "both"], default="both")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve-option", action="append", default=[], help="passed on to `retrospan serve`")
    options = parser.parse_args()
    shapes = {"plain": [False], "repeat": [True], "both": [False, True]}[options.shape]
    rows = []
    for repeat in shapes:
        for spans in options.spans:
            bare = floor(spans, repeat=repeat)
            done = measure(spans, repeat=repeat, extra=options.serve_option)
            rows.append(_row(done, bare))
            print(rows[-1] if options.json else _line(rows[-1]), flush=True)


def _row(done: Result, bare: dict[str, float]) -> dict[str, object]:
    return {
        "spans": done.spans,
        "shape": "repeat" if done.repeat else "plain",
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
