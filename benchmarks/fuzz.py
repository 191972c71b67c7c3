"""Throw mutated input at the ways in for some minutes: import formats, OTLP JSON, search lines and SQL, tools, MCP
frames, the forms of the review page.

    uv run python benchmarks/fuzz.py --seconds 300

A trial is right when it ends in an answer or in one of our own errors. Anything else is printed with its seed, which
repeats it. Prints a line a face: trials, errors of ours, faults.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
from retrospan.ingest.formats.detect import FORMATS
from retrospan.ingest.formats.read import read_path
from retrospan.ingest.limits import DEFAULT_LIMITS
from retrospan.ingest.otlp.json_form import read_spans
from retrospan.ingest.otlp.raw import Bounds
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.model.errors import RetrospanError
from retrospan.model.query import parse_query
from retrospan.model.text.jsontext import as_text
from retrospan.model.traces import Message, Span, SpanBatch, StepKind
from retrospan.page.app import build_page
from retrospan.page.signing_in import FrontDoor
from retrospan.services.finding.asking import ask
from retrospan.services.finding.listing import list_traces
from retrospan.services.receiving.importing import import_paths
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.people import add_reviewer, unlock_reviewer
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from retrospan.trust.keys import KdfCost

_SQL = (
    "SELECT run , task , count(*) FROM runs JOIN steps USING (run) WHERE words(run,'refund') AND text regexp 'a+' "
    "OR json_extract(tools,'$[0]') IS NULL AND attr(run,'x') LIKE '%' GROUP BY run ORDER BY 1 LIMIT 5 WITH RECURSIVE"
)
SEEDS = Path(__file__).resolve().parents[1] / "tests" / "data" / "formats"
ODD: list[Any] = [
    *(None, True, -1, 0, 2**53, 2**64, 10**30, 1e308, float("nan"), -0.0, [], {}, [[]] * 50, {"a": {"b": [1]}}),
    *("", "\0", "\ud800", "9" * 400, "x" * 70_000, "'", '"', "\x1b]0;x\x07", "[" * 200, "../../etc/passwd", "%s%n"),
    *(
        "🙂\u202e",
        "1e999",
        "2026-13-45T99:99:99Z",
        "NEAR(",
        "OR",
        "NOT",
        "*",
        "tool:",
        "-",
        "since:9999999d",
        ":",
        "null",
    ),
]


def mutated(value: Any, rng: random.Random, depth: int = 0) -> Any:
    """A copy of a JSON value with some parts exchanged, dropped, repeated or made odd."""
    if rng.random() < 0.04:
        return rng.choice(ODD)
    if isinstance(value, dict):
        items = [(key, mutated(item, rng, depth + 1)) for key, item in value.items() if rng.random() > 0.02]
        if items and rng.random() < 0.03:
            items.append((str(rng.choice(ODD)), rng.choice(items)[1]))
        return dict(items)
    if isinstance(value, list):
        kept = [mutated(item, rng, depth + 1) for item in value if rng.random() > 0.02]
        return kept * rng.choice((1, 1, 1, 1, 2)) if len(kept) < 500 else kept
    if isinstance(value, str) and rng.random() < 0.05:
        at = rng.randint(0, len(value))
        return value[:at] + str(rng.choice(ODD)) + value[at:]
    return value


def noisy(data: bytes, rng: random.Random) -> bytes:
    """Bytes with some flipped, cut or put in twice."""
    body = bytearray(data)
    for _ in range(rng.choice((0, 0, 1, 3))):
        if body:
            body[rng.randrange(len(body))] = rng.randrange(256)
    return bytes(body[: rng.randrange(len(body) + 1)]) if rng.random() < 0.05 else bytes(body)


class Page:
    """The review page as a signed-in browser sends to it, over real HTTP messages in this process."""

    def __init__(self, store: Store) -> None:
        add_reviewer(store, "Ada", _PASSPHRASE, pin=True, cost=KdfCost(n=2**10))
        for number in range(20):
            request_review(store, 1, f"Was it right, {number}?", by="agent:x")
        self._door = FrontDoor(store, unlock_reviewer("Ada", _PASSPHRASE))
        transport = httpx2.ASGITransport(app=build_page(store, self._door, hosts=("page.test",)))
        self._browser = httpx2.AsyncClient(transport=transport, base_url="http://page.test")
        self._token = ""

    async def send(self, rng: random.Random) -> None:
        if not self._token or rng.random() < 0.01:
            await self._browser.post("/sign-in", data={"name": "Ada", "passphrase": _PASSPHRASE})
            page = (await self._browser.get("/mine")).text
            self._token = (re.search(r'name="form_token" value="([^"]*)"', page) or ["", ""])[1]
        path = rng.choice(_PATHS).format(item=rng.choice((*range(1, 21), 0, 99, 2**70, "x", "%00", "-1")))
        words = ["pass", "fail", "high", "yes", self._token, _PASSPHRASE, "Ada", *(as_text(odd) for odd in ODD)]
        form = {name: rng.choice(words) for name in _FIELDS if rng.random() < 0.6}
        if rng.random() < 0.7:
            form["form_token"] = self._token
        body = noisy(urlencode(form, errors="surrogatepass").encode(), rng)
        kind = rng.choice(
            ["application/x-www-form-urlencoded"] * 8 + ["multipart/form-data; boundary=x", "text/plain", ""]
        )
        if rng.random() < 0.3:
            answer = await self._browser.get(
                path, params={"find": rng.choice(words)[:3_000].encode("utf-8", "replace")}
            )
        else:
            answer = await self._browser.post(path, content=body, headers={"Content-Type": kind})
        if answer.status_code == 401:
            self._token = ""  # it went to /sign-out
        if answer.status_code >= 500:
            raise AssertionError(f"{answer.status_code} for {path}")


_PASSPHRASE = "four plain words here"
_FIELDS = [
    *("form_token", "label", "severity", "reason", "expected", "seen", "passkey", "proof", "why", "ask", "name", "to"),
    *("passphrase", "again", "decides", "text", "item", "items", "stop", "criterion.outcome"),
]
_PATHS = [
    *("/", "/sign-in", "/sign-out", "/invite/%C3%A9", "/skip", "/mine", "/passkey", "/passkey/options", "/static/x"),
    *("/item/{item}", "/item/{item}/answer", "/item/{item}/undo", "/item/{item}/decides", "/item/{item}/skip"),
    *("/item/{item}/ask", "/item/{item}/sign", "/item/{item}/save", "/item/{item}/leave", "/item/{item}/reply"),
    *("/item/{item}/again", "/item/{item}/passkey", "/item/{item}/run/1/step/{item}", "/item/1/run/{item}/step/1"),
]


class Fuzzer:
    """The faces, each with the seeds that it mutates."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store = store
        span = Span("page", "a1", "chat", StepKind.LLM, sequence=0, started_at_ns=1_000)
        commit_batch(store, SpanBatch([replace(span, input_messages=(Message("user", "Refund?"),))]))
        refresh(store)
        self.pages = Page(store)
        self.loop = asyncio.new_event_loop()
        self.tools = load_tools()
        command = [sys.executable, "-m", "retrospan.cli", "mcp", "--store", store.location]
        self.server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "fuzz", "version": "1"}}
        assert self.server.stdin is not None
        self.server.stdin.write(_dumped({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client}) + b"\n")
        self.server.stdin.write(_dumped({"jsonrpc": "2.0", "method": "notifications/initialized"}) + b"\n")
        self.pings = 0
        self.path = folder / "case.jsonl"
        self.files = [
            (file.stem, [json.loads(line) for line in file.read_text().splitlines()])
            for file in sorted(SEEDS.glob("*.jsonl"))
        ]

    def reading(self, rng: random.Random) -> None:
        name, records = rng.choice(self.files)
        self._write(records, rng)
        for _ in read_path(self.path, name if name in {*map(str, FORMATS)} and rng.random() < 0.5 else "auto"):
            pass

    def importing(self, rng: random.Random) -> None:
        self._write(rng.choice(self.files)[1], rng)
        report = import_paths(self.store, [self.path])
        if faults := [error.what for error in report.errors if "fault of Retrospan" in error.what]:
            raise AssertionError(faults[0])

    def otlp(self, rng: random.Random) -> None:
        value = {"stringValue": "x", "intValue": "7", "doubleValue": 1.5, "arrayValue": {"values": [{"intValue": 3}]}}
        attributes = [{"key": f"gen_ai.{i}", "value": {name: part}} for i, (name, part) in enumerate(value.items())]
        span = {
            "traceId": "ab" * 16,
            "spanId": "cd" * 8,
            "name": "chat",
            "startTimeUnixNano": "1",
            "attributes": attributes,
        }
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [span, span]}]}]}
        for _ in read_spans(noisy(_dumped(mutated(body, rng)), rng), Bounds(DEFAULT_LIMITS)):
            pass

    def query(self, rng: random.Random) -> None:
        words = ["refund", "tool:x", '"a b"', "-y", "cost:>1", "since:7d", "mode:any", *map(str, ODD)]
        line = rng.choice((" ", "", ":")).join(rng.choice(words)[:300] for _ in range(rng.randint(0, 12)))
        parse_query(line)
        list_traces(self.store, line, limit=5)

    def sql(self, rng: random.Random) -> None:
        words = _SQL.split()
        for _ in range(rng.choice((0, 0, 1, 1, 2, 6))):
            words[rng.randrange(len(words))] = rng.choice((*_SQL.split(), *(as_text(odd)[:200] for odd in ODD)))
        ask(self.store, " ".join(words[: rng.choice((len(words) - 2, rng.randint(1, len(words))))]))

    def page(self, rng: random.Random) -> None:
        self.loop.run_until_complete(self.pages.send(rng))

    def tool(self, rng: random.Random) -> None:
        name, tool = rng.choice(list(self.tools.items()))
        given = {
            key: rng.choice((*ODD, "T1", "T1.0", "R1", "refund"))
            for key in tool.schema["properties"]
            if rng.random() < 0.7
        }
        run_tool(Caller(self.store), self.tools, name, given)

    def frame(self, rng: random.Random) -> None:
        """One odd line to a server on stdin, then a ping: it has to be answered, whatever the line was."""
        good: dict[str, Any] = {"jsonrpc": "2.0", "id": 7, "method": "tools/call",
                                "params": {"name": "search_traces", "arguments": {"query": "refund"}}}  # fmt: skip
        line = noisy(_dumped(mutated(good, rng)), rng).replace(b"\n", b" ")
        self.pings += 1
        ping = _dumped({"jsonrpc": "2.0", "id": f"ping-{self.pings}", "method": "ping"})
        assert self.server.stdin is not None and self.server.stdout is not None
        self.server.stdin.write(line + b"\n" + ping + b"\n")
        self.server.stdin.flush()
        for answer in self.server.stdout:
            if f'"ping-{self.pings}"'.encode() in answer:
                return
        raise AssertionError("the server ended")

    def _write(self, records: list[Any], rng: random.Random) -> None:
        lines = b"\n".join(_dumped(mutated(record, rng)) for record in records)
        self.path.write_bytes(noisy(lines, rng))


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def fuzz(seconds: float, first_seed: int) -> int:
    """Run all faces in turn; returns how many faults there were."""
    trials, refused, faults = Counter[str](), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as name, open_store(Path(name) / "store.db") as store:
        os.environ["RETROSPAN_CONFIG_DIR"] = str(Path(name) / "config")
        fuzzer = Fuzzer(Path(name), store)
        faces: dict[str, Callable[[random.Random], None]] = {
            "reading": fuzzer.reading,
            "importing": fuzzer.importing,
            "OTLP JSON": fuzzer.otlp,
            "search lines": fuzzer.query,
            "SQL": fuzzer.sql,
            "page forms": fuzzer.page,
            "tools": fuzzer.tool,
            "MCP frames": fuzzer.frame,
        }
        end, seed = time.monotonic() + seconds, first_seed
        while time.monotonic() < end:
            seed += 1
            for face, trial in faces.items():
                trials[face] += 1
                try:
                    trial(random.Random(seed))
                except RetrospanError as err:
                    refused[face] += 1
                    if "reason of its own" in str(err):
                        faults[face] += 1
                        print(f"{face}, seed {seed}: {err}", file=sys.stderr)
                except Exception as err:
                    faults[face] += 1
                    print(f"{face}, seed {seed}: {type(err).__name__}: {str(err)[:300]}", file=sys.stderr)
        fuzzer.server.kill()
        fuzzer.server.communicate()
    for face in trials:
        print(f"{face:<14} {trials[face]:>8,} trials {refused[face]:>8,} refused {faults[face]:>4} faults")
    return sum(faults.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sys.exit(1 if fuzz(options.seconds, options.seed) else 0)
