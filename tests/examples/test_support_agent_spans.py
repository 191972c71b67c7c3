"""The support agent's spans: the GenAI conventions with content, by the real exporter."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from retrospan.examples.support_agent.app import run_workload


@pytest.fixture(scope="module")
def spans() -> tuple[ReadableSpan, ...]:
    exporter = InMemorySpanExporter()
    for _ in run_workload("v1", exporter=exporter):
        pass
    return exporter.get_finished_spans()


def operation(span: ReadableSpan) -> str:
    return str((span.attributes or {})["gen_ai.operation.name"])


def attribute(span: ReadableSpan, name: str) -> Any:
    value = (span.attributes or {})[name]
    return json.loads(value) if isinstance(value, str) and value[:1] in "[{" else value


def test_each_request_is_one_trace_with_an_agent_at_its_root(spans: tuple[ReadableSpan, ...]) -> None:
    roots = [span for span in spans if span.parent is None]
    assert {operation(span) for span in roots} == {"invoke_agent"}
    assert len({span.context.trace_id for span in spans}) == len(roots) == 40
    assert len({attribute(span, "gen_ai.conversation.id") for span in roots}) == 36
    assert all(span.resource.attributes["service.version"] == "v1" for span in spans)


def test_no_run_reports_a_failure_and_every_run_answers(spans: tuple[ReadableSpan, ...]) -> None:
    roots = [span for span in spans if span.parent is None]
    assert not [span for span in roots if not span.status.is_ok]
    assert all(attribute(span, "gen_ai.output.messages")[0]["parts"][0]["content"] for span in roots)


def test_failed_tools_are_errors_of_their_own_span(spans: tuple[ReadableSpan, ...]) -> None:
    errors = Counter(str(attribute(span, "error.type")) for span in spans if not span.status.is_ok)
    assert errors == {"provider_timeout": 3, "order_not_found": 1}


def test_a_call_of_the_model_carries_what_it_saw_and_said(spans: tuple[ReadableSpan, ...]) -> None:
    chat = next(
        span for span in spans if operation(span) == "chat" and len(attribute(span, "gen_ai.input.messages")) > 2
    )
    assert "support agent of Ridgeline" in attribute(chat, "gen_ai.system_instructions")[0]["content"]
    seen = attribute(chat, "gen_ai.input.messages")
    assert [message["role"] for message in seen[:3]] == ["user", "assistant", "tool"]
    assert seen[1]["parts"][0]["type"] == "tool_call"
    assert seen[2]["parts"][0]["id"] == seen[1]["parts"][0]["id"]
    assert attribute(chat, "gen_ai.usage.input_tokens") > 100
    assert {tool["name"] for tool in attribute(chat, "gen_ai.tool.definitions")} >= {"lookup_order", "issue_refund"}


def test_a_search_keeps_its_documents_in_order(spans: tuple[ReadableSpan, ...]) -> None:
    search = next(span for span in spans if operation(span) == "retrieval")
    documents = attribute(search, "gen_ai.retrieval.documents")
    assert [set(document) for document in documents] == [{"id", "score", "content"}] * len(documents)
    assert sorted((d["score"] for d in documents), reverse=True) == [d["score"] for d in documents]
    parent = next(span for span in spans if search.parent and span.context.span_id == search.parent.span_id)
    assert attribute(parent, "gen_ai.tool.name") == "search_policy"


def test_time_passes_and_children_lie_inside_their_parents(spans: tuple[ReadableSpan, ...]) -> None:
    by_id = {span.context.span_id: span for span in spans}
    for span in spans:
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time < span.end_time
        if span.parent is not None:
            outer = by_id[span.parent.span_id]
            assert (outer.start_time or 0) <= span.start_time
            assert span.end_time <= (outer.end_time or 0)


class Receiver(ThreadingHTTPServer):
    """Keeps the OTLP requests that it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Keep)
        self.bodies: list[bytes] = []


class Keep(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.bodies.append(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run_module(*arguments: str, endpoint: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    if endpoint:
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint
    command = [sys.executable, "-m", "retrospan.examples.support_agent", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)


def test_the_command_sends_all_spans_by_otlp(receiver: Receiver) -> None:
    done = run_module("--version", "v2", "--requests", "5", endpoint=f"http://127.0.0.1:{receiver.server_port}")
    assert done.stderr.count("\n") == 6
    assert "[5/5]" in done.stderr
    assert done.stdout.count("> ") == 5
    requests = [ExportTraceServiceRequest.FromString(body) for body in receiver.bodies]
    received = [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert len({span.trace_id for span in received}) == 5


def test_the_command_lists_requests_and_needs_no_receiver() -> None:
    listed = run_module("--list", "--requests", "45", "--seed", "3").stdout.splitlines()
    assert len(listed) == 45
    assert run_module("--requests", "1").stderr.startswith("support agent v1, 1 requests, seed 7; OTEL_EXPORTER")
