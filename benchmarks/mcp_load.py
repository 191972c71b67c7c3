"""64 HTTP clients at once on a store of 100,000 spans, reading and proposing: errors, latencies, memory.

    python benchmarks/mcp_load.py [--spans 100000] [--clients 64] [--calls 15] [--rounds 5]

The server is `retrospan serve` in a process of its own, the clients are the Python SDK's, each with a connection and a
name of its own. Memory is the server's after each round of calls; it is flat when the rounds differ little.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import anyio
import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from otlp_spans import SpanSource
from processes import memory_of_tree
from retrospan.ingest.otlp.receiver import Delivery
from retrospan.services.receiving.deliveries import Receiving
from retrospan.services.serving.listening import listen
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.settings.tokens import Role, add_token
from retrospan.store.traces.revisions import refresh

PROTOBUF = "application/x-protobuf"
Call = tuple[str, dict[str, Any]]
Timings = list[tuple[str, float]]


def main() -> None:
    """Fill a store, serve it, call it, and print what happened."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--spans", type=int, default=100_000)
    options.add_argument("--clients", type=int, default=64)
    options.add_argument("--calls", type=int, default=15, help="of each client in a round")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--store", type=Path, help="kept, and filled only where it is new")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = chosen.store or Path(folder) / "store.db"
        filled = place.exists()
        with open_store(place) as store:
            traces = _count(store) if filled else _fill(store, chosen.spans)
            tokens = [
                add_token(store, f"{secrets.token_hex(4)}-{number}", Role.AGENT) for number in range(chosen.clients)
            ]
        print(f"{chosen.spans} spans in {traces} runs, {chosen.clients} clients", flush=True)
        with _served(place) as (url, pid):
            print(f"server at rest: {memory_of_tree(pid, 'VmRSS'):.0f} MB", flush=True)
            for number in range(chosen.rounds):
                began = time.monotonic()
                timings, errors = anyio.run(_round, url, tokens, traces, chosen.calls, number)
                wall_s = time.monotonic() - began
                _report(number, timings, errors, wall_s, memory_of_tree(pid, "VmRSS"))


def _fill(store: Store, spans: int) -> int:
    receiving = Receiving(store)
    receiving.start()
    for body in SpanSource(repeat=False).batches(spans):
        receiving.submit(Delivery("traces", body, PROTOBUF)).result()
    receiving.close()
    refresh(store)
    return _count(store)


def _count(store: Store) -> int:
    with store.read() as con:
        return int(con.execute("SELECT count(*) FROM trace").fetchone()[0])


class _served:  # noqa: N801
    """`retrospan serve` on a free port, ended with the block. Gives its address and process id."""

    def __init__(self, place: Path) -> None:
        with listen("127.0.0.1", 0) as sock:
            self._port = sock.getsockname()[1]
        program = str(Path(sys.executable).with_name("retrospan"))
        command = [program, "serve", "--store", str(place), "--port", str(self._port), "--no-background"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ)

    def __enter__(self) -> tuple[str, int]:
        assert self._process.stdout is not None
        self._process.stdout.readline()
        while True:
            try:
                httpx2.get(f"http://127.0.0.1:{self._port}/healthz").raise_for_status()
                break
            except httpx2.TransportError:
                time.sleep(0.2)
        return f"http://127.0.0.1:{self._port}/mcp", self._process.pid

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=60)


async def _round(url: str, tokens: list[str], traces: int, calls: int, number: int) -> tuple[Timings, list[str]]:
    timings: Timings = []
    errors: list[str] = []

    async def use(client: int, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=300) as http,
            Client(streamable_http_client(url, http_client=http)) as connected,
        ):
            for tool, arguments in _calls(Random(f"{number}:{client}"), traces, calls):
                began = time.monotonic()
                result = await connected.call_tool(tool, arguments)
                timings.append((tool, time.monotonic() - began))
                if result.is_error:
                    errors.append(f"{tool}{arguments}: {result.content}")

    async with anyio.create_task_group() as group:
        for client, token in enumerate(tokens):
            group.start_soon(use, client, token)
    return timings, errors


def _calls(random: Random, traces: int, count: int) -> Iterator[Call]:
    """Of ten calls three search, three read, one explains, one compares, one asks people and one proposes."""
    for number in range(count):
        trace, other = (f"T{random.randint(1, traces)}" for _ in range(2))
        choices: list[Call] = [
            ("search_traces", {"query": random.choice(("timed out", "tool:tool_2", "status:error", "heron"))}),
            ("get_trace", {"trace": trace}),
            ("open_case", {"trace": trace}),
            ("diff_traces", {"left": trace, "right": other}),
            ("request_review", {"trace": trace, "question": f"Was step {number} right for {other}?"}),
            ("propose_verdict", {"subject": trace, "label": "pass", "explanation": "Nothing speaks against it."}),
        ]
        yield random.choices(choices, (3, 3, 1, 1, 1, 1))[0]


def _report(number: int, timings: Timings, errors: list[str], wall_s: float, memory: float) -> None:
    seconds = sorted(taken for _, taken in timings)
    p50, p95, last = (seconds[min(int(len(seconds) * part), len(seconds) - 1)] for part in (0.5, 0.95, 1))
    print(
        f"round {number + 1}: {len(timings)} calls, {len(errors)} errors, {len(timings) / wall_s:.0f} calls/s, "
        f"p50 {p50:.2f} s, p95 {p95:.2f} s, longest {last:.2f} s, server {memory:.0f} MB",
        flush=True,
    )
    for error in errors[:3]:
        print(f"  {error[:300]}", flush=True)


if __name__ == "__main__":
    main()
