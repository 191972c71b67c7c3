"""Small inputs that ask for much are refused, and a server does not wait for ever."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conversations import Builder, says
from otlp_requests import get, post
from retrospan.mcp_server import quota
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.model.errors import QueryError, RefusedError
from retrospan.model.query import MOST_PARTS, parse_query
from retrospan.services.receiving.importing import import_paths
from retrospan.services.serving import bounded_http
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from served import served

pytestmark = pytest.mark.slow
MIB = 1 << 20


def inspect_log(path: Path, times: int, size: int) -> Path:
    messages = [{"role": "user", "content": "attachment://a", "id": f"m{i}"} for i in range(times)]
    sample = {"id": "s", "epoch": 1, "uuid": "u", "messages": messages, "attachments": {"a": "x" * size}}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"version": 2, "eval": {"task": "t", "model": "m"}, "plan": {}}))
        archive.writestr("samples/s_epoch_1.json", json.dumps(sample))
    return path


def peak_of(*command: str) -> tuple[int, str]:
    """MiB that an import took at most, and what it printed. `ru_maxrss` would begin with what the tests hold."""
    code = (
        "import re, sys; from retrospan.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "held = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
        "sys.stderr.write(f'\\nPEAK {int(held) // 1024}')"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr, done.stderr[-2_000:]
    return int(done.stderr.rpartition("PEAK ")[2]), done.stdout + done.stderr


def test_attachments_count_each_time_they_are_named(tmp_path: Path) -> None:
    bomb = inspect_log(tmp_path / "bomb.eval", 3_000, MIB)
    peak, said = peak_of("import", str(bomb), "--store", str(tmp_path / "s.db"))
    assert peak < 300, said
    assert "limit" in said
    fair = inspect_log(tmp_path / "fair.eval", 20, 10_000)
    assert "1 new traces" in peak_of("import", str(fair), "--store", str(tmp_path / "s.db"))[1]


def test_one_number_does_not_stop_an_import(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "runs.jsonl"
    numbers = ["1", "9" * 310, "9" * 30, "-" + "9" * 25, "9" * 5_000, "1e999", "2"]
    said = '"messages": [{"role": "user", "content": "hi", "timestamp": NUMBER}]'
    form = '{"id": "rINDEX", "metadata": {"n": NUMBER}, SAID}'.replace("SAID", said)
    lines = [form.replace("INDEX", str(i)).replace("NUMBER", number) for i, number in enumerate(numbers)]
    path.write_text("\n".join(lines))
    report = import_paths(store, [path])
    assert (report.traces, report.errors) == (7, [])
    assert "9" * 310 in repr(get_trace(store, 2))


def test_a_wide_number_over_otlp_keeps_its_request(tmp_path: Path) -> None:
    wide = [{"key": "wide", "value": {"intValue": "9" * 30}}]
    spans = [
        {
            "traceId": "ab" * 16,
            "spanId": f"{i:016x}",
            "name": "s",
            "startTimeUnixNano": "1",
            "attributes": wide if i == 1 else [],
        }
        for i in range(1, 4)
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    with served(tmp_path / "s.db", ("--no-background",)) as server:
        assert post(server.url, "/v1/traces", body, "application/json").status == 200


def test_too_many_calls_in_a_message_are_refused(tmp_path: Path) -> None:
    calls = [{"id": f"c{i}", "name": "x", "arguments": {}} for i in range(100_000)]
    line = {"id": "r", "messages": [{"role": "assistant", "content": "", "tool_calls": calls}]}
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps(line) + '\n{"id": "ok", "messages": [{"role": "user", "content": "hi"}]}')
    peak, said = peak_of("import", str(path), "--store", str(tmp_path / "s.db"))
    assert "100,000 tool calls" in said and "1 new traces" in said and peak < 300


def test_large_runs_are_looked_at_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("w") as file:
        for number in range(16):
            texts = [f"{number} {i} " + f"word{i} " * 60_000 for i in range(12)]
            messages = [{"role": "user" if i % 2 else "assistant", "content": text} for i, text in enumerate(texts)]
            file.write(json.dumps({"id": f"r{number}", "messages": messages}) + "\n")
    peak, said = peak_of("import", str(path), "--store", str(tmp_path / "s.db"))
    assert "16 new traces" in said and peak <= 300, peak


def test_a_search_line_of_thousands_of_words_is_named_as_such() -> None:
    with pytest.raises(QueryError, match="5,000 words and filters"):
        parse_query("a " * 5_000)
    parse_query("a " * MOST_PARTS)


def test_an_assistant_may_queue_so_much_and_no_more(
    store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    traces.add(says("user", "hi"))
    monkeypatch.setattr(quota, "MOST_OF_ONE", quota.MOST_OF_ONE._replace(items=3))
    monkeypatch.setattr(quota, "MOST_OF_ALL", quota.MOST_OF_ALL._replace(items=4))
    tools = load_tools()

    def ask(number: int, client: str) -> str:
        return run_tool(
            Caller(store, client=client), tools, "request_review", {"trace": "T1", "question": f"Q{number}?"}
        )

    for number in range(3):
        ask(number, "one")
    with pytest.raises(RefusedError, match="3 questions"):
        ask(9, "one")
    ask(10, "two")
    with pytest.raises(RefusedError, match="4 questions"):
        ask(11, "three")


@pytest.mark.parametrize(
    "chunk", [b"", b"10000\r\n" + b"x" * 0x10000 + b"\r\n"], ids=["half a head", "a body without end"]
)
def test_a_connection_that_never_ends_is_ended(tmp_path: Path, chunk: bytes) -> None:
    head = b"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    if chunk:
        head += b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served(tmp_path / "s.db", ("--no-background", "--max-request-mib", "1")) as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as sock:
            sock.sendall(head)
            started = time.monotonic()
            with pytest.raises(OSError):
                while time.monotonic() - started < 60:
                    if chunk:
                        sock.sendall(chunk)
                    elif sock.recv(1) == b"":
                        raise ConnectionResetError
        assert time.monotonic() - started < bounded_http.HEAD_SECONDS + 25
        assert get(server.url, "/healthz").status == 200


@pytest.mark.parametrize(
    ("line", "code"),
    [("no json", -32700), ('{"jsonrpc": "2.0"}', -32600), ("[1, 2", -32700), ("\x00", -32700)],
)
def test_mcp_answers_lines_that_are_no_message(tmp_path: Path, line: str, code: int) -> None:
    ids = [answer.get("error", {}).get("code") for answer in frames(tmp_path, line)]
    assert code in ids


def test_mcp_answers_a_call_with_half_a_character(tmp_path: Path) -> None:
    given = {"name": "search_traces", "arguments": {"query": "\ud800 x"}}
    call = json.dumps({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": given})
    assert "\\ud800" in call
    (answer,) = [answer for answer in frames(tmp_path, call, until=5) if answer.get("id") == 5]
    assert answer["result"]["content"]


def frames(tmp_path: Path, *lines: str, until: object = "last") -> list[dict[str, Any]]:
    client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    said = [
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client}),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        *lines,
        json.dumps({"jsonrpc": "2.0", "id": "last", "method": "ping"}),
    ]
    command = [sys.executable, "-m", "retrospan.cli", "mcp", "--store", str(tmp_path / "s.db")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n".join(said) + "\n")
        process.stdin.flush()
        found: list[dict[str, Any]] = []
        for answer in process.stdout:
            found.append(json.loads(answer))
            if found[-1].get("id") == until:
                break
        process.stdin.close()
        process.wait(timeout=30)
    return found
