"""The same bytes into other products, each from an environment of its own: spans per CPU second until they are visible.

    python benchmarks/ingest_peers.py phoenix /path/to/venv/bin/phoenix --spans 10000
    python benchmarks/ingest_peers.py mlflow /path/to/venv/bin/mlflow --spans 10000

Phoenix answers before it writes, so visible means: its span count has reached what was sent. MLflow writes first.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from otlp_spans import SpanSource
from processes import cpu_of_tree, memory_of_tree
from retrospan.services.serving.listening import listen

_START_S = 180
_POLL_S = 1.0
_COUNT = "{projects{edges{node{recordCount}}}}"


def measure(peer: str, program: str, spans: int, *, repeat: bool) -> dict[str, object]:
    """Start the peer on an empty store, send, wait until all spans are visible, stop it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = _free_port()
        server = subprocess.Popen(
            _command(peer, program, port, folder),
            cwd=folder,
            env={**os.environ, **_environment(peer, port, folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_ready(port)
            idle_mb, cpu_before, began = memory_of_tree(server.pid, "VmRSS"), cpu_of_tree(server.pid), time.monotonic()
            raw = sum(_send(port, body) for body in SpanSource(repeat=repeat).batches(spans))
            while peer == "phoenix" and _phoenix_spans(port) < spans:
                time.sleep(_POLL_S)
            cpu_s, wall_s = cpu_of_tree(server.pid) - cpu_before, time.monotonic() - began
            peak_mb = memory_of_tree(server.pid, "VmHWM")
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)
        disk = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return {
        "peer": peer,
        "spans": spans,
        "shape": "repeat" if repeat else "plain",
        "spans_per_cpu_s": round(spans / cpu_s),
        "idle_mb": round(idle_mb),
        "peak_mb": round(peak_mb),
        "disk_per_byte": round(disk / raw, 3),
        "wall_s": round(wall_s, 1),
    }


def _command(peer: str, program: str, port: int, folder: str) -> list[str]:
    if peer == "phoenix":
        return [program, "serve"]
    store = f"sqlite:///{folder}/mlflow.db"
    return [program, "server", "--backend-store-uri", store, "--host", "127.0.0.1", "--port", str(port)]


def _environment(peer: str, port: int, folder: str) -> dict[str, str]:
    if peer == "mlflow":
        return {}
    return {
        "PHOENIX_WORKING_DIR": folder,
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(_free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }


def _free_port() -> int:
    with listen("127.0.0.1", 0) as sock:
        port: int = sock.getsockname()[1]
        return port


def _ask(port: int, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {"Content-Type": kind, "x-mlflow-experiment-id": "0"} if kind else {}
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _wait_until_ready(port: int) -> None:
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up:
        try:
            if _ask(port, "GET", "/healthz")[0] < 500 or _ask(port, "GET", "/health")[0] < 500:
                return
        except OSError:
            time.sleep(_POLL_S)
    raise SystemExit("The peer did not start.")


def _send(port: int, body: bytes) -> int:
    while True:
        status, answer = _ask(port, "POST", "/v1/traces", body, "application/x-protobuf")
        if status == 200:
            return len(body)
        if status not in (429, 503):
            raise SystemExit(f"The peer answered {status}: {answer[:300]!r}")
        time.sleep(_POLL_S)


def _phoenix_spans(port: int) -> int:
    _, answer = _ask(port, "POST", "/graphql", json.dumps({"query": _COUNT}).encode(), "application/json")
    projects = json.loads(answer)["data"]["projects"]["edges"]
    return sum(edge["node"]["recordCount"] for edge in projects)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=["phoenix", "mlflow"])
    parser.add_argument("program")
    parser.add_argument("--spans", type=int, default=10_000)
    parser.add_argument("--repeat", action="store_true")
    options = parser.parse_args()
    print(json.dumps(measure(options.peer, options.program, options.spans, repeat=options.repeat)))
