"""Further spellings of the export files: other versions, pages, other ways out of the same product."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.ingest.formats.records import LeftOut
from retrospan.model.reading.assembly import build_steps, reading_order
from retrospan.model.traces import Annotation, Span, SpanBatch, Status, Step

SEEDS = Path(__file__).parents[1] / "data" / "formats"
ASKED = [{"role": "user", "content": "Is parcel P-7 late?"}]
CALL = {"id": "c1", "type": "function", "function": {"name": "track", "arguments": '{"id": "P-7"}'}}


def seed(name: str) -> list[Any]:
    return [json.loads(line) for line in (SEEDS / f"{name}.jsonl").read_text().splitlines()]


def read(
    folder: Path, fmt: str, value: Any, name: str = "x.json"
) -> tuple[list[Span], list[Annotation], list[LeftOut]]:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    assert detect_format(name, path.read_bytes()) == fmt
    items = list(read_path(path))
    assert not [item for item in items if isinstance(item, RecordError)], items
    batches = [item for item in items if isinstance(item, SpanBatch)]
    notes = [note for batch in batches for fact in batch.facts for note in fact.annotations]
    return [s for b in batches for s in b.spans], notes, [item for item in items if isinstance(item, LeftOut)]


def steps_of(spans: list[Span]) -> list[Step]:
    return list(build_steps(spans, reading_order(spans)))


def observation(name: str, kind: str = "SPAN", **more: Any) -> dict[str, Any]:
    return {"id": name, "traceId": "t", "type": kind, "name": name, "startTime": "2026-05-01T10:00:00Z", **more}


# --- Langfuse: tools of integrations, frames, downloads ---

TOOLS: dict[str, dict[str, Any]] = {
    "langchain's message": observation("tools-run", input="{'id': 'P-7'}", output={
        "type": "tool", "content": "late", "name": "track", "tool_call_id": "c1", "status": "success"}),
    "serialised message": observation("track", input='{"id": "P-7"}', output={
        "lc": 1, "type": "constructor", "id": ["langchain", "ToolMessage"],
        "kwargs": {"content": "late", "tool_call_id": "c1", "status": "success"}}),
    "agno": observation("track", input={"id": "P-7"}, output="late"),
    "koog": observation("tool.track", input={"id": "P-7"}, output="late"),
    "execute_tool": observation("execute_tool track", input='{"id": "P-7"}', output='"late"'),
}  # fmt: skip


@pytest.mark.parametrize("shape", TOOLS)
def test_a_span_that_runs_what_a_model_asked_for_is_a_tool(shape: str, tmp_path: Path) -> None:
    answer = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    model = observation("chat", "GENERATION", model="m", input=ASKED, output=answer)
    other = observation("prepare", input="x", output="y")
    trace = {"id": "t", "htmlPath": "/x", "scores": [], "observations": [model, TOOLS[shape], other]}
    spans, _, _ = read(tmp_path, "langfuse", trace)
    tools = [(span.tool, span.inputs) for span in spans if span.kind.value == "tool"]
    assert tools == [("track", {"id": "P-7"})]


FRAMES: dict[str, list[dict[str, Any]]] = {
    "two calls below": [
        observation("ask", "GENERATION", model="m", input="Is it late?", output="Yes."),
        observation("one", "GENERATION", model="m", parentObservationId="ask", input=ASKED, output="…"),
        observation("two", "GENERATION", model="m", parentObservationId="ask", input=ASKED, output="Yes."),
    ],
    "a call and a retriever below": [
        observation("ask", "GENERATION", input="Is it late?", output="Yes."),
        observation("find", "RETRIEVER", parentObservationId="ask", input="P-7", output=[]),
        observation("one", "GENERATION", model="m", parentObservationId="ask", input=ASKED, output="Yes."),
    ],
    "a call two levels below": [
        observation("ask", "GENERATION", input="Is it late?", output="Yes."),
        observation("work", parentObservationId="ask", input="a", output="b"),
        observation("one", "GENERATION", model="m", parentObservationId="work", input=ASKED, output="Yes."),
    ],
}


@pytest.mark.parametrize("shape", FRAMES)
def test_a_generation_around_calls_is_their_frame(shape: str, tmp_path: Path) -> None:
    trace = {"id": "t", "htmlPath": "/x", "scores": [], "observations": FRAMES[shape]}
    steps = steps_of(read(tmp_path, "langfuse", trace)[0])
    assert (steps[0].kind.value, steps[0].inputs, steps[0].outputs) == ("agent", "Is it late?", "Yes.")
    assert [step.parent is None for step in steps] == [True] + [False] * (len(steps) - 1)


def test_a_call_recorded_by_two_layers_stays_one(tmp_path: Path) -> None:
    pair = [
        observation("outer", "GENERATION", model="m", input=ASKED, output="Yes."),
        observation("inner", "GENERATION", model="m-1", parentObservationId="outer", input=ASKED, output="Yes."),
    ]
    spans, _, _ = read(tmp_path, "langfuse", {"id": "t", "htmlPath": "/x", "scores": [], "observations": pair})
    assert [step.kind.value for step in steps_of(spans)] == ["llm"]


DOWNLOADS: dict[str, Any] = {
    "texts encoded twice": {"trace": {"id": "t", "projectId": "p", "scores": []}, "observations": [
        observation("chat", "GENERATION", input=json.dumps(json.dumps(ASKED)), output=json.dumps('"Yes."'))]},
    "with scores": {"observations": [observation("chat", "GENERATION", input=json.dumps(ASKED), output="Yes.")],
                    "scores": [{"id": "s", "traceId": "t", "name": "correct", "dataType": "BOOLEAN", "value": 1}]},
    "session": {"id": "se", "projectId": "p", "traces": [{"id": "t", "projectId": "p", "sessionId": "se", "scores": [],
                "observations": [observation("chat", "GENERATION", input=ASKED, output="Yes.")]}]},
    "events of version 4": [{"trace_id": "t", "span_id": "chat", "parent_span_id": "", "type": "GENERATION",
                             "name": "chat", "start_time": "2026-05-01T10:00:00Z", "input": json.dumps(ASKED),
                             "output": "Yes.", "usage_details": '{"input": 5, "output": 2}', "trace_name": "desk"}],
}  # fmt: skip


@pytest.mark.parametrize("shape", DOWNLOADS)
def test_downloads_of_every_version(shape: str, tmp_path: Path) -> None:
    spans, notes, _ = read(tmp_path, "langfuse", DOWNLOADS[shape])
    [span] = spans
    assert (span.trace_key, span.kind.value) == ("t", "llm")
    assert [message.content for message in span.input_messages] == ["Is parcel P-7 late?"]
    assert span.output_messages[0].content.strip('"') == "Yes."
    assert [(note.name, note.label) for note in notes] == ([("correct", "true")] if shape == "with scores" else [])


def test_score_configs_and_corrections_of_langfuse(tmp_path: Path) -> None:
    config = {
        "name": "depth",
        "dataType": "NUMERIC",
        "minValue": 1,
        "maxValue": 7,
        "categories": None,
        "projectId": "p",
    }
    (tmp_path / "configs.json").write_text(json.dumps({"data": [config]}))
    [batch] = read_path(tmp_path / "configs.json", "langfuse")
    assert isinstance(batch, SpanBatch) and (batch.scales["depth"].low, batch.scales["depth"].high) == (1, 7)
    correction = {"id": "s", "traceId": "t", "name": "output", "dataType": "CORRECTION", "value": 0,
                  "longStringValue": "No.", "source": "ANNOTATION"}  # fmt: skip
    _, [note], _ = read(tmp_path, "langfuse", {"data": [correction]})
    assert note.is_expectation and note.explanation == "No." and note.score is None


# --- OTLP ---


def otlp(span_id: str, key: str = "resourceSpans", scopes: str = "scopeSpans", ids: Any = str) -> dict[str, Any]:
    span = {"traceId": ids("ab" * 16), "spanId": ids(span_id * 16), "name": "chat m",
            "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000",
            "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}]}  # fmt: skip
    return {key: [{"resource": {"attributes": []}, scopes: [{"scope": {"name": "x"}, "spans": [span]}]}]}


def base64_id(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


OTLP: dict[str, Any] = {
    "a list of requests": [otlp("1"), otlp("2")],
    "a list over many lines": json.dumps([otlp("1"), otlp("2")], indent=2),
    "a list of resource spans": [*otlp("1")["resourceSpans"], *otlp("2")["resourceSpans"]],
    "tempo": {"batches": [*otlp("1", "batches", "instrumentationLibrarySpans", base64_id)["batches"],
                          *otlp("2", "batches", "scopeSpans", base64_id)["batches"]]},
    "tempo, version 2": {"trace": {"resourceSpans": [*otlp("1")["resourceSpans"], *otlp("2")["resourceSpans"]]}},
}  # fmt: skip


@pytest.mark.parametrize("shape", OTLP)
def test_requests_in_every_wrapping(shape: str, tmp_path: Path) -> None:
    spans, _, _ = read(tmp_path, "otlp-json", OTLP[shape])
    assert [(span.trace_key, span.span_id, span.kind.value) for span in spans] == [
        ("ab" * 16, "1" * 16, "llm"),
        ("ab" * 16, "2" * 16, "llm"),
    ]


# --- other products ---


def test_pages_and_other_spellings(tmp_path: Path) -> None:
    rows = seed("braintrust")
    assert len(read(tmp_path, "braintrust", {"events": rows, "cursor": None})[0]) == len(rows)
    whole = seed("opik")[0]
    traces, _, _ = read(tmp_path, "opik", {"content": [whole["trace"]], "page": 1, "total": 1})
    spans, _, _ = read(tmp_path, "opik", {"content": whole["spans"], "page": 1, "total": 3})
    steps = steps_of([*traces, *spans])
    assert [(step.kind.value, step.parent) for step in steps] == [("agent", None), ("llm", 0), ("tool", 0), ("llm", 0)]


def test_logfire_results_by_columns_and_by_rows(tmp_path: Path) -> None:
    rows = seed("logfire")
    names = list(rows[-1])
    columns = {
        "columns": [{"name": name, "datatype": "Utf8", "values": [row.get(name) for row in rows]} for name in names]
    }
    by_rows = {"columns": [{"name": name} for name in names], "rows": rows}
    assert read(tmp_path, "logfire", columns)[0] == read(tmp_path, "logfire", by_rows)[0] != []


def test_promptfoo_results_a_line_and_chats_of_tool_calls(tmp_path: Path) -> None:
    row = {"id": "p", "testIdx": 0, "prompt": {"raw": "Capital of Peru?", "label": "v1"}, "vars": {}, "success": True,
           "score": 1, "provider": "openai:m", "response": {"output": json.dumps([CALL]), "tokenUsage": {"prompt": 3}},
           "gradingResult": {"pass": True, "score": 1, "reason": "", "componentResults": None}}  # fmt: skip
    spans, notes, _ = read(tmp_path, "promptfoo", json.dumps(row) + "\n", "out.jsonl")
    assert [call.name for call in spans[-1].output_messages[0].tool_calls] == ["track"]
    assert [(note.name, note.label) for note in notes] == [("promptfoo", "pass")]


def test_deepeval_results_as_they_are_dumped(tmp_path: Path) -> None:
    metric = {"name": "Bias", "success": False, "score": 0.8, "threshold": 0.5, "reason": "x", "evaluation_model": "m"}
    result = {"name": "t", "success": False, "input": "Hi", "actual_output": "Ho", "expected_output": "Hey",
              "metrics_data": [metric], "conversational": False}  # fmt: skip
    spans, notes, _ = read(tmp_path, "deepeval", {"test_results": [result], "confident_link": None})
    assert len(spans) == 2
    assert [(note.name, note.label, note.is_expectation) for note in notes] == [
        ("deepeval", "fail", False), ("Bias", "not met", False), ("expected", "Hey", True)]  # fmt: skip


def test_output_items_of_the_evals_api(tmp_path: Path) -> None:
    item = {"object": "eval.run.output_item", "id": "oi-1", "run_id": "r", "eval_id": "e", "status": "fail",
            "created_at": 1777629600, "datasource_item_id": 3, "datasource_item": {"q": "Hi"},
            "results": [{"name": "match", "passed": False, "score": 0.0}],
            "sample": {"input": [{"role": "user", "content": "Hi"}], "output": [{"role": "assistant", "content": "Ho"}],
                       "model": "m", "finish_reason": "stop", "error": {"code": "", "message": ""},
                       "usage": {"prompt_tokens": 5, "completion_tokens": 2}}}  # fmt: skip
    spans, notes, _ = read(tmp_path, "openai-evals", {"object": "list", "data": [item], "has_more": False})
    usage = spans[1].usage
    assert usage is not None and (usage.input_tokens, usage.output_tokens) == (5, 2)
    assert [(note.name, note.label) for note in notes] == [("eval", "fail"), ("match", "not met")]
    assert spans[1].status is not Status.ERROR


def test_trees_without_a_current_node_take_the_newest_branch(tmp_path: Path) -> None:
    [talk] = seed("chatgpt-export")
    del talk["current_node"]
    spans, _, [others] = read(tmp_path, "chatgpt-export", [talk])
    assert spans[-1].output_messages[0].content == "It is 2." and others.count == 1
    chat = seed("claude-ai-export")[0]
    for message in chat["chat_messages"]:
        del message["parent_message_uuid"]
    spans, _, left = read(tmp_path, "claude-ai-export", [chat])
    assert left == [] and len(spans) == 5


def test_tool_turns_of_tau2_that_come_together(tmp_path: Path) -> None:
    run = seed("tau-bench")[0]["simulations"][0]
    asks: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [
        {"id": name, "name": name, "arguments": {}, "requestor": "assistant"} for name in ("a", "b")]}  # fmt: skip
    results = [{"role": "tool", "id": name, "content": "ok", "requestor": "assistant", "error": False} for name in "ab"]
    run["messages"] = [asks, {"role": "tool", "tool_messages": results}]
    spans, _, _ = read(tmp_path, "tau-bench", run)
    assert [span.tool for span in spans] == [None, "a", "b"]


ITEMS: dict[str, tuple[str, Any]] = {
    "langfuse": ("langfuse", {"data": [{"id": "i", "datasetId": "d", "input": "q", "expectedOutput": "a"}]}),
    "langsmith": ("data-set", [{"id": "e", "dataset_id": "d", "inputs": {"q": "x"}, "outputs": {"a": "y"}}]),
    "braintrust": ("braintrust", [{"id": "i", "_xact_id": "1", "dataset_id": "d", "input": "q", "expected": "a"}]),
    "openai evals": ("data-set", [{"input": [{"role": "user", "content": "q"}], "ideal": "a"}]),
    "goldens": ("data-set", {"goldens": [{"input": "q", "expected_output": "a"}]}),
}  # fmt: skip


@pytest.mark.parametrize("product", ITEMS)
def test_items_of_data_sets_are_named_and_counted(product: str, tmp_path: Path) -> None:
    fmt, value = ITEMS[product]
    spans, _, [left] = read(tmp_path, fmt, value)
    assert spans == [] and (left.what, left.count) == ("data set items", 1) and "retrospan case new" in left.why


def test_a_table_of_questions_is_a_data_set_too(tmp_path: Path) -> None:
    table = "question,expected_answer\nCapital of Peru?,Lima\nCapital of Chile?,Santiago\n"
    assert read(tmp_path, "data-set", table, "items.csv")[2][0].count == 2


# --- Parquet ---


def test_parquet_rows_are_read_as_the_lines_they_hold(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="needs the extra 'parquet'")
    from pyarrow import parquet

    rows = [{name: json.dumps(cell) if isinstance(cell, dict | list) else cell for name, cell in row.items()}
            for row in seed("braintrust")]  # fmt: skip
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "rows.parquet")
    items = [item for item in read_path(tmp_path / "rows.parquet") if isinstance(item, SpanBatch)]
    assert [span for batch in items for span in batch.spans] == read(tmp_path, "braintrust", seed("braintrust"))[0]


def test_a_broken_parquet_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 and nothing of it PAR1")
    from retrospan.model.errors import BadInputError

    with pytest.raises(BadInputError, match="Parquet"):
        list(read_path(tmp_path / "x.parquet"))
