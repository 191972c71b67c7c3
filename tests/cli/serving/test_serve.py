"""`retrospan serve` as people run it: a process, a real exporter, signals, a full disk."""

from __future__ import annotations

import json
import re
import resource
import socket
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest
from google.rpc.status_pb2 import Status as RpcStatus
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from otlp_requests import PROTOBUF, get, post, trace_request
from retrospan.ingest.limits import MIB
from retrospan.model.query import parse_query
from retrospan.model.traces import StepKind
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.search.lines import search
from retrospan.store.settings.tokens import Role, add_token, revoke_token
from served import RETROSPAN, served

QUICK = ("--no-mcp", "--no-background")
_LARGE_TEXT = 300_000


def _run_agent(url: str) -> None:
    """A small agent on the real SDK and exporter."""
    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces", compression=Compression.Gzip)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("agent")
    with (
        tracer.start_as_current_span("invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent"}),
        tracer.start_as_current_span("execute_tool find") as tool,
    ):
        tool.set_attributes(
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "find",
                "gen_ai.tool.call.result": '{"place": "warehouse nine"}',
            }
        )
    provider.shutdown()


def test_spans_of_a_real_exporter_are_there_and_sigterm_ends_well(tmp_path: Path) -> None:
    with served(tmp_path / "store.db", QUICK) as server:
        _run_agent(server.url)
        with open_store(tmp_path / "store.db", read_only=True) as store:
            assert len(search(store, parse_query('"warehouse nine"'), limit=5)) == 1
        assert server.stop() == (0, "")
    with open_store(tmp_path / "store.db") as store:
        steps = get_trace(store, 1).steps
    assert [(step.kind, step.parent) for step in steps] == [(StepKind.AGENT, None), (StepKind.TOOL, 0)]
    assert steps[1].outputs == {"place": "warehouse nine"}


def test_sigterm_finishes_what_was_accepted(tmp_path: Path) -> None:
    statuses: list[int] = []
    with served(tmp_path / "store.db", QUICK) as server:

        def send(number: int) -> None:
            statuses.append(post(server.url, "/v1/traces", trace_request("x" * _LARGE_TEXT, trace=number)).status)

        senders = [threading.Thread(target=send, args=(number,)) for number in range(1, 9)]
        send(9)
        for sender in senders:
            sender.start()
        while len(statuses) < 2:
            senders[0].join(0.01)
        server.process.terminate()
        for sender in senders:
            sender.join()
        assert server.process.wait(60) == 0
    with open_store(tmp_path / "store.db") as store, store.read() as con:
        assert con.execute("SELECT count(*) FROM span").fetchone()[0] >= statuses.count(200)
        assert set(statuses) <= {200, 503}


@pytest.mark.slow
def test_a_sender_that_dawdles_is_told_to_come_back_when_the_server_stops(tmp_path: Path) -> None:
    head = (
        "POST /v1/traces HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n"
    )
    with served(tmp_path / "a.db") as server:
        authority = server.url.removeprefix("http://")
        host, port = authority.split(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(head.format(authority).encode() + b"abc")
            get(server.url, "/healthz")
            code, stderr = server.stop()
            assert slow.recv(4_000).startswith(b"HTTP/1.1 503 ")
        assert code == 0 and "Traceback" not in stderr


def test_a_busy_port_is_explained_with_the_next_free_one(tmp_path: Path) -> None:
    with served(tmp_path / "store.db", QUICK) as server:
        port = int(server.url.rpartition(":")[2])
        command = [RETROSPAN, "serve", "--port", str(port), "--store", str(tmp_path / "other.db")]
        second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode == 3
    said = re.search(
        r"Port (\d+) on 127\.0\.0\.1 is in use.*The next free one is (\d+): use --port (\d+)", second.stderr
    )
    assert said is not None
    assert (int(said[1]), said[2]) == (port, said[3])
    assert int(said[2]) > port
    assert not (tmp_path / "other.db").exists()


def test_beyond_this_machine_a_token_is_needed(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store:
        good = add_token(store, "ci", Role.INGEST)
        wrong_role = add_token(store, "reader", Role.READ)
        with served(tmp_path / "store.db", (*QUICK, "--host", "0.0.0.0")) as server:
            request = trace_request("a walrus")

            def status(**headers: str) -> int:
                return post(server.url, "/v1/traces", request, **headers).status

            assert status() == 401
            assert status(Authorization=f"Bearer {wrong_role}") == 401
            assert status(Authorization=f"Bearer {good[:-1]}{'a' if good[-1] != 'a' else 'b'}") == 401
            assert status(Authorization=f"Bearer {good}") == 200
            revoke_token(store, "ci")
            assert status(Authorization=f"Bearer {good}") == 401


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux only")
def test_a_full_disk_is_said_and_recovered_from(tmp_path: Path) -> None:
    with served(tmp_path / "store.db", QUICK) as server:
        assert post(server.url, "/v1/traces", trace_request("a walrus")).status == 200
        size = max(file.stat().st_size for file in tmp_path.iterdir())
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size + 50_000, resource.RLIM_INFINITY))
        large = trace_request(*(f"heron {n} " + "".join(map(str, range(n, n + 20_000))) for n in range(60)), trace=2)
        refused = post(server.url, "/v1/traces", large)
        assert refused.status == 503, refused.body
        assert refused.headers["retry-after"] == "3"
        assert "store" in RpcStatus.FromString(refused.body).message
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
        assert post(server.url, "/v1/traces", large).status == 200
        assert server.stop()[0] == 0
    with open_store(tmp_path / "store.db") as store, store.read() as con:
        assert con.execute("SELECT count(*) FROM span").fetchone()[0] == 61
        assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_bomb_is_refused_within_the_memory_budget(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(200)) + packer.flush()
    with served(tmp_path / "store.db", QUICK) as server:
        for content_type in (PROTOBUF, "application/json"):
            assert post(server.url, "/v1/traces", bomb, content_type, Content_Encoding="gzip").status == 413
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert get(server.url, "/healthz").status == 200
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    assert int(peak[1]) < 300 * 1024


def test_assistants_are_served_with_a_token_of_their_own(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.db") as store:
        agent, ingest = add_token(store, "assistant", Role.AGENT), add_token(store, "ci", Role.INGEST)
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).encode()
    accept = "application/json, text/event-stream"
    with served(tmp_path / "store.db", ("--no-background",)) as server:

        def ask(token: str) -> tuple[int, bytes]:
            headers = {"Authorization": f"Bearer {token}", "Accept": accept}
            answer = post(server.url, "/mcp", call, "application/json", **headers)
            return answer.status, answer.body

        assert [ask(token)[0] for token in ("", ingest, agent)] == [401, 401, 200]
        assert b"search_traces" in ask(agent)[1]
