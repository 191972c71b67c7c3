"""The receiver over real HTTP: what is acknowledged is stored and found, what is not says why."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace

import pytest
from google.rpc.status_pb2 import Status as RpcStatus
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from otlp_requests import PROTOBUF, chat_request, get, log_request, post, trace_request
from retrospan.ingest.limits import DEFAULT_LIMITS
from retrospan.ingest.otlp.receiver import Delivery, Receipt, otlp_routes
from retrospan.model.query import parse_query
from retrospan.services.privacy.redacting import Redactor
from retrospan.services.serving.application import ServeOptions, serving
from retrospan.services.serving.listening import Server, base_url, listen
from retrospan.store.contract import Store
from retrospan.store.opening import open_store
from retrospan.store.reading.summaries import get_trace
from retrospan.store.search.lines import search
from starlette.applications import Starlette

JSON = "application/json"
QUIET = ServeOptions(background=False)


@pytest.fixture
def url(store: Store) -> Iterator[str]:
    """A running receiver over the `store` fixture."""
    with serving(store, QUIET) as base:
        yield base


def _found(store: Store, words: str) -> list[int]:
    return [hit.trace_id for hit in search(store, parse_query(words), limit=10)]


def _rows(store: Store) -> tuple[int, int]:
    with store.read() as con:
        spans, bodies = (con.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("span", "body"))
        return spans, bodies


def test_spans_are_found_as_soon_as_they_are_acknowledged(store: Store, url: str) -> None:
    answer = post(url, "/v1/traces", trace_request("a walrus in the warehouse"))
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PROTOBUF, b"")
    assert _found(store, "walrus") == [1]


def test_json_is_answered_in_json(store: Store, url: str) -> None:
    span = {
        "traceId": "0" * 31 + "1",
        "spanId": "0" * 15 + "1",
        "name": "lookup",
        "attributes": [
            {"key": "gen_ai.operation.name", "value": {"stringValue": "execute_tool"}},
            {"key": "gen_ai.tool.call.result", "value": {"stringValue": "a walrus"}},
        ],
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    answer = post(url, "/v1/traces", gzip.compress(body), JSON, Content_Encoding="gzip")
    assert (answer.status, json.loads(answer.body)) == (200, {})
    assert _found(store, "walrus") == [1]


def test_langfuse_senders_reach_their_own_path(store: Store, url: str) -> None:
    assert post(url, "/api/public/otel/v1/traces", trace_request("a walrus")).status == 200
    assert _found(store, "walrus") == [1]


def test_metrics_are_accepted_and_dropped(store: Store, url: str) -> None:
    assert post(url, "/v1/metrics", b"\x0a\x00").status == 200
    assert _rows(store) == (0, 0)


def test_sending_again_changes_nothing(store: Store, url: str) -> None:
    request = trace_request("a walrus", "a heron")
    post(url, "/v1/traces", request)
    before = _rows(store)
    assert post(url, "/v1/traces", request).status == 200
    assert _rows(store) == before == (2, before[1])


@pytest.mark.parametrize("logs_first", [True, False])
def test_log_records_fill_their_span_whichever_comes_first(store: Store, url: str, *, logs_first: bool) -> None:
    requests = [("/v1/traces", chat_request()), ("/v1/logs", log_request("Where is it?", "In the warehouse."))]
    for path, body in reversed(requests) if logs_first else requests:
        assert post(url, path, body).status == 200
    (step,) = get_trace(store, 1).steps
    assert [message.content for message in step.input_messages] == ["Where is it?"]
    assert [message.content for message in step.output_messages] == ["In the warehouse."]


def test_spans_without_valid_ids_are_rejected_and_the_rest_is_kept(store: Store, url: str) -> None:
    request = ExportTraceServiceRequest.FromString(trace_request("a walrus", "a heron"))
    request.resource_spans[0].scope_spans[0].spans[0].trace_id = b""
    answer = post(url, "/v1/traces", request.SerializeToString())
    said = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, said.rejected_spans) == (200, 1)
    assert "no valid trace id" in said.error_message
    assert _found(store, "heron") == [1]


def test_a_runaway_trace_is_stopped_and_others_go_on(store: Store) -> None:
    with serving(store, replace(QUIET, limits=replace(DEFAULT_LIMITS, steps=3))) as url:
        post(url, "/v1/traces", trace_request("one", "two"))
        answer = post(url, "/v1/traces", trace_request("three", "four", first_span=3))
        said = ExportTraceServiceResponse.FromString(answer.body).partial_success
        assert (said.rejected_spans, "3 spans already (limit: --max-steps)" in said.error_message) == (1, True)
        assert post(url, "/v1/traces", trace_request("one", "two")).body == b""
        assert post(url, "/v1/traces", trace_request("another", trace=2)).body == b""
    with serving(store, replace(QUIET, limits=replace(DEFAULT_LIMITS, steps=3))) as url:
        answer = post(url, "/v1/traces", trace_request("five", first_span=5))
        assert ExportTraceServiceResponse.FromString(answer.body).partial_success.rejected_spans == 1


def test_a_trace_has_a_bound_on_its_bytes(store: Store) -> None:
    with serving(store, replace(QUIET, limits=replace(DEFAULT_LIMITS, trace_bytes=1_000))) as url:
        post(url, "/v1/traces", trace_request("x" * 600))
        answer = post(url, "/v1/traces", trace_request("y" * 600, first_span=2))
    said = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (said.rejected_spans, "--max-trace-mib" in said.error_message) == (1, True)


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status", "says"),
    [
        (b"\xff\xff\xff", PROTOBUF, {}, 400, "no OTLP protobuf request"),
        (b"{", JSON, {}, 400, "no JSON"),
        (b"[]", JSON, {}, 400, "not a list"),
        (b"x", "text/plain", {}, 415, "'text/plain' is not OTLP"),
        (b"x", PROTOBUF, {"Content_Encoding": "br"}, 415, "'br' is not understood"),
        (b"not gzip", PROTOBUF, {"Content_Encoding": "gzip"}, 400, "not valid gzip"),
        (bytes(2_001), PROTOBUF, {}, 413, "announces 2,001 bytes"),
        (gzip.compress(bytes(2_001)), JSON, {"Content_Encoding": "gzip"}, 413, "--max-request-mib"),
    ],
    ids=["no protobuf", "no JSON", "a list", "text", "brotli", "no gzip", "too long", "too long inside"],
)
def test_what_is_refused_says_why_in_the_senders_encoding(
    store: Store, body: bytes, content_type: str, headers: dict[str, str], status: int, says: str
) -> None:
    with serving(store, replace(QUIET, limits=replace(DEFAULT_LIMITS, request_bytes=2_000))) as url:
        answer = post(url, "/v1/traces", body, content_type, **headers)
        assert get(url, "/healthz").status == 200
    assert answer.status == status
    if content_type == PROTOBUF:
        assert says in RpcStatus.FromString(answer.body).message
    else:
        assert says in json.loads(answer.body)["message"]


def test_a_body_without_a_length_is_counted_as_it_comes(store: Store) -> None:
    with serving(store, replace(QUIET, limits=replace(DEFAULT_LIMITS, request_bytes=2_000))) as url:
        assert post(url, "/v1/traces", iter([trace_request("a walrus")])).status == 200
        assert post(url, "/v1/traces", iter([bytes(1_500), bytes(1_500)])).status == 413


def test_a_sender_of_far_too_much_reads_why(url: str) -> None:
    answer = post(url, "/v1/traces", bytes(DEFAULT_LIMITS.request_bytes + 10_000_000))
    assert answer.status == 413
    assert "announces" in RpcStatus.FromString(answer.body).message
    answer = post(url, "/v1/traces", (bytes(1_000_000) for _ in range(30)))
    assert answer.status == 413


class SlowSink:
    """Stores nothing until it is told to."""

    def __init__(self) -> None:
        self.waiting: list[Future[Receipt]] = []
        self.arrived = threading.Semaphore(0)

    def submit(self, delivery: Delivery) -> Future[Receipt]:
        self.waiting.append(Future())
        self.arrived.release()
        return self.waiting[-1]


def test_a_full_server_asks_to_come_back_and_then_takes_it() -> None:
    sink = SlowSink()
    sock = listen("127.0.0.1", 0)
    server = Server(Starlette(routes=otlp_routes(sink, in_flight_bytes=1_000)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
    thread.start()
    first: list[int] = []
    sender = threading.Thread(target=lambda: first.append(post(base_url(sock), "/v1/traces", bytes(900)).status))
    try:
        sender.start()
        sink.arrived.acquire()
        refused = post(base_url(sock), "/v1/traces", bytes(200))
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        sink.waiting[0].set_result(Receipt())
        sender.join()
        again = threading.Thread(target=lambda: first.append(post(base_url(sock), "/v1/traces", bytes(900)).status))
        again.start()
        sink.arrived.acquire()
        sink.waiting[1].set_result(Receipt())
        again.join()
        assert first == [200, 200]
    finally:
        server.should_exit = True
        thread.join()
        sock.close()


def test_secrets_never_reach_the_store_and_are_counted(store: Store) -> None:
    secret = "sk-ant-api03-" + "Zq8" * 31 + "AA"
    with serving(store, replace(QUIET, redact=Redactor())) as url:
        answer = post(url, "/v1/traces", trace_request(f"the key is {secret}, keep it"))
        assert (answer.status, answer.headers["retrospan-redacted"]) == (200, "1")
    (step,) = get_trace(store, 1).steps
    assert secret not in str(step)
    assert "keep it" in str(step.outputs)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "localhost"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
    ],
)
def test_pages_of_other_sites_are_kept_out(url: str, headers: dict[str, str], status: int) -> None:
    assert get(url, "/healthz", **headers).status == status
    assert post(url, "/v1/traces", trace_request("a walrus"), **headers).status == status


def test_an_unexpected_failure_is_an_error_of_that_request_alone(store: Store, url: str) -> None:
    with store.write() as con:
        con.execute("CREATE TRIGGER full BEFORE INSERT ON span BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    answer = post(url, "/v1/traces", trace_request("a walrus"))
    assert answer.status == 500
    with store.write() as con:
        con.execute("DROP TRIGGER full")
    assert post(url, "/v1/traces", trace_request("a walrus")).status == 200
    assert _found(store, "walrus") == [1]


def test_a_read_only_store_is_a_reason_to_try_again_later(store: Store) -> None:
    with open_store(store.location, read_only=True) as shut, serving(shut, QUIET) as url:
        answer = post(url, "/v1/traces", trace_request("a walrus"))
        health = get(url, "/healthz")
    assert (answer.status, answer.headers["retry-after"]) == (503, "3")
    assert "read-only" in RpcStatus.FromString(answer.body).message
    assert (health.status, json.loads(health.body)["status"]) == (503, "trouble")


def test_requests_that_wait_are_committed_together_and_one_broken_one_does_not_spoil_them(store: Store) -> None:
    with serving(store, QUIET) as url:
        bodies = [trace_request(f"walrus number {n}", trace=n) if n % 5 else b"\xff" for n in range(1, 41)]
        statuses: dict[int, int] = {}

        def send(number: int) -> None:
            statuses[number] = post(url, "/v1/traces", bodies[number - 1]).status

        senders = [threading.Thread(target=send, args=(number,)) for number in range(1, 41)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    assert statuses == {n: 200 if n % 5 else 400 for n in range(1, 41)}
    assert _rows(store)[0] == 32


@st.composite
def _spoilt(draw: st.DrawFn) -> bytes:
    body = bytearray(trace_request("a walrus", "a heron"))
    for _ in range(draw(st.integers(1, 8))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(1, len(body)))])


_FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceSpans", "scopeSpans", "spans", "traceId", "attributes", "key", "value", "x"]),
            inner,
            max_size=4,
        )
    ),
)


@_FUZZ
@given(body=st.binary(max_size=200) | _spoilt(), path=st.sampled_from(["/v1/traces", "/v1/logs", "/v1/metrics"]))
def test_no_protobuf_body_breaks_the_server(url: str, body: bytes, path: str) -> None:
    assert post(url, path, body).status in (200, 400)


@_FUZZ
@given(value=_JSON, path=st.sampled_from(["/v1/traces", "/v1/logs"]))
def test_no_json_body_breaks_the_server(url: str, value: object, path: str) -> None:
    assert post(url, path, json.dumps(value).encode(), JSON).status in (200, 400)
