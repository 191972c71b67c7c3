"""Exports of the platforms in their newer and nested shapes, cut down by hand from what their products wrote."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import ReadItem, RecordError, read_path
from retrospan.model.errors import BadInputError
from retrospan.model.traces import Annotation, AnnotatorKind, Span, SpanBatch, Status, StepKind

TRACE = "ab" * 16


def read(folder: Path, fmt: str, text: str) -> tuple[list[Span], list[Annotation], list[RecordError]]:
    """Spans, annotations and errors of a file, after checking that its format is recognised."""
    assert detect_format("export.json", text.encode()) == fmt
    (folder / "export.json").write_text(text)
    items: list[ReadItem] = list(read_path(folder / "export.json"))
    batches = [item for item in items if isinstance(item, SpanBatch)]
    notes = [note for batch in batches for facts in batch.facts for note in facts.annotations]
    errors = [item for item in items if isinstance(item, RecordError)]
    return [span for batch in batches for span in batch.spans], notes, errors


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


# --- LangSmith ---


def langsmith_run(name: str, kind: str = "chain", **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "run_type": kind, "start_time": "2026-05-01T10:00:00", "inputs": {}, **more}


NESTED = langsmith_run(
    "desk",
    session_name="support",
    child_runs=[
        langsmith_run("chat", "llm", inputs={"messages": [{"role": "user", "content": "hi"}]}),
        langsmith_run("helper", child_runs=[langsmith_run("lookup", "tool", inputs={"input": '{"order": 7}'})]),
    ],
)


@pytest.mark.parametrize("shape", ["line", "page", "strings"])
def test_nested_langsmith_runs_keep_their_tree(shape: str, tmp_path: Path) -> None:
    packed = {name: json.dumps(item) if isinstance(item, list | dict) else item for name, item in NESTED.items()}
    record = {"line": NESTED, "page": {"runs": [NESTED], "cursors": {}}, "strings": packed}[shape]
    spans, _, errors = read(tmp_path, "langsmith", lines(record))
    assert errors == []
    assert [(span.name, span.parent_span_id, span.trace_key, span.project) for span in spans] == [
        ("desk", None, "desk", "support"),
        ("chat", "desk", "desk", "support"),
        ("helper", "desk", "desk", "support"),
        ("lookup", "helper", "desk", "support"),
    ]
    assert spans[1].input_messages[0].content == "hi" and spans[3].inputs == {"order": 7}


# --- Langfuse ---


def test_langfuse_records_in_snake_case_are_the_same(tmp_path: Path) -> None:
    observation = {
        "id": "o1", "trace_id": "t1", "project_id": "p", "type": "GENERATION", "name": "chat", "session_id": "s1",
        "start_time": "2026-05-01T10:00:00Z", "end_time": "2026-05-01T10:00:02Z", "provided_model_name": "gpt-5",
        "input": [{"role": "user", "content": "hi"}], "output": {"role": "assistant", "content": "hello"},
        "usage_details": {"input": 7, "output": 2},
    }  # fmt: skip
    tool = {**observation, "id": "o2", "parent_observation_id": "o1", "type": "TOOL", "level": "ERROR"}
    spans, _, errors = read(tmp_path, "langfuse", lines(observation, tool))
    assert errors == []
    assert [(s.kind, s.parent_span_id, s.session) for s in spans] == [
        (StepKind.LLM, None, "s1"),
        (StepKind.TOOL, "o1", "s1"),
    ]
    assert spans[0].model == "gpt-5" and spans[0].usage is not None and spans[0].usage.input_tokens == 7


def test_langfuse_scores_name_their_subject(tmp_path: Path) -> None:
    score = {"id": "s", "name": "quality", "source": "API", "dataType": "NUMERIC", "value": 0.2}
    page = [
        {**score, "subject": {"kind": "trace", "id": "t1"}},
        {**score, "name": "right", "dataType": "BOOLEAN", "value": False,
         "subject": {"kind": "observation", "id": "o3", "traceId": "t1"}},
        {**score, "subject": {"kind": "session", "id": "s1"}},
    ]  # fmt: skip
    _, notes, errors = read(tmp_path, "langfuse", json.dumps({"data": page, "meta": {}}))
    assert [(note.name, note.score, note.span_id) for note in notes] == [("quality", 0.2, None), ("right", 0.0, "o3")]
    assert [error.where for error in errors] == ["line 1, data[2]"] and "on a session" in errors[0].what


# --- MLflow ---

MLFLOW_SPAN = {
    "trace_id": base64.b64encode(bytes.fromhex(TRACE)).decode(),
    "span_id": base64.b64encode(bytes([1] * 8)).decode(),
    "name": "lookup",
    "start_time_unix_nano": 1_790_000_000_000_000_000,
    "end_time_unix_nano": 1_790_000_000_000_001_000,
    "status": {"code": "STATUS_CODE_ERROR", "message": "no order"},
    "attributes": {"mlflow.spanType": '"TOOL"', "mlflow.spanInputs": '{"order": 7}', "mlflow.traceRequestId": '"tr-1"'},
}
MLFLOW_INFO = {
    "trace_id": "tr-1",
    "trace_metadata": {"mlflow.trace.session": "s1"},
    "tags": {},
    "assessments": [{"assessment_name": "helpful", "feedback": {"value": False}, "source": {"source_type": "HUMAN"}}],
}
OTLP_SPAN = {
    **MLFLOW_SPAN,
    "attributes": [
        {"key": "mlflow.spanType", "value": {"string_value": "TOOL"}},
        {
            "key": "mlflow.spanInputs",
            "value": {"kvlist_value": {"values": [{"key": "order", "value": {"int_value": 7}}]}},
        },
    ],
}
ROW = {**MLFLOW_INFO, "state": "ERROR", "request": "hi", "spans": [MLFLOW_SPAN]}
MLFLOW_SHAPES = {
    "data frame row": lines(ROW),
    "row with the whole trace": lines(
        {"trace_id": "tr-1", "trace": json.dumps({"info": MLFLOW_INFO, "data": {"spans": [MLFLOW_SPAN]}})}
    ),
    "data frame by columns": json.dumps({name: {"0": value} for name, value in ROW.items()}),
    "API, one": json.dumps({"trace": {"trace_info": MLFLOW_INFO, "spans": [OTLP_SPAN]}}),
    "API, many": json.dumps({"traces": [{"trace_info": MLFLOW_INFO, "spans": [OTLP_SPAN]}]}),
}


@pytest.mark.parametrize("shape", MLFLOW_SHAPES)
def test_every_shape_of_an_mlflow_trace_is_read(shape: str, tmp_path: Path) -> None:
    [span], notes, errors = read(tmp_path, "mlflow", MLFLOW_SHAPES[shape])
    assert errors == []
    assert (span.trace_key, span.kind, span.inputs, span.status) == (TRACE, StepKind.TOOL, {"order": 7}, Status.ERROR)
    assert [(note.name, note.label, note.annotator_kind) for note in notes] == [
        ("helpful", "false", AnnotatorKind.HUMAN)
    ]


def test_the_spans_of_an_mlflow_trace_alone_are_a_trace(tmp_path: Path) -> None:
    [span], _, errors = read(tmp_path, "mlflow", json.dumps({"spans": [MLFLOW_SPAN]}))
    assert (span.trace_key, errors) == (TRACE, [])


def test_an_mlflow_trace_without_spans_says_how_to_get_them(tmp_path: Path) -> None:
    spans, _, [error] = read(tmp_path, "mlflow", json.dumps({"traces": [MLFLOW_INFO]}))
    assert spans == [] and "include_spans=True" in error.what


# --- Phoenix ---


def test_phoenix_spans_in_otlp_form_are_read_with_their_framework(tmp_path: Path) -> None:
    def value(**which: Any) -> dict[str, Any]:
        return {"array_value": None, "bool_value": None, "int_value": None, "kvlist_value": None, **which}

    def span(number: int, parent: int | None, start: int, **texts: str) -> dict[str, Any]:
        attributes = [{"key": key.replace("__", "."), "value": value(string_value=text)} for key, text in texts.items()]
        return {
            "trace_id": TRACE, "span_id": f"{number:016x}", "parent_span_id": parent and f"{parent:016x}",
            "name": f"step {number}", "start_time_unix_nano": start, "end_time_unix_nano": 1795331419355918848,
            "status": {"code": 1, "message": None}, "events": None, "links": None,
            "attributes": [*attributes, {"key": "count", "value": value(int_value=3)}],
        }  # fmt: skip

    page = [
        span(2, 1, 1795331416504961920, openinference__span__kind="TOOL", input__value='{"order": 7}'),
        span(1, None, 1795331416504962048, openinference__span__kind="AGENT", metadata__ls_x="y"),
    ]
    spans, _, errors = read(tmp_path, "otlp-json", json.dumps({"data": page, "next_cursor": None}))
    assert errors == []
    by_name = {found.name: found for found in spans}
    assert by_name["step 2"].inputs == {"order": 7} and by_name["step 1"].attributes["count"] == 3
    assert by_name["step 1"].attributes["metadata"] == {"ls_x": "y"}
    assert by_name["step 1"].started_at_ns == by_name["step 2"].started_at_ns == 1795331416504962000


def test_phoenix_annotations_are_of_a_trace_or_of_a_span_whose_trace_the_store_knows(tmp_path: Path) -> None:
    note = {"name": "quality", "annotator_kind": "HUMAN", "result": {"label": "poor", "score": 0.2}}
    file = tmp_path / "annotations.json"
    page = [{**note, "trace_id": TRACE}, {**note, "span_id": "0" * 16}, note]
    file.write_text(json.dumps({"data": page, "next_cursor": None}))
    error, batch = read_path(file)
    assert isinstance(batch, SpanBatch) and isinstance(error, RecordError)
    assert [(found.name, found.label, found.span_id) for found in batch.facts[0].annotations] == [
        ("quality", "poor", None)
    ]
    assert [found.span_id for found in batch.span_notes] == ["0" * 16]
    assert error.where == "data[2]" and "context.span_id" in error.what


# --- Jaeger and Zipkin ---


def test_a_jaeger_trace_is_a_usable_tree(tmp_path: Path) -> None:
    spans = [
        {"traceID": "ab", "spanID": "1", "operationName": "desk", "startTime": 1790000000000000, "duration": 5000,
         "references": [], "processID": "p1", "tags": [], "logs": []},
        {"traceID": "ab", "spanID": "2", "operationName": "execute_tool lookup", "startTime": 1790000000001000,
         "duration": 2000, "references": [{"refType": "CHILD_OF", "traceID": "ab", "spanID": "1"}], "processID": "p1",
         "tags": [{"key": "gen_ai.operation.name", "type": "string", "value": "execute_tool"},
                  {"key": "gen_ai.tool.name", "type": "string", "value": "lookup"},
                  {"key": "error", "type": "bool", "value": True}],
         "logs": [{"timestamp": 1790000000002000, "fields": [{"key": "event", "type": "string", "value": "exception"},
                   {"key": "exception.message", "type": "string", "value": "no order"}]}]},
    ]  # fmt: skip
    trace = {"traceID": "ab", "spans": spans, "processes": {"p1": {"serviceName": "support", "tags": []}}}
    found, _, errors = read(tmp_path, "jaeger", json.dumps({"data": [trace], "errors": None}))
    root, tool = found
    assert errors == []
    assert (root.trace_key, root.span_id, root.project) == ("ab".zfill(32), "1".zfill(16), "support")
    assert (tool.parent_span_id, tool.kind, tool.tool, tool.status) == (
        root.span_id,
        StepKind.TOOL,
        "lookup",
        Status.ERROR,
    )
    assert tool.error is not None and tool.error.message == "no order"


@pytest.mark.parametrize("whole", [True, False])
def test_zipkin_spans_are_a_usable_tree(whole: bool, tmp_path: Path) -> None:
    spans = [
        {"traceId": "ab", "id": "1", "name": "desk", "timestamp": 1790000000000000, "duration": 5000,
         "localEndpoint": {"serviceName": "support"}},
        {"traceId": "ab", "id": "2", "parentId": "1", "name": "lookup", "timestamp": 1790000000001000, "duration": 1000,
         "tags": {"error": "boom"}, "localEndpoint": {"serviceName": "support"}},
    ]  # fmt: skip
    found, _, errors = read(tmp_path, "zipkin", json.dumps(spans) if whole else lines(*spans))
    assert errors == []
    assert [(span.name, span.parent_span_id, span.status) for span in found] == [
        ("desk", None, Status.UNSET),
        ("lookup", "1".zfill(16), Status.ERROR),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"PAR1\x15\x04", "Parquet file"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"<!doctype html><title>Sign in</title>", "page of a sign-in"),
    ],
)
def test_files_that_are_no_export_say_what_to_do(body: bytes, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        detect_format("export", body)
