"""Export files of other tools: each a small example, written by hand after the tool's documented shape."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.model.traces import (
    Annotation,
    AnnotatorKind,
    Message,
    Outcome,
    OutcomeSource,
    Span,
    SpanBatch,
    Status,
    StepError,
    StepKind,
    ToolCall,
    TraceFacts,
    Usage,
)


def load(folder: Path, fmt: str, *records: Any, name: str = "export.jsonl") -> SpanBatch:
    """Everything of a file, after checking that its format is recognised."""
    body = "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records).encode()
    assert detect_format(name, body) == fmt
    file = folder / name
    file.write_bytes(body)
    whole = SpanBatch()
    for item in read_path(file):
        assert isinstance(item, SpanBatch), item
        whole.spans.extend(item.spans)
        whole.facts.extend(item.facts)
    return whole


def kinds(spans: list[Span]) -> list[str]:
    return [f"{span.kind}:{span.tool or span.name}" for span in spans]


def seconds(span: Span) -> float:
    assert span.started_at_ns is not None and span.ended_at_ns is not None
    return (span.ended_at_ns - span.started_at_ns) / 1e9


# --- OpenAI chat ---

CHAT = [
    {"role": "system", "content": "You are the returns desk."},
    {"role": "user", "content": "Where is order 7?"},
    {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "lookup_order", "arguments": '{"order": 7}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": '{"status": "sent"}'},
]  # fmt: skip
ANSWER = {"role": "assistant", "content": "It is on its way."}


def test_openai_fine_tuning_lines_have_an_id_from_their_content(tmp_path: Path) -> None:
    record = {"messages": [*CHAT, ANSWER]}
    first, again = (load(tmp_path, "openai-chat", record) for _ in range(2))

    assert kinds(first.spans) == ["chain:system", "human:user", "llm:assistant", "tool:lookup_order", "llm:assistant"]
    assert first.spans[3].inputs == {"order": 7}
    assert first.spans[0].trace_key == again.spans[0].trace_key
    assert first.spans[0].trace_key.startswith("chat-")


@pytest.mark.parametrize("shape", ["batch", "logged", "flat"])
def test_openai_requests_come_with_their_response(tmp_path: Path, shape: str) -> None:
    response = {
        "id": "chatcmpl-1", "model": "gpt-5", "created": 1_763_800_000,
        "choices": [{"message": ANSWER, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 6, "prompt_tokens_details": {"cached_tokens": 16}},
    }  # fmt: skip
    request = {"messages": CHAT, "model": "gpt-5"}
    records: dict[str, dict[str, Any]] = {
        "batch": {"custom_id": "q-1", "request": {"body": request}, "response": {"status_code": 200, "body": response}},
        "logged": {"request": request, "response": response},
        "flat": {**request, **response},
    }
    batch = load(tmp_path, "openai-chat", records[shape])
    last = batch.spans[-1]

    assert last.trace_key == ("q-1" if shape == "batch" else "chatcmpl-1")
    assert last.output_messages == (Message("assistant", "It is on its way."),)
    assert (last.model, last.usage, last.finish_reason) == ("gpt-5", Usage(50, 6, 16), "stop")


# --- span tree ---


def tree_span(span_id: str, children: list[Any], **fields: Any) -> dict[str, Any]:
    return {
        "span_id": span_id, "span_name": "step", "timestamp": "2026-11-22T07:00:00.5Z", "duration": "PT1M0.25S",
        "status_code": "Ok", "status_message": "", "events": [], "links": [], "logs": [], "resource_attributes": {},
        "span_attributes": {}, "child_spans": children, **fields,
    }  # fmt: skip


def test_a_span_tree_keeps_parents_times_and_errors(tmp_path: Path) -> None:
    exception = {
        "Name": "exception",
        "Timestamp": "2026-11-22T07:00:01",
        "Attributes": {"exception.type": "KeyError", "exception.message": "no order 7"},
    }
    tool = tree_span(
        "b" * 16, [], span_name="lookup", status_code="Error", events=[exception],
        span_attributes={"openinference.span.kind": "TOOL", "tool.name": "lookup_order", "input.value": '{"order": 7}'},
    )  # fmt: skip
    log = {
        "body": {"function.name": "main", "function.arguments": {"q": "order 7?", "n": 3}, "function.output": "<null>"}
    }
    root = tree_span("a" * 16, [tool], span_name="main", logs=[log])
    batch = load(tmp_path, "span-tree", {"trace_id": "c" * 32, "spans": [root]}, name="trace.json")
    first, second = batch.spans

    assert (second.trace_key, second.parent_span_id) == ("c" * 32, "a" * 16)
    assert (second.kind, second.tool, second.inputs) == (StepKind.TOOL, "lookup_order", {"order": 7})
    assert (second.status, second.error) == (Status.ERROR, StepError("no order 7", "KeyError"))
    assert seconds(first) == 60.25
    assert first.inputs == {"q": "order 7?", "n": 3}


# --- Claude Code ---


def claude(kind: str, uuid: str, second: int, message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "type": kind, "uuid": uuid, "parentUuid": None, "sessionId": "sess-1", "isSidechain": False, "cwd": "/srv/shop",
        "version": "2.1.0", "timestamp": f"2026-11-22T07:00:{second:02d}.000Z", "message": message, **fields,
    }  # fmt: skip


def claude_session() -> list[dict[str, Any]]:
    usage = {"input_tokens": 100, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 5, "output_tokens": 9}
    think = {"type": "thinking", "thinking": "look first"}
    call = {"type": "tool_use", "id": "t1", "name": "Agent", "input": {"subagent_type": "reader", "prompt": "read"}}
    answer = {"id": "m1", "role": "assistant", "model": "claude-x", "stop_reason": "tool_use", "usage": usage}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "30 days"}]}
    return [
        {"type": "queue-operation", "sessionId": "sess-1", "operation": "enqueue"},
        claude("user", "u0", 0, {"role": "user", "content": "<meta>"}, isMeta=True),
        claude("user", "u1", 1, {"role": "user", "content": "How many days?"}),
        claude("assistant", "a1", 3, {**answer, "content": [think]}),
        claude("assistant", "a2", 4, {**answer, "content": [call]}),
        claude("user", "u2", 9, {"role": "user", "content": [result]}, toolUseResult={"agentId": "77"}),
        claude("assistant", "a3", 10, {"id": "m2", "role": "assistant", "content": [{"type": "text", "text": "30."}]}),
        claude("assistant", "a3", 10, {"id": "m2", "role": "assistant", "content": [{"type": "text", "text": "30."}]}),
    ]


def test_a_claude_code_session_merges_the_records_of_one_answer(tmp_path: Path) -> None:
    batch = load(tmp_path, "claude-code", *claude_session(), name="sess-1.jsonl")

    assert kinds(batch.spans) == ["human:user", "llm:claude-code", "tool:Agent", "llm:claude-code"]
    model, tool, last = batch.spans[1:]
    assert model.output_messages == (
        Message(
            "assistant",
            "",
            (ToolCall("Agent", {"subagent_type": "reader", "prompt": "read"}, "t1"),),
            reasoning="look first",
        ),
    )
    assert model.usage == Usage(125, 9, 20, 5)
    assert (tool.inputs, tool.outputs, seconds(tool)) == ({"subagent_type": "reader", "prompt": "read"}, "30 days", 5)
    assert [message.role for message in last.input_messages] == ["system", "user", "assistant", "tool"]
    assert batch.facts[0].session == "sess-1"
    assert batch.facts[0].metadata == {"cwd": "/srv/shop", "version": "2.1.0"}


def test_sub_agents_of_a_session_lie_below_the_call_that_started_them(tmp_path: Path) -> None:
    file = tmp_path / "sess-1.jsonl"
    file.write_text("\n".join(map(json.dumps, claude_session())))
    folder = tmp_path / "sess-1" / "subagents"
    folder.mkdir(parents=True)
    side = {"isSidechain": True, "agentId": "77"}
    inner = [
        claude("user", "s1", 5, {"role": "user", "content": "read"}, **side),
        claude(
            "assistant", "s2", 6, {"id": "m9", "role": "assistant", "content": [{"type": "text", "text": "30"}]}, **side
        ),
    ]
    (folder / "agent-77.jsonl").write_text("\n".join(map(json.dumps, inner)))

    for path in (file, tmp_path):
        [batch] = read_path(path)
        assert isinstance(batch, SpanBatch)
        tool = next(span for span in batch.spans if span.kind is StepKind.TOOL)
        below = [span for span in batch.spans if span.parent_span_id == tool.span_id]
        assert [(span.agent, span.kind.value) for span in below] == [("reader", "human"), ("reader", "llm")]
        assert [span.sequence for span in batch.spans] == list(range(6))


# --- Codex ---


def test_a_codex_rollout_groups_what_the_model_gave_between_results(tmp_path: Path) -> None:
    def item(second: int, **payload: Any) -> dict[str, Any]:
        return {"timestamp": f"2026-11-22T07:00:{second:02d}Z", "type": "response_item", "payload": payload}

    def said(second: int, role: str, text: str) -> dict[str, Any]:
        return item(second, type="message", role=role, content=[{"type": "input_text", "text": text}])

    usage = {"input_tokens": 90, "cached_input_tokens": 30, "output_tokens": 12, "reasoning_output_tokens": 4}
    batch = load(
        tmp_path,
        "codex",
        {"timestamp": "2026-11-22T07:00:00Z", "type": "session_meta", "payload": {"id": "cx-1", "cwd": "/srv"}},
        {"timestamp": "2026-11-22T07:00:00Z", "type": "turn_context", "payload": {"model": "gpt-5-codex"}},
        said(1, "user", "<environment_context>…"),
        said(1, "user", "Run the tests."),
        {"timestamp": "2026-11-22T07:00:01Z", "type": "event_msg", "payload": {"type": "user_message"}},
        item(2, type="reasoning", summary=[{"type": "summary_text", "text": "run pytest"}]),
        item(3, type="function_call", name="shell", arguments='{"cmd": "pytest"}', call_id="k1"),
        {"type": "event_msg", "payload": {"type": "token_count", "info": {"last_token_usage": usage}}},
        item(5, type="function_call_output", call_id="k1", output="Process exited with code 1\n2 failed"),
        said(6, "assistant", "Two tests fail."),
    )

    assert kinds(batch.spans) == ["chain:system", "human:user", "llm:codex", "tool:shell", "llm:codex"]
    model, tool, last = batch.spans[2:]
    assert model.output_messages == (
        Message("assistant", tool_calls=(ToolCall("shell", {"cmd": "pytest"}, "k1"),), reasoning="run pytest"),
    )
    assert (model.model, model.usage) == ("gpt-5-codex", Usage(90, 12, 30, reasoning_tokens=4))
    assert (tool.status, tool.inputs, seconds(tool)) == (Status.ERROR, {"cmd": "pytest"}, 2)
    assert last.output_messages[0].content == "Two tests fail."
    assert batch.facts == [TraceFacts("cx-1", session="cx-1", metadata={"cwd": "/srv"})]


# --- OpenAI Agents ---


def test_an_openai_agents_export_has_its_kinds_and_folds_turns(tmp_path: Path) -> None:
    def span(span_id: str, parent: str | None, error: Any = None, **data: Any) -> dict[str, Any]:
        times = {"started_at": "2026-11-22T07:00:00Z", "ended_at": "2026-11-22T07:00:02Z"}
        return {"object": "trace.span", "id": span_id, "trace_id": "trace_1", "parent_id": parent, "span_data": data,
                "error": error, **times}  # fmt: skip

    records = [
        {"object": "trace", "id": "trace_1", "workflow_name": "returns", "group_id": "g-1", "metadata": {"k": "v"}},
        span("s1", None, type="agent", name="triage", tools=["lookup"]),
        span("s2", "s1", type="turn", turn=1),
        span("s3", "s2", type="generation", model="gpt-5", input=CHAT[:2], output=[CHAT[2]],
             usage={"input_tokens": 7, "output_tokens": 3}),
        span("s4", "s2", {"message": "boom", "data": {"x": 1}}, type="function", name="lookup", input='{"o":7}',
             output="no"),
        span("s5", "s1", type="handoff", from_agent="triage", to_agent="refunds"),
        span("s6", "s1", type="guardrail", name="tone", triggered=False),
    ]  # fmt: skip
    lines = load(tmp_path, "openai-agents", *records)
    page = load(tmp_path, "openai-agents", {"data": records}, name="page.json")

    assert lines == page
    assert kinds(lines.spans) == [
        "agent:triage", "chain:turn", "llm:generation", "tool:lookup", "chain:handoff to refunds", "guardrail:tone",
    ]  # fmt: skip
    assert lines.spans[1].fold is not None
    assert lines.spans[2].usage == Usage(7, 3)
    assert lines.spans[2].output_messages[0].tool_calls[0].name == "lookup_order"
    assert (lines.spans[3].inputs, lines.spans[3].error) == ({"o": 7}, StepError('boom: {"x":1}'))
    assert lines.facts == [TraceFacts("trace_1", session="g-1", metadata={"k": "v", "workflow_name": "returns"})]


# --- LangSmith ---


def test_langsmith_runs_and_feedback(tmp_path: Path) -> None:
    base = {
        "trace_id": "r0",
        "start_time": "2026-11-22T07:00:00.1",
        "end_time": "2026-11-22T07:00:01.1",
        "session_name": "shop",
    }
    root = {**base, "id": "r0", "name": "agent", "run_type": "chain", "inputs": {"input": "order 7?"},
            "outputs": {"output": "sent"}, "tags": ["v3"],
            "extra": {"metadata": {"thread_id": "th-1", "user_id": "u1"}},
            "feedback_stats": {"helpful": {"n": 2, "avg": 0.5}}}  # fmt: skip
    model = {**base, "id": "r1", "parent_run_id": "r0", "name": "ChatOpenAI", "run_type": "llm",
             "inputs": {"messages": [CHAT[:2]]}, "prompt_tokens": 11, "completion_tokens": 4, "total_cost": 0.002,
             "outputs": {"generations": [[{"message": {"role": "assistant", "content": "calling"}}]]},
             "extra": {"metadata": {"ls_model_name": "gpt-5", "ls_provider": "openai"}}}  # fmt: skip
    trace = "Traceback (most recent call last):\n  File x\nKeyError: 'order 7'"
    tool = {**base, "id": "r2", "parent_run_id": "r0", "name": "lookup", "run_type": "tool", "error": trace,
            "inputs": {"input": "{'order': 7}"}, "outputs": None}  # fmt: skip
    found = {"documents": [{"page_content": "30 days", "metadata": {"id": "d1", "score": 0.9}}]}
    search = {**base, "id": "r3", "parent_run_id": "r0", "name": "docs", "run_type": "retriever", "outputs": found}
    feedback = {"id": "f1", "run_id": "r1", "trace_id": "r0", "key": "tone", "score": 0, "comment": "rude",
                "feedback_source": {"type": "app"}}  # fmt: skip
    batch = load(tmp_path, "langsmith", root, model, tool, search, feedback)

    assert kinds(batch.spans) == ["chain:agent", "llm:ChatOpenAI", "tool:lookup", "retriever:docs"]
    top, call, failed, retrieval = batch.spans
    assert (top.inputs, top.outputs, top.session, top.user, top.project) == ("order 7?", "sent", "th-1", "u1", "shop")
    assert [message.role for message in call.input_messages] == ["system", "user"]
    assert (call.output_messages[0].content, call.usage, call.cost_usd) == ("calling", Usage(11, 4), 0.002)
    assert (failed.inputs, failed.error) == ({"order": 7}, StepError("'order 7'", "KeyError"))
    assert [document.content for document in retrieval.documents] == ["30 days"]
    notes = [note for facts in batch.facts for note in facts.annotations]
    assert notes == [
        Annotation("helpful", score=0.5, source="langsmith"),
        Annotation("tone", None, 0.0, "rude", AnnotatorKind.HUMAN, "r1", "langsmith"),
    ]  # fmt: skip


# --- Langfuse ---

OBSERVATION = {
    "id": "o1", "traceId": "lf-1", "type": "GENERATION", "name": "answer", "startTime": "2026-11-22T07:00:00.000Z",
    "endTime": "2026-11-22T07:00:03.000Z", "model": "gpt-5", "input": CHAT[:2], "output": ANSWER,
    "usageDetails": {"input": 20, "output": 5, "total": 25}, "level": "DEFAULT",
}  # fmt: skip
TOOL_OBSERVATION = {
    "id": "o2", "traceId": "lf-1", "parentObservationId": "o1", "type": "TOOL", "name": "lookup", "level": "ERROR",
    "startTime": "2026-11-22T07:00:01.000Z", "statusMessage": "index offline", "input": {"order": 7}, "output": None,
}  # fmt: skip
SCORE = {"id": "s1", "traceId": "lf-1", "observationId": "o1", "name": "helpful", "value": 0, "comment": "no",
         "source": "ANNOTATION", "dataType": "BOOLEAN", "stringValue": "False"}  # fmt: skip


def test_langfuse_traces_with_observations_and_scores(tmp_path: Path) -> None:
    trace = {"id": "lf-1", "name": "returns", "sessionId": "s", "userId": "u", "release": "v3", "tags": ["a"],
             "metadata": {"k": 1}, "observations": [OBSERVATION, TOOL_OBSERVATION], "scores": [SCORE]}  # fmt: skip
    batch = load(tmp_path, "langfuse", [trace], name="traces.json")
    model, tool = batch.spans
    facts = next(facts for facts in batch.facts if facts.annotations)

    assert (model.kind, model.model, seconds(model)) == (StepKind.LLM, "gpt-5", 3)
    assert model.output_messages[0].content == "It is on its way."
    assert model.usage == Usage(20, 5)
    assert (tool.kind, tool.parent_span_id, tool.status) == (StepKind.TOOL, "o1", Status.ERROR)
    assert tool.error is not None and tool.error.message == "index offline"
    assert (facts.session, facts.user, facts.version, facts.tags) == ("s", "u", "v3", ("a",))
    assert facts.annotations == (Annotation("helpful", "False", 0.0, "no", AnnotatorKind.HUMAN, "o1", "langfuse"),)


def test_langfuse_observations_and_scores_on_their_own(tmp_path: Path) -> None:
    lines = load(tmp_path, "langfuse", OBSERVATION, TOOL_OBSERVATION, SCORE)
    page = load(tmp_path, "langfuse", {"data": [OBSERVATION, TOOL_OBSERVATION, SCORE], "meta": {}}, name="page.json")

    assert [span.span_id for span in lines.spans] == [span.span_id for span in page.spans] == ["o1", "o2"]
    assert lines.facts[-1].annotations == page.facts[-1].annotations


def test_a_langfuse_trace_without_observations_is_one_step(tmp_path: Path) -> None:
    trace = {"id": "lf-2", "name": "returns", "input": "order 7?", "output": "sent", "observations": []}
    [span] = load(tmp_path, "langfuse", [trace], name="traces.json").spans

    assert (span.kind, span.name, span.inputs, span.outputs) == (StepKind.AGENT, "returns", "order 7?", "sent")


# --- MLflow ---


def test_an_mlflow_trace_has_hex_ids_and_assessments(tmp_path: Path) -> None:
    def coded(value: str) -> str:
        return base64.b64encode(bytes.fromhex(value)).decode()

    def span(span_id: str, parent: str | None, kind: str, **values: Any) -> dict[str, Any]:
        code = "STATUS_CODE_ERROR" if kind == "TOOL" else "STATUS_CODE_OK"
        attributes = {"mlflow.spanType": kind} | {f"mlflow.{name}": value for name, value in values.items()}
        return {
            "trace_id": coded("ab" * 16), "span_id": coded(span_id), "parent_span_id": parent and coded(parent),
            "name": kind.lower(), "start_time_unix_nano": 10**18, "end_time_unix_nano": 10**18 + 5 * 10**8,
            "status": {"code": code, "message": ""}, "attributes": {k: json.dumps(v) for k, v in attributes.items()},
        }  # fmt: skip

    record = {
        "info": {
            "trace_id": "tr-" + "ab" * 16, "trace_metadata": {"mlflow.trace.session": "s1", "mlflow.trace.user": "u1"},
            "tags": {"mlflow.user": "x", "release": "v3"},
            "assessments": [
                {"assessment_name": "correct", "feedback": {"value": False}, "rationale": "wrong days",
                 "source": {"source_type": "LLM_JUDGE", "source_id": "gpt"}, "span_id": coded("11" * 8)}],
        },
        "data": {"spans": [
            span("11" * 8, None, "AGENT", spanInputs={"q": "days?", "n": 3}, spanOutputs="30"),
            span("22" * 8, "11" * 8, "TOOL", spanInputs={"order": 7}),
        ]},
    }  # fmt: skip
    batch = load(tmp_path, "mlflow", record, name="trace.json")
    root, tool = batch.spans
    facts = next(facts for facts in batch.facts if facts.annotations)

    assert (root.trace_key, root.span_id, tool.parent_span_id) == ("ab" * 16, "11" * 8, "11" * 8)
    assert (root.kind, root.inputs, root.outputs, seconds(root)) == (StepKind.AGENT, {"q": "days?", "n": 3}, "30", 0.5)
    assert (tool.kind, tool.inputs, tool.status) == (StepKind.TOOL, {"order": 7}, Status.ERROR)
    assert (facts.session, facts.user, facts.tags) == ("s1", "u1", ("release:v3",))
    assert facts.annotations == (
        Annotation("correct", "false", 0.0, "wrong days", AnnotatorKind.LLM, "11" * 8, "mlflow"),
    )


# --- Phoenix ---

PHOENIX = {
    "name": "ChatCompletion", "span_kind": "LLM", "parent_id": None, "status_code": "OK", "status_message": "",
    "start_time": "2026-11-22T07:00:00+00:00", "end_time": "2026-11-22T07:00:02+00:00", "events": [],
    "context.span_id": "1" * 16, "context.trace_id": "2" * 32, "attributes.llm.model_name": "gpt-5",
    "attributes.llm.input_messages": [{"message.role": "user", "message.content": "order 7?"}],
    "attributes.llm.output_messages": [{"message.role": "assistant", "message.tool_calls": [
        {"tool_call.function.name": "lookup", "tool_call.function.arguments": '{"order": 7}'}]}],
    "attributes.llm.token_count.prompt": 9.0, "attributes.llm.token_count.completion": 2.0,
    "attributes.tool.name": None, "attributes.session.id": "s-1",
}  # fmt: skip


def test_phoenix_rows_in_every_shape_give_the_same_spans(tmp_path: Path) -> None:
    by_column = {name: {"0": value} for name, value in PHOENIX.items()}
    split = {"columns": list(PHOENIX), "index": [0], "data": [list(PHOENIX.values())]}
    context = {"span_id": "1" * 16, "trace_id": "2" * 32}
    attributes = {
        key.removeprefix("attributes."): value for key, value in PHOENIX.items() if key.startswith("attributes.")
    }
    nested = {key: value for key, value in PHOENIX.items() if "." not in key}
    rest = {"data": [{**nested, "context": context, "attributes": attributes}]}
    batches = [
        load(tmp_path, "phoenix", PHOENIX),
        load(tmp_path, "phoenix", [PHOENIX], name="a.json"),
        load(tmp_path, "phoenix", by_column, name="b.json"),
        load(tmp_path, "phoenix", split, name="c.json"),
        load(tmp_path, "phoenix", rest, name="d.json"),
    ]
    [span] = batches[0].spans

    assert all(batch == batches[0] for batch in batches)
    assert (span.kind, span.model, span.session, seconds(span)) == (StepKind.LLM, "gpt-5", "s-1", 2)
    assert span.usage == Usage(9, 2)
    assert span.output_messages[0].tool_calls == (ToolCall("lookup", {"order": 7}),)


def test_phoenix_annotations_become_annotations(tmp_path: Path) -> None:
    row = {"context.span_id": "1" * 16, "context.trace_id": "2" * 32, "name": "correct", "annotator_kind": "HUMAN",
           "label": "wrong", "score": 0, "explanation": "30 days"}  # fmt: skip
    [facts] = load(tmp_path, "phoenix", row).facts

    assert facts.annotations == (
        Annotation("correct", "wrong", 0.0, "30 days", AnnotatorKind.HUMAN, "1" * 16, "phoenix"),
    )


# --- Inspect ---


def test_an_inspect_json_log_resolves_attachments_and_scores(tmp_path: Path) -> None:
    messages = [
        {"id": "m1", "role": "user", "content": "attachment://abc"},
        {"id": "m2", "role": "assistant", "content": "C", "model": "m"},
    ]
    sample = {
        "id": 1, "epoch": 2, "messages": messages, "attachments": {"abc": "a long question"}, "target": "C",
        "scores": {"match": {"value": "I", "explanation": "no"}, "model_graded_qa": {"value": "C"}},
        "events": [{"event": "model", "timestamp": "2026-11-22T07:00:00Z", "completed": "2026-11-22T07:00:04Z",
                    "output": {"choices": [{"message": {"id": "m2"}, "stop_reason": "stop"}],
                               "usage": {"input_tokens": 5, "output_tokens": 1}}}],
    }  # fmt: skip
    log = {"version": 2, "eval": {"task": "quiz", "run_id": "run9", "model": "m"}, "plan": {}, "samples": [sample]}
    batch = load(tmp_path, "inspect", log, name="log.json")
    [facts] = batch.facts

    assert batch.spans[0].inputs == "a long question"
    assert (batch.spans[1].usage, batch.spans[1].finish_reason, seconds(batch.spans[1])) == (Usage(5, 1), "stop", 4)
    assert (facts.trace_key, facts.project, facts.task) == ("run9/1/2", "quiz", "1")
    assert (facts.outcome, facts.outcome_source) == (Outcome.FAIL, OutcomeSource.EVALUATION)
    assert facts.annotations == (
        Annotation("match", "I", explanation="no", source="inspect"),
        Annotation("model_graded_qa", "C", annotator_kind=AnnotatorKind.LLM, source="inspect"),
        Annotation("target", "C", source="inspect", is_expectation=True),
    )


# --- CSV of past reviews ---


def test_reviews_in_a_csv_are_human_annotations(tmp_path: Path) -> None:
    batch = load(
        tmp_path,
        "reviews-csv",
        "Trace ID,Verdict,Comment,Reviewer,Score",
        'run-1,fail,"wrong, ""quoted""\nwindow",ana,2',
        "run-2,pass,,ben,",
        name="reviews.csv",
    )

    assert batch.facts == [
        TraceFacts(
            "run-1",
            outcome=Outcome.FAIL,
            outcome_source=OutcomeSource.FEEDBACK,
            annotations=(
                Annotation("review", "fail", 2.0, 'wrong, "quoted"\nwindow', AnnotatorKind.HUMAN, None, "ana"),
            ),
        ),
        TraceFacts(
            "run-2",
            outcome=Outcome.PASS,
            outcome_source=OutcomeSource.FEEDBACK,
            annotations=(Annotation("review", "pass", annotator_kind=AnnotatorKind.HUMAN, source="ben"),),
        ),
    ]


def test_a_csv_row_that_judges_nothing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "reviews.csv"
    file.write_text("trace;criterion;label\nrun-1;tone;rude\n;tone;rude\nrun-3;tone;\n")
    first, second, batch = read_path(file)

    assert isinstance(first, RecordError) and isinstance(second, RecordError)
    assert [first.where, second.where] == ["row 3", "row 4"]
    assert isinstance(batch, SpanBatch)
    assert batch.facts == [
        TraceFacts(
            "run-1",
            outcome_source=OutcomeSource.NONE,
            annotations=(Annotation("tone", "rude", annotator_kind=AnnotatorKind.HUMAN, source="csv"),),
        )
    ]
