"""Of every format of coding agents as many turns, calls, errors and tokens come in as the file holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from retrospan.ingest.formats.detect import detect_format
from retrospan.ingest.formats.read import RecordError, read_path
from retrospan.model.errors import BadInputError
from retrospan.model.traces import Span, SpanBatch, Status, StepKind, Usage
from shared_data import shared

SEEDS = Path(__file__).parents[1] / "data" / "formats"


class Counts(NamedTuple):
    """What a file holds."""

    people: int
    answers: int
    results: int
    errors: int
    given: int
    taken: int


def records_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def spans_of(path: Path) -> list[Span]:
    items = list(read_path(path))
    assert not [item for item in items if isinstance(item, RecordError)]
    return [span for item in items if isinstance(item, SpanBatch) for span in item.spans]


def imported(path: Path) -> Counts:
    spans = spans_of(path)
    kinds = [span.kind for span in spans]
    used = sum((span.usage for span in spans if span.usage), Usage())
    return Counts(
        kinds.count(StepKind.HUMAN),
        kinds.count(StepKind.LLM),
        kinds.count(StepKind.TOOL),
        sum(span.kind is StepKind.TOOL and span.status is Status.ERROR for span in spans),
        used.input_tokens,
        used.output_tokens,
    )


def claude_stream(rows: list[Any]) -> Counts:
    answers = {row["message"]["id"] for row in rows if row["type"] == "assistant"}
    parts = [part for row in rows if row["type"] == "user" for part in row["message"]["content"]]
    [end] = [row for row in rows if row["type"] == "result"]
    errors = sum(part.get("is_error", False) for part in parts)
    return Counts(0, len(answers), len(parts), errors, end["usage"]["input_tokens"], end["usage"]["output_tokens"])


def codex_exec(rows: list[Any]) -> Counts:
    items = [row["item"] for row in rows if row["type"] == "item.completed"]
    runs = [item for item in items if item["type"] == "command_execution"]
    used = [row["usage"] for row in rows if row["type"] == "turn.completed"]
    given, taken = (sum(one[name] for one in used) for name in ("input_tokens", "output_tokens"))
    return Counts(0, len(runs) + 1, len(runs), sum(run["exit_code"] != 0 for run in runs), given, taken)


def gemini_cli(rows: list[Any]) -> Counts:
    answers = [row for row in rows if row.get("type") == "gemini"]
    calls = [call for row in answers for call in row.get("toolCalls", ())]
    tokens = [row["tokens"] for row in answers]
    return Counts(
        sum(row.get("type") == "user" for row in rows),
        len(answers),
        len(calls),
        sum(call["status"] == "error" for call in calls),
        sum(one["input"] for one in tokens),
        sum(one["output"] + one["thoughts"] for one in tokens),
    )


def gemini_stream(rows: list[Any]) -> Counts:
    kinds = [row["type"] for row in rows]
    stats = rows[-1]["stats"]
    return Counts(1, 2, kinds.count("tool_result"), 0, stats["input_tokens"], stats["output_tokens"])


def copilot_chat(rows: list[Any]) -> Counts:
    requests = rows[0]["requests"]
    shown = [item for one in requests for item in one["response"]]
    calls = sum(item.get("kind") == "toolInvocationSerialized" for item in shown)
    told = [one["result"]["metadata"] for one in requests]
    given, taken = (sum(one[name] for one in told) for name in ("promptTokens", "outputTokens"))
    return Counts(len(requests), calls + len(requests), calls, 0, given, taken)


def copilot_cli(rows: list[Any]) -> Counts:
    kinds = [row["type"] for row in rows]
    taken = sum(row["data"].get("outputTokens", 0) for row in rows)
    results = [row["data"] for row in rows if row["type"] == "tool.execution_complete"]
    errors = sum(not one["success"] for one in results)
    return Counts(kinds.count("user.message"), kinds.count("assistant.message"), len(results), errors, 0, taken)


def atif(rows: list[Any]) -> Counts:
    steps = rows[0]["steps"]
    totals = rows[0]["final_metrics"]
    results = sum(len(step.get("observation", {}).get("results", ())) for step in steps)
    sources = [step["source"] for step in steps]
    given, taken = totals["total_prompt_tokens"], totals["total_completion_tokens"]
    return Counts(sources.count("user"), sources.count("agent"), results, 0, given, taken)


def browser_use(rows: list[Any]) -> Counts:
    steps = rows[0]["history"]
    results = [result for step in steps for result in step["result"]]
    return Counts(0, len(steps), len(results), sum(bool(one.get("error")) for one in results), 0, 0)


def cline(rows: list[Any]) -> Counts:
    texts = [part["text"] for row in rows if row["role"] == "user" for part in row["content"]]
    told = [row["metrics"]["tokens"] for row in rows if "metrics" in row]
    return Counts(
        sum(text.startswith("<task>") for text in texts),
        sum(row["role"] == "assistant" for row in rows),
        sum("] Result:" in text for text in texts),
        0,
        sum(one["prompt"] + one["cached"] for one in told),
        sum(one["completion"] for one in told),
    )


def openhands(rows: list[Any]) -> Counts:
    acted = [row for row in rows if "action" in row]
    total = rows[-1]["llm_metrics"]["accumulated_token_usage"]
    results = [row for row in rows if row.get("observation") == "run"]
    return Counts(
        sum(row["source"] == "user" for row in acted),
        sum(row["source"] == "agent" for row in acted),
        len(results),
        sum(row["extras"]["metadata"]["exit_code"] != 0 for row in results),
        total["prompt_tokens"],
        total["completion_tokens"],
    )


def mini_swe_agent(rows: list[Any]) -> Counts:
    answers = [turn for turn in rows[0]["messages"] if turn["role"] == "assistant"]
    used = [turn["extra"]["response"]["usage"] for turn in answers]
    given, taken = (sum(one[name] for one in used) for name in ("prompt_tokens", "completion_tokens"))
    return Counts(1, len(answers), sum(turn["content"].count("```bash") for turn in answers), 0, given, taken)


def swe_agent(rows: list[Any]) -> Counts:
    steps = rows[0]["trajectory"]
    return Counts(1, len(steps), sum(bool(step["action"]) for step in steps), 0, 0, 0)


COUNTS: dict[str, Callable[[list[Any]], Counts]] = {
    "claude-stream": claude_stream,
    "codex-exec": codex_exec,
    "gemini-cli": gemini_cli,
    "gemini-stream": gemini_stream,
    "copilot-chat": copilot_chat,
    "copilot-cli": copilot_cli,
    "atif": atif,
    "browser-use": browser_use,
    "cline": cline,
    "openhands": openhands,
    "mini-swe-agent": mini_swe_agent,
    "swe-agent": swe_agent,
}


@pytest.mark.parametrize("fmt", COUNTS)
def test_as_much_comes_in_as_the_file_holds(fmt: str) -> None:
    path = SEEDS / f"{fmt}.jsonl"

    assert detect_format(path.name, path.read_bytes()) == fmt
    assert imported(path) == COUNTS[fmt](records_of(path))


@pytest.mark.parametrize("fmt", COUNTS)
def test_a_run_that_is_read_again_has_the_same_steps(fmt: str) -> None:
    first, again = (spans_of(SEEDS / f"{fmt}.jsonl") for _ in range(2))

    assert [(span.trace_key, span.span_id) for span in first] == [(span.trace_key, span.span_id) for span in again]
    assert len({span.span_id for span in first}) == len(first)


@pytest.mark.parametrize("fmt", ["swe-agent", "mini-swe-agent", "browser-use", "cline", "openhands"])
def test_runs_in_files_of_one_name_stay_apart(tmp_path: Path, fmt: str) -> None:
    text = (SEEDS / f"{fmt}.jsonl").read_text()
    for folder, found in (
        ("a", text),
        ("b", text.replace("List", "Count").replace("look", "see").replace("open", "go")),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "run.jsonl").write_text(found)

    assert len({span.trace_key for span in spans_of(tmp_path)}) == 2


CHAT = """
# aider chat started at 2026-11-22 07:00:00

> Aider v0.86.1
> Main model: gpt-x with diff edit format

#### /add totals.py

> Added totals.py to the chat

#### Round the totals
#### to cents

I round them.

totals.py
```python
round(total, 2)
```

> Tokens: 2.4k sent, 1k cache hit, 104 received. Cost: $0.02 message, $0.02 session.
> Applied edit to totals.py
> Commit 1b2614a fix: round totals

# aider chat started at 2026-11-22 08:00:00

> Aider v0.86.1

# aider chat started at 2026-11-22 09:00:00

#### /ask why cents?

Because of the law.

> Tokens: 1,200 sent, 20 received.
"""


def test_each_chat_of_aider_is_a_run(tmp_path: Path) -> None:
    (tmp_path / ".aider.chat.history.md").write_text(CHAT)
    items = list(read_path(tmp_path))
    first, second = (item for item in items if isinstance(item, SpanBatch))

    assert [span.kind.value for span in first.spans] == ["chain", "chain", "chain", "human", "llm", "tool", "tool"]
    assert first.spans[3].inputs == "Round the totals\nto cents"
    assert (first.spans[4].usage, first.spans[4].cost_usd, first.spans[4].model) == (
        Usage(3400, 104, 1000),
        0.02,
        "gpt-x",
    )
    assert [(span.tool, span.inputs) for span in first.spans[5:]] == [
        ("apply_edit", {"path": "totals.py"}),
        ("git_commit", {"message": "fix: round totals"}),
    ]
    assert [(span.kind.value, span.usage) for span in second.spans] == [("human", None), ("llm", Usage(1200, 20))]
    assert [item.what for item in items if not isinstance(item, SpanBatch | RecordError)] == [
        "chats without a question"
    ]


def test_the_screen_of_a_cline_task_tells_its_tokens(tmp_path: Path) -> None:
    task = tmp_path / "tasks" / "1763800000000"
    task.mkdir(parents=True)
    (task / "api_conversation_history.json").write_text(json.dumps(records_of(SEEDS / "cline.jsonl")))
    request = {"tokensIn": 5, "tokensOut": 7, "cacheReads": 20, "cacheWrites": 3, "cost": 0.5}
    screen = [{"ts": 1, "type": "say", "say": "api_req_started", "text": json.dumps(request)}] * 2
    (task / "ui_messages.json").write_text(json.dumps(screen))
    (task / "task_metadata.json").write_text("{}")
    spans = spans_of(tmp_path)

    assert {span.trace_key for span in spans} == {"task-1763800000000"}
    assert [span.usage for span in spans if span.usage] == [Usage(28, 7, 20, 3)] * 2


def test_what_cline_says_by_way_of_a_tool_is_said(tmp_path: Path) -> None:
    rows = records_of(SEEDS / "cline.jsonl")
    heard = "[attempt_completion] Result:\nThe user has provided feedback.\n<feedback>\nAnd hidden ones?\n</feedback>"
    rows.append({"role": "user", "content": [{"type": "text", "text": heard}]})
    asked = {"type": "tool_use", "id": "q1", "name": "ask_followup_question", "input": {"question": "Which folder?"}}
    rows.append({"role": "assistant", "content": [asked]})
    reply = {"type": "tool_result", "tool_use_id": "q1", "content": "<answer>\nsrc\n</answer>"}
    rows.append({"role": "user", "content": [reply]})
    path = tmp_path / "api_conversation_history.json"
    path.write_text(json.dumps(rows))
    spans = spans_of(path)

    assert [span.kind.value for span in spans] == ["human", "llm", "tool", "llm", "human", "llm", "human"]
    assert [span.output_messages[0].content for span in spans if span.output_messages][1:] == [
        "One file.",
        "Which folder?",
    ]
    assert [span.inputs for span in spans if span.kind is StepKind.HUMAN][1:] == ["And hidden ones?", "src"]


def test_harbors_result_beside_a_trajectory_is_task_and_outcome(tmp_path: Path) -> None:
    (tmp_path / "trial" / "agent").mkdir(parents=True)
    (tmp_path / "trial" / "agent" / "trajectory.json").write_text((SEEDS / "atif.jsonl").read_text())
    (tmp_path / "trial" / "result.json").write_text(
        '{"task_name": "t-1", "verifier_result": {"rewards": {"reward": 0.0}}}'
    )
    [batch] = read_path(tmp_path)

    assert isinstance(batch, SpanBatch)
    assert (batch.facts[0].task, batch.facts[0].outcome) == ("t-1", "fail")


def test_events_of_an_openhands_folder_are_one_run(tmp_path: Path) -> None:
    folder = tmp_path / "c-1" / "events"
    folder.mkdir(parents=True)
    for index, event in enumerate(sdk_events()):
        (folder / f"event-{index:05}-abcd{index}.json").write_text(json.dumps(event))
    spans = spans_of(tmp_path)

    assert {span.trace_key for span in spans} == {"c-1"}
    assert [span.kind.value for span in spans] == ["chain", "human", "llm", "tool", "tool", "llm"]
    assert [call.name for call in spans[2].output_messages[0].tool_calls] == ["terminal", "terminal"]
    assert [(span.status is Status.ERROR, span.attributes.get("decision")) for span in spans[3:5]] == [
        (True, None),
        (False, "rejected by a person"),
    ]


def sdk_events() -> list[dict[str, Any]]:
    def message(source: str, role: str, text: str) -> dict[str, Any]:
        said = {"role": role, "content": [{"type": "text", "text": text}]}
        return {"kind": "MessageEvent", "source": source, "llm_message": said}

    def action(call: str, command: str) -> dict[str, Any]:
        return {
            "kind": "ActionEvent", "source": "agent", "tool_name": "terminal", "tool_call_id": call,
            "llm_response_id": "r1", "thought": [{"type": "text", "text": "I look."}],
            "action": {"kind": "TerminalAction", "command": command},
        }  # fmt: skip

    seen = {"content": [{"type": "text", "text": "no such file"}], "exit_code": 1}
    return [
        {"kind": "SystemPromptEvent", "source": "agent", "system_prompt": {"type": "text", "text": "You help."}},
        message("user", "user", "Go"),
        action("c1", "ls x"),
        action("c2", "rm x"),
        {"kind": "ObservationEvent", "source": "environment", "tool_call_id": "c1", "observation": seen},
        {"kind": "UserRejectObservation", "source": "user", "tool_call_id": "c2", "rejection_reason": "keep it"},
        message("agent", "assistant", "Done"),
    ]


def test_changes_of_a_copilot_chat_are_put_together(tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    whole = records_of(SEEDS / "copilot-chat.jsonl")[0]
    request = {**whole["requests"][0], "requestId": "r2", "message": {"text": "And hidden ones?"}, "response": []}
    changes = [
        {"kind": 0, "v": {**whole, "requests": []}},
        {"kind": 2, "k": ["requests"], "v": whole["requests"]},
        {"kind": 2, "k": ["requests"], "v": [request]},
        {"kind": 1, "k": ["requests", 1, "response"], "v": [{"value": "None."}]},
    ]
    path.write_text("\n".join(map(json.dumps, changes)))
    spans = spans_of(path)

    assert [span.inputs for span in spans if span.kind is StepKind.HUMAN] == ["List the files.", "And hidden ones?"]
    assert spans[-1].output_messages[0].content == "None."


def test_a_log_of_gemini_cli_is_read_as_a_session(tmp_path: Path) -> None:
    def event(name: str, second: int, **values: Any) -> dict[str, Any]:
        moment = f"2026-11-22T07:00:{second:02}Z"
        said = {"event.name": f"gemini_cli.{name}", "event.timestamp": moment, "session.id": "g"}
        return {"attributes": {**said, **values}, "_body": "…"}

    used = {"input_token_count": 9, "output_token_count": 3, "thoughts_token_count": 2}
    events = [
        event("config", 0),
        event("user_prompt", 1, prompt="List the files."),
        event("api_response", 2, model="gemini-x", response_text="I look.", **used),
        event("tool_call", 3, function_name="ls", function_args='{"path": "."}', success=False, decision="reject"),
        event("tool_call", 4, function_name="ls", function_args="{}", success=False, error="no such folder"),
    ]
    path = tmp_path / "telemetry.log"
    path.write_text("\n".join(json.dumps(one, indent=2) for one in events))
    spans = spans_of(path)

    assert [span.kind.value for span in spans] == ["human", "llm", "tool", "tool"]
    assert spans[1].usage == Usage(9, 5, reasoning_tokens=2)
    assert [span.status is Status.ERROR for span in spans] == [False, False, False, True]
    assert spans[2].inputs == {"path": "."}


@pytest.mark.parametrize(
    "record",
    [
        {"history": [{"date": "2026-11-22", "open": 1}]},
        {"trajectory": [[0.1, 0.2]], "width": 30},
        {"steps": [{"name": "build", "uses": "actions/checkout"}], "agent": "linux"},
        {"type": "result", "value": 3},
        {"type": "message", "data": {"x": 1}, "id": 7},
        {"sessionId": "x", "events": []},
        {"requests": [{"url": "/a"}], "version": 3},
        {"kind": "ActionEvent2", "action": {"x": 1}},
    ],
)
def test_what_only_looks_alike_is_no_run(record: Any) -> None:
    with pytest.raises(BadInputError, match="not recognised"):
        detect_format("some.json", json.dumps(record).encode())


AGENTS = ("mini-swe-agent", "claude-code", "swe-agent")


def field_runs() -> list[Path]:
    try:
        folder = shared("field", "runs")
    except pytest.skip.Exception:
        return []
    return sorted(path for path in folder.glob("*.xz") if any(f"-{name}." in path.name for name in AGENTS))


@pytest.mark.parametrize("path", field_runs() or [None], ids=lambda path: path.name[:3] if path else "absent")
def test_real_sessions_hold_what_their_reader_counted(path: Path | None) -> None:
    if path is None:
        pytest.skip("needs field/runs from the shared data folder")
    labels = path.parents[1] / "labels" / f"{path.name[:3]}.yaml"
    facts = yaml.safe_load(labels.read_text())["facts"]
    spans = spans_of(path)
    answers = [span for span in spans if span.kind is StepKind.LLM]
    tools = [span for span in spans if span.kind is StepKind.TOOL]
    people = [span for span in spans if span.kind is StepKind.HUMAN]
    used = sum((span.usage for span in answers if span.usage), Usage())

    # The reader counts a person's no among the errors of tools.
    failed = sum(span.status is Status.ERROR or "decision" in span.attributes for span in tools)
    counted = (len(people), len(answers), len(tools), failed)
    assert counted == tuple(facts[name] for name in ("user_turns", "model_calls", "tool_calls", "tool_errors"))
    assert used.input_tokens == (facts.get("input_tokens_with_cache", facts["input_tokens"]) or 0)
    assert used.output_tokens == (facts["output_tokens"] or 0)
    assert str(people[0].inputs).strip()[:60] == facts["first_input"].strip()[:60]
    assert answers[-1].output_messages[0].content.strip()[:60] == facts["final_output"].strip()[:60]
