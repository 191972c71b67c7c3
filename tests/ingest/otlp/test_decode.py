"""Both OTLP encodings decode to the same records, and broken bodies give one clear error."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest
from captures import NAMES, run_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.limits import DEFAULT_LIMITS, Limits
from retrospan.ingest.otlp.decode import decode_logs, decode_traces
from retrospan.ingest.otlp.raw import Bounds, RawSpan
from retrospan.model.errors import BadInputError
from shared_data import shared

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def request(**fields: Any) -> bytes:
    span = {"traceId": TRACE, "spanId": SPAN, "name": "s", **fields}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def only(body: bytes) -> RawSpan:
    (span,) = decode_traces(body, JSON)
    return span


@pytest.mark.parametrize("name", NAMES)
def test_protobuf_and_json_of_one_request_decode_alike(name: str) -> None:
    for path in sorted(shared("otlp", name).glob("*-traces.pb*")):
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        twin = path.with_name(path.name.split(".")[0] + ".json").read_bytes()
        assert decode_traces(body, PROTOBUF) == decode_traces(twin, JSON)
        assert decode_traces(body, "") == decode_traces(twin, "")
    for path in sorted(run_folder(name).glob("*-logs.pb")):
        assert decode_logs(path.read_bytes(), PROTOBUF) == decode_logs(path.with_suffix(".json").read_bytes(), JSON)


def test_json_ids_may_be_hex_of_any_case_or_base64() -> None:
    encoded = base64.b64encode(bytes.fromhex(TRACE)).decode()

    assert only(request(traceId=TRACE.upper(), spanId=SPAN.upper())).trace_id == TRACE
    assert only(request(traceId=encoded)).trace_id == TRACE
    assert only(request(parentSpanId="")).parent_span_id is None
    assert only(request(parentSpanId="0" * 16)).parent_span_id is None


@pytest.mark.parametrize(("code", "wanted"), [(2, 2), ("STATUS_CODE_ERROR", 2), ("1", 1), ("STATUS_CODE_NEW", 0)])
def test_json_status_may_be_a_number_or_a_name(code: object, wanted: int) -> None:
    assert only(request(status={"code": code})).status_code == wanted


@pytest.mark.parametrize("time", ["1795331585238010788", 1795331585238010788], ids=["text", "number"])
def test_json_times_may_be_text_or_number(time: object) -> None:
    assert only(request(startTimeUnixNano=time)).start_ns == 1795331585238010788


def test_json_reads_every_kind_of_attribute_value() -> None:
    values = {
        "text": ({"stringValue": "a"}, "a"),
        "empty": ({"stringValue": ""}, ""),
        "int": ({"intValue": "-7"}, -7),
        "number": ({"intValue": 7}, 7),
        "flag": ({"boolValue": False}, False),
        "double": ({"doubleValue": 0.5}, 0.5),
        "infinite": ({"doubleValue": "Infinity"}, "inf"),
        "bytes": ({"bytesValue": "aGk="}, "aGk="),
        "list": ({"arrayValue": {"values": [{"intValue": "1"}, {}]}}, [1, None]),
        "map": ({"kvlistValue": {"values": [{"key": "k", "value": {"arrayValue": {}}}]}}, {"k": []}),
        "nothing": ({}, None),
        "unknown": ({"newValue": 1}, None),
    }
    attributes = [{"key": key, "value": value} for key, (value, _) in values.items()]

    span = only(request(attributes=attributes, newField={"a": 1}))

    assert span.attributes == {key: wanted for key, (_, wanted) in values.items()}


def test_json_with_protobuf_field_names_is_understood() -> None:
    span = {
        "trace_id": TRACE,
        "span_id": SPAN,
        "start_time_unix_nano": 5,
        "attributes": [{"key": "a_b", "value": {"string_value": "x"}}],
    }
    body = json.dumps({"resource_spans": [{"scope_spans": [{"spans": [span]}]}]}).encode()

    assert (only(body).start_ns, only(body).attributes) == (5, {"a_b": "x"})


def test_long_text_is_cut_with_a_note_in_both_encodings() -> None:
    long = "x" * (DEFAULT_LIMITS.attribute_bytes + 1)
    message = ExportTraceServiceRequest()
    span = (
        message.resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(SPAN))
    )
    span.attributes.add(key="a").value.string_value = long

    (found,) = decode_traces(message.SerializeToString(), PROTOBUF)

    assert "cut here" in str(found.attributes["a"])
    assert found.attributes == only(request(attributes=[{"key": "a", "value": {"stringValue": long}}])).attributes


def test_deep_nesting_becomes_a_note() -> None:
    value: dict[str, Any] = {"stringValue": "bottom"}
    for _ in range(200):
        value = {"arrayValue": {"values": [value]}}

    text = str(only(request(attributes=[{"key": "a", "value": value}])).attributes["a"])

    assert "nested deeper" in text and "bottom" not in text


@pytest.mark.parametrize(
    ("body", "kind", "where"),
    [
        (b"\x00\xff rubbish", PROTOBUF, "request body"),
        (b'{"resourceSpans": [', JSON, "request body"),
        (b"[1, 2]", JSON, "request body"),
        (b'{"resourceSpans": 3}', JSON, "request body"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [5]}]}]}', JSON, "resourceSpans[0].scopeSpans[0].spans[0]"),
        (request(startTimeUnixNano="soon"), JSON, "resourceSpans[0].scopeSpans[0].spans[0]"),
        (request(startTimeUnixNano=-1), JSON, "resourceSpans[0].scopeSpans[0].spans[0]"),
        (request(spanId="../../etc"), JSON, "span 0"),
        (request(traceId="0" * 32), JSON, "span 0"),
        (b"[" * 100_000, JSON, "request body"),
        (b"{}", "text/html", "content-type"),
    ],
)
def test_a_broken_body_is_refused_and_the_place_named(body: bytes, kind: str, where: str) -> None:
    with pytest.raises(BadInputError) as caught:
        decode_traces(body, kind)
    assert caught.value.where == where


def test_spans_without_ids_are_left_out_where_the_caller_wants_the_rest() -> None:
    body = json.loads(request())
    body["resourceSpans"][0]["scopeSpans"][0]["spans"].append({"name": "lost"})
    rejected: list[str] = []

    assert len(decode_traces(json.dumps(body).encode(), JSON, rejected)) == 1
    assert rejected == ["span 1 has no valid trace id (16 bytes, not all zero)."]


_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_KEYS = st.sampled_from(
    [
        "gen_ai.operation.name", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt.0.content",
        "gen_ai.usage.input_tokens", "openinference.span.kind", "llm.input_messages.0.message.role", "input.value",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "output.value", "mlflow.spanType",
        "llm.input_messages.0.message.contents.0.message_content.type", "retrieval.documents.0.document.content",
        "mlflow.spanInputs", "mlflow.spanOutputs", "langfuse.observation.type", "langfuse.observation.input",
        "langfuse.observation.usage_details", "traceloop.span.kind", "traceloop.entity.input", "ai.operationId",
        "ai.prompt", "ai.response.toolCalls", "ai.toolCall.args", "langsmith.span.kind", "gen_ai.completion",
        "logfire.span_type", "session.id", "metadata", "tag.tags", "error.type", "evaluations.0.evaluation.name",
        "gen_ai.tool.call.arguments", "gen_ai.retrieval.documents", "pydantic_ai.all_messages",
    ]
)  # fmt: skip
_KINDS = st.sampled_from(
    [
        "chat", "execute_tool", "invoke_agent", "retrieval", "LLM", "TOOL", "AGENT", "RETRIEVER", "tool",
        "generation", "ai.toolCall", "ai.generateText.doGenerate", '"TOOL"', "llm",
    ]
)  # fmt: skip


@given(st.dictionaries(_KEYS, _KINDS | _JSON_VALUES | _JSON_VALUES.map(json.dumps), max_size=8))
@settings(max_examples=300, deadline=None)
def test_any_attribute_value_maps_without_an_unhandled_error(attributes: dict[str, Any]) -> None:
    raw = RawSpan(TRACE, SPAN, None, "s", 1, 2, 0, "", attributes, [], "scope", {})

    pending = attributes.get("logfire.span_type") == "pending_span"
    assert [span.span_id for span in to_batch([raw]).spans] == ([] if pending else [SPAN])


@given(body=_JSON_VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_body_decodes_or_is_refused(body: bytes) -> None:
    for kind in (JSON, PROTOBUF, ""):
        for decode in (decode_traces, decode_logs):
            try:
                decode(body, kind)
            except BadInputError as err:
                assert err.where


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("tool_error")] or ["none"])
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_capture_with_flipped_bytes_decodes_or_is_refused(name: str, data: st.DataObject) -> None:
    for path in sorted(shared("otlp", name).glob("*-traces.*")):
        body = bytearray(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        for place in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=8)):
            body[place] = data.draw(st.integers(0, 255))
        try:
            to_batch(decode_traces(bytes(body), JSON if path.suffix == ".json" else PROTOBUF, []))
        except BadInputError as err:
            assert err.where


def test_protobuf_names_on_some_levels_only_are_understood() -> None:
    span = {"trace_id": "ab" * 16, "span_id": "cd" * 8, "name": "x", "start_time_unix_nano": "17"}
    body = {"resourceSpans": [{"scope_spans": [{"spans": [span]}]}]}
    (found,) = decode_traces(json.dumps(body).encode(), JSON)
    assert (found.trace_id, found.start_ns) == ("ab" * 16, 17)


def test_members_of_a_value_that_are_null_are_not_the_one_that_is_set() -> None:
    value = {"arrayValue": None, "stringValue": None, "kvlistValue": None, "intValue": "7"}
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": [{"key": "n", "value": value}]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    (found,) = decode_traces(json.dumps(body).encode(), JSON)
    assert found.attributes == {"n": 7}


def test_limits_of_the_decoder_can_be_raised() -> None:
    text = "a" * 3_000
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": [{"key": "t", "value": {"stringValue": text}}]}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    for size, kept in ((1_000, False), (4_000, True)):
        (found,) = decode_traces(body, JSON, bounds=Bounds(Limits(attribute_bytes=size)))
        assert (found.attributes["t"] == text) is kept
