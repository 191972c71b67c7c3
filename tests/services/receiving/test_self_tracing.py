"""Our own spans: sent when asked, without any text of a run, and refused by our own receiver."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import anyio
import pytest
from conversations import Builder, says
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from otlp_requests import post, trace_request
from retrospan.services.receiving.self_tracing import SELF_MARK
from retrospan.services.serving.application import ServeOptions, serving
from retrospan.store.contract import Store


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """Another backend: its address and the bodies that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", bodies
        server.shutdown()
        thread.join()


def use_tools(store: Path, *options: str, endpoint: str) -> None:
    """Start `retrospan mcp` as a client does, call two tools, hang up."""
    code = "from retrospan.cli.main import main; main()"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    server = StdioServerParameters(
        command=sys.executable, args=["-c", code, "mcp", "--store", str(store), *options], env=environment
    )

    async def dialogue() -> None:
        async with Client(server) as client:
            await client.call_tool("search_traces", {"query": "walrus"})
            await client.call_tool("get_trace", {"trace": "T99"})

    anyio.run(dialogue)


def test_every_call_is_a_span_without_text_of_runs(
    store: Store, traces: Builder, collector: tuple[str, list[bytes]]
) -> None:
    traces.add(says("user", "a walrus in the warehouse"))
    endpoint, bodies = collector
    use_tools(Path(store.location), "--otel", endpoint=endpoint)
    requests = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    resources = [resource for request in requests for resource in request.resource_spans]
    names = [span.name for resource in resources for scope in resource.scope_spans for span in scope.spans]
    assert {"tools/call search_traces", "tools/call get_trace"} <= set(names)
    assert all(any(pair.key == SELF_MARK for pair in resource.resource.attributes) for resource in resources)
    assert b"walrus" not in b"".join(bodies)


def test_nothing_is_sent_unasked(store: Store, collector: tuple[str, list[bytes]]) -> None:
    endpoint, bodies = collector
    use_tools(Path(store.location), endpoint=endpoint)
    assert bodies == []


def test_our_own_receiver_refuses_our_own_spans(store: Store) -> None:
    own = ExportTraceServiceRequest.FromString(trace_request("stored", "twice"))
    own.resource_spans[0].resource.attributes.add(key=SELF_MARK).value.bool_value = True
    own.MergeFromString(trace_request("another's", trace=2))
    with serving(store, ServeOptions(background=False)) as url:
        answer = post(url, "/v1/traces", own.SerializeToString())
    told = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert told.rejected_spans == 2
    assert "another backend" in told.error_message
    with store.read() as con:
        assert con.execute("SELECT count(*) FROM span").fetchone()[0] == 1


def test_the_exporter_is_loaded_only_when_asked() -> None:
    code = (
        "import sys, json\n"
        "from retrospan.services.receiving.self_tracing import tracing_itself\n"
        "with tracing_itself(False): pass\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('opentelemetry.sdk')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
