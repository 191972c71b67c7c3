"""What `connect app` prints can be pasted, and it notices the first trace and what is missing in it."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest
from commands import run
from conversations import Builder, answers, calls, says
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from retrospan.model.errors import UsageError
from retrospan.services.connecting.frameworks import FRAMEWORKS, instructions
from retrospan.services.serving import first_trace as connecting
from retrospan.services.serving.first_trace import check_trace, receiver_at, wait_for_trace
from retrospan.services.serving.listening import listen
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.reading.trace_ids import newest_trace_id

ENDPOINT = "http://127.0.0.1:4999"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_QUIET_SECONDS", 0.3)
    monkeypatch.setattr(connecting, "_LOOK_SECONDS", 0.02)


def free_endpoint() -> str:
    with listen("127.0.0.1", 0) as sock:
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def send(endpoint: str) -> None:
    """One model call through the real exporter."""
    provider = TracerProvider(resource=Resource.create({"service.name": "desk", "service.version": "v1"}))
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    with provider.get_tracer("app").start_as_current_span("chat m") as span:
        span.set_attribute("gen_ai.operation.name", "chat")
        span.set_attribute("gen_ai.request.model", "m")
    provider.shutdown()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_page_has_lines_that_can_be_pasted(framework: str) -> None:
    page = instructions(framework, ENDPOINT)
    assert f"{ENDPOINT}/v1/traces" in page.code and "ENDPOINT" not in page.page.replace(ENDPOINT, "")
    assert page.install.startswith(("pip install ", "npm install ")) and page.title
    assert any("ession" in note for note in page.notes)
    if page.install.startswith("pip"):
        ast.parse(page.code)


def test_an_unknown_framework_is_answered_with_what_works_anyway() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'langgraph'.*OTEL_EXPORTER_OTLP_ENDPOINT"):
        instructions("langgraf", ENDPOINT)
    assert instructions("langchain", ENDPOINT).framework == "langgraph"


def test_the_command_receives_while_it_waits_and_shows_the_first_trace(tmp_path: Path) -> None:
    endpoint, stop = free_endpoint(), threading.Event()

    def keep_sending() -> None:
        while not stop.wait(0.2):
            try:
                send(endpoint)
                return
            except Exception:  # the exporter's own, while nothing listens yet
                continue

    sender = threading.Timer(0.5, keep_sending)
    sender.start()
    arguments = ("connect", "app", "openai", "--endpoint", endpoint, "--store", str(tmp_path / "s.db"))
    done = run(*arguments, "--timeout", "20", "--json")
    stop.set()
    sender.join()
    assert done.code == 0
    assert (done.json["trace"]["id"], done.json["trace"]["version"]) == ("T1", "v1")
    missing = {check["what"] for check in done.json["checks"] if not check["ok"]}
    assert {"model calls with their messages", "session", "token counts"} <= missing


def test_a_wait_without_a_trace_ends_with_what_to_check(tmp_path: Path) -> None:
    done = run(
        "connect", "app", "openai", "--endpoint", free_endpoint(), "--timeout", "0.2", "--store", str(tmp_path / "s.db")
    )
    assert done.code == 1
    assert "No trace came within 0.2 s" in done.err and "OpenAIInstrumentor" in done.out


def test_a_running_server_keeps_its_port(store: Store) -> None:
    endpoint = free_endpoint()
    with receiver_at(store, endpoint) as first, receiver_at(store, endpoint) as second:
        assert (first, second) == (True, False)


def test_only_traces_that_come_later_count(store: Store, traces: Builder) -> None:
    traces.add(says("user", "old"))
    assert wait_for_trace(store, newest_trace_id(store), 0.1) is None
    traces.add(says("user", "new"))
    found = wait_for_trace(store, 1, 5)
    assert found is not None and found.summary.id == 2


def test_a_complete_conversation_lacks_only_what_it_does_not_say(store: Store, traces: Builder) -> None:
    said = (says("user", "hi"), calls("get_order", order="A"), answers("found"), says("assistant", "done"))
    trace_id = traces.add(*said, session="chat-1", version="v1")
    checks = {check.what: check for check in check_trace(get_trace(store, trace_id))}
    assert checks["session"].ok and checks["version"].ok and checks["input and final answer"].ok
    assert not checks["token counts"].ok and checks["token counts"].hint


def test_no_wait_prints_and_returns(tmp_path: Path) -> None:
    done = run("connect", "app", "anthropic", "--no-wait", "--json")
    assert done.json["framework"] == "anthropic" and done.json["trace"] is None
    listed = run("connect", "app", "--json")
    assert listed.json == list(FRAMEWORKS)
