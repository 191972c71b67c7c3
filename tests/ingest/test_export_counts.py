"""Export files: runs, turns, calls, errors and tokens equal a count of the file itself, made in a few lines here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.ingest.formats.records import LeftOut
from retrospan.model.traces import Span, SpanBatch, Status, StepKind

SEEDS = Path(__file__).parents[1] / "data" / "formats"


class Counts(NamedTuple):
    """What a file holds."""

    runs: int
    said: int
    """Turns of people."""
    calls: int
    """Answers of models."""
    tools: int
    errors: int
    tokens_in: int
    tokens_out: int
    left_out: int = 0


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(item)


def total(items: list[dict[str, Any]], *names: str) -> int:
    return sum(int(item.get(name) or 0) for item in items for name in names)


def braintrust(rows: list[Any]) -> Counts:
    kinds = [row["span_attributes"]["type"] for row in rows]
    metrics = [row["metrics"] for row in rows]
    return Counts(
        len({row["root_span_id"] for row in rows}), 0, kinds.count("llm"), kinds.count("tool"),
        sum(bool(row.get("error")) for row in rows),
        total(metrics, "prompt_tokens"), total(metrics, "completion_tokens"),
    )  # fmt: skip


def weave(rows: list[Any]) -> Counts:
    calls = [row for row in rows if "messages" in row["inputs"]]
    usage = [row["summary"]["usage"]["m-1"] for row in calls]
    tools = [row for row in rows if row["attributes"].get("weave", {}).get("kind") == "tool"]
    return Counts(
        len({row["trace_id"] for row in rows}), 0, len(calls), len(tools), sum(bool(r.get("exception")) for r in rows),
        total(usage, "prompt_tokens"), total(usage, "completion_tokens"),
    )  # fmt: skip


def opik(rows: list[Any]) -> Counts:
    spans = [span for row in rows for span in row["spans"]]
    usage = [span["usage"] for span in spans if "usage" in span]
    kinds = [span["type"] for span in spans]
    failed = sum("error_info" in span for span in spans)
    return Counts(len(rows), 0, kinds.count("llm"), kinds.count("tool"), failed, total(usage, "prompt_tokens"),
                  total(usage, "completion_tokens"))  # fmt: skip


def promptfoo(rows: list[Any]) -> Counts:
    results = rows[0]["results"]["results"]
    usage = [result["response"].get("tokenUsage", {}) for result in results]
    asked = sum(turn["role"] == "user" for result in results for turn in json.loads(result["prompt"]["raw"]))
    failed = sum("error" in result["response"] for result in results)
    return Counts(len(results), asked, len(results), 0, failed, total(usage, "prompt"), total(usage, "completion"))


def deepeval(rows: list[Any]) -> Counts:
    cases, talks = rows[0]["testCases"], rows[0]["conversationalTestCases"]
    tools = [tool for case in cases for tool in case.get("toolsCalled", ())]
    roles = [turn["role"] for talk in talks for turn in talk["turns"]]
    with_tools = sum(bool(case.get("toolsCalled")) for case in cases)
    return Counts(len(cases) + len(talks), len(cases) + roles.count("user"),
                  len(cases) + with_tools + roles.count("assistant"), len(tools), 0, 0, 0)  # fmt: skip


def openai_evals(rows: list[Any]) -> Counts:
    sampled = [row["data"] for row in rows if row.get("type") == "sampling"]
    usage = [data["usage"] for data in sampled]
    return Counts(len({row["sample_id"] for row in rows if "sample_id" in row}), len(sampled), len(sampled), 0, 0,
                  total(usage, "prompt_tokens"), total(usage, "completion_tokens"))  # fmt: skip


def assistants(rows: list[Any]) -> Counts:
    items = list(walk(rows))
    messages = [item for item in items if item.get("object") == "thread.message"]
    steps = [item for item in items if item.get("type") == "tool_calls" and "tool_calls" not in item]
    tools = [call for item in items for call in item.get("tool_calls", ())]
    usage = [item["usage"] for item in items if item.get("object") == "thread.run"]
    roles = [message["role"] for message in messages]
    return Counts(len({m["thread_id"] for m in messages}), roles.count("user"), roles.count("assistant") + len(steps),
                  len(tools), 0, total(usage, "prompt_tokens"), total(usage, "completion_tokens"))  # fmt: skip


def tau(rows: list[Any]) -> Counts:
    runs = [*rows[0]["simulations"], *rows[1:]]
    turns = [turn for run in runs for turn in run.get("messages", run.get("traj"))]
    agent = [turn for turn in turns if turn["role"] == "assistant"]
    roles = [turn["role"] for turn in turns]
    usage = [turn.get("usage") or {} for turn in agent]
    return Counts(len(runs), roles.count("user"), len(agent), roles.count("tool"), total(turns, "error"),
                  total(usage, "prompt_tokens"), total(usage, "completion_tokens"), len(rows[0]["tasks"]))  # fmt: skip


def transcript(rows: list[Any]) -> Counts:
    pairs, talk, team, steps = rows[0]["turns"], rows[1]["dialogue"], rows[2]["messages"], rows[3]["trajectory"]
    speakers = [turn["speaker"] for turn in talk]
    kinds = [turn["type"] for turn in team if turn["source"] != "user"]
    used = [turn["models_usage"] for turn in team if "models_usage" in turn]
    said = sum(bool(pair["user_msg"]) for pair in pairs) + speakers.count("patient") + 1
    calls = sum(bool(pair["agent_reply"]) for pair in pairs) + 1 + speakers.count("doctor") + len(steps)
    tools = sum(len(pair["tools_used"]) for pair in pairs) + speakers.count("measurement")
    return Counts(
        len(rows), said, calls + len(kinds) - kinds.count("ToolCallExecutionEvent"),
        tools + kinds.count("ToolCallExecutionEvent") + sum(bool(step["observation"]) for step in steps), 0,
        total(used, "prompt_tokens"), total(used, "completion_tokens"),
    )  # fmt: skip


def kimi_code(rows: list[Any]) -> Counts:
    events = [row["event"] for row in rows if row["type"] == "context.append_loop_event"]
    results = [event["result"] for event in events if event["type"] == "tool.result"]
    usage = [event["usage"] for event in events if event["type"] == "step.end"]
    people = [row for row in rows if row["type"] == "context.append_message"]
    said = [row for row in people if row["message"]["origin"]["kind"] == "user"]
    unanswered = sum(row["type"] == "turn.cancel" for row in rows)
    return Counts(
        1, len(said), len(usage) + unanswered, len(results), total(results, "isError") + unanswered,
        total(usage, "inputOther", "inputCacheRead", "inputCacheCreation"), total(usage, "output"), 1,
    )  # fmt: skip


def opencode(rows: list[Any]) -> Counts:
    messages = [message for row in rows for message in row["messages"]]
    roles = [message["info"]["role"] for message in messages]
    parts = [part for message in messages for part in message["parts"]]
    steps = [part["tokens"] for part in parts if part["type"] == "step-finish"]
    whole = [m["info"]["tokens"] for m in messages if "tokens" in m["info"] and len(m["parts"]) == 1]
    tools = [part["state"] for part in parts if part["type"] == "tool"]
    failed = [state for state in tools if state["status"] == "error" and "user rejected" not in state["error"]]
    return Counts(
        len(rows), roles.count("user"), len(steps) + len(whole), len(tools),
        len(failed) + sum("error" in message["info"] for message in messages),
        total([*steps, *whole], "input") + total([used["cache"] for used in (*steps, *whole)], "read", "write"),
        total([*steps, *whole], "output", "reasoning"), sum(part["type"] == "telemetry" for part in parts),
    )  # fmt: skip


def event_log(rows: list[Any]) -> Counts:
    events = [row["event"] for row in rows]
    used = [row["usage"] for row in rows if "usage" in row]
    return Counts(
        len({row["session_id"] for row in rows}), events.count("session_start"), events.count("llm_response"),
        events.count("tool_end"), sum("error" in row for row in rows),
        total(used, "input_tokens"), total(used, "output_tokens"), events.count("heartbeat"),
    )  # fmt: skip


def crewai_log(rows: list[Any]) -> Counts:
    status = [row["status"] for row in rows]
    runs = sum(row["task_name"] == "plan" and row["status"] == "started" for row in rows)
    return Counts(runs, runs, len(status) - status.count("started"), 0, status.count("failed"), 0, 0)


def chatgpt(rows: list[Any]) -> Counts:
    nodes, branch = rows[0]["mapping"], []
    here = rows[0]["current_node"]
    while here:
        branch.append(nodes[here]["message"] or {"author": {"role": "none"}})
        here = nodes[here]["parent"]
    roles = [message["author"]["role"] for message in branch]
    others = [n for n in nodes.values() if n["message"] and n["message"]["author"]["role"] != "system"]
    said = [role for role in roles if role in ("user", "assistant", "tool")]
    return Counts(len(rows), roles.count("user"), roles.count("assistant"), roles.count("tool"), 0, 0, 0,
                  len(others) - len(said))  # fmt: skip


def claude_ai(rows: list[Any]) -> Counts:
    parts = [part for message in rows[0]["chat_messages"][2:] for part in message["content"]]
    results = [part for part in parts if part["type"] == "tool_result"]
    return Counts(1, 1, 2, len(results), sum(part["is_error"] for part in results), 0, 0, 1 + len(rows) - 1)


def sharegpt(rows: list[Any]) -> Counts:
    said = [turn["from"] for row in rows for turn in row["conversations"]]
    return Counts(len(rows), said.count("human"), said.count("gpt") + said.count("function_call"),
                  said.count("observation"), 0, 0, 0)  # fmt: skip


def message_list(rows: list[Any]) -> Counts:
    kinds = [row["id"][-1] for row in rows]
    usage = [row["kwargs"].get("usage_metadata", {}) for row in rows]
    failed = sum(row["kwargs"].get("status") == "error" for row in rows)
    return Counts(1, kinds.count("HumanMessage"), kinds.count("AIMessage"), kinds.count("ToolMessage"), failed,
                  total(usage, "input_tokens"), total(usage, "output_tokens"))  # fmt: skip


def spans_of(status: Callable[[dict[str, Any]], bool], trace: Callable[[dict[str, Any]], str]) -> Callable[..., Counts]:
    def count(rows: list[Any]) -> Counts:
        given = [json.loads(a) if isinstance(a := row["attributes"], str) else a for row in rows]
        done = [attributes["gen_ai.operation.name"] for attributes in given]
        usage = [total(given, f"gen_ai.usage.{way}_tokens") for way in ("input", "output")]
        runs, failed = len(set(map(trace, rows))), sum(map(status, rows))
        return Counts(runs, 0, done.count("chat"), done.count("execute_tool"), failed, *usage)

    return count


COUNTED: dict[str, Callable[[list[Any]], Counts]] = {
    "transcript": transcript,
    "kimi-code": kimi_code,
    "opencode": opencode,
    "event-log": event_log,
    "crewai-log": crewai_log,
    "braintrust": braintrust,
    "weave": weave,
    "opik": opik,
    "promptfoo": promptfoo,
    "deepeval": deepeval,
    "openai-evals": openai_evals,
    "openai-assistants": assistants,
    "tau-bench": tau,
    "chatgpt-export": chatgpt,
    "claude-ai-export": claude_ai,
    "sharegpt": sharegpt,
    "message-list": message_list,
    "console": spans_of(lambda row: row["status"]["status_code"] == "ERROR", lambda row: row["context"]["trace_id"]),
    "logfire": spans_of(lambda row: row["is_exception"], lambda row: row["trace_id"]),
}


def counts_of(path: Path) -> Counts:
    spans: list[Span] = []
    left_out = 0
    for item in read_path(path):
        assert not isinstance(item, RecordError), item
        if isinstance(item, LeftOut):
            left_out += item.count
        else:
            assert isinstance(item, SpanBatch)
            spans += item.spans
    kinds = [span.kind for span in spans]
    usage = [span.usage for span in spans if span.usage and span.kind is StepKind.LLM]
    return Counts(
        len({span.trace_key for span in spans}),
        kinds.count(StepKind.HUMAN),
        kinds.count(StepKind.LLM),
        kinds.count(StepKind.TOOL),
        sum(span.status is Status.ERROR for span in spans),
        sum(counted.input_tokens for counted in usage),
        sum(counted.output_tokens for counted in usage),
        left_out,
    )


@pytest.mark.parametrize("name", COUNTED)
def test_counts_equal_those_of_the_file(name: str) -> None:
    path = SEEDS / f"{name}.jsonl"
    text = path.read_text()
    assert detect_format(path.name, text.encode()) == name
    assert counts_of(path) == COUNTED[name]([json.loads(line) for line in text.splitlines()])


@pytest.mark.parametrize("name", sorted({*COUNTED} - {"openai-assistants", "console", "kimi-code"}))
def test_one_array_is_read_as_the_lines_are(name: str, tmp_path: Path) -> None:
    records = [json.loads(line) for line in (SEEDS / f"{name}.jsonl").read_text().splitlines()]
    (tmp_path / "export.json").write_text(json.dumps(records, indent=1))
    assert detect_format("export.json", (tmp_path / "export.json").read_bytes()) == name
    assert counts_of(tmp_path / "export.json") == COUNTED[name](records)


def test_printed_spans_one_after_another_are_read_over_many_lines(tmp_path: Path) -> None:
    records = [json.loads(line) for line in (SEEDS / "console.jsonl").read_text().splitlines()]
    (tmp_path / "out.json").write_text("\n".join(json.dumps(record, indent=4) for record in records))
    assert counts_of(tmp_path / "out.json") == COUNTED["console"](records)
