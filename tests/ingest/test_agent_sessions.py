"""Sessions of Claude Code and Codex keep their own identity and tree, whatever their files are called."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from retrospan.ingest.formats.read import LeftOut, RecordError, read_path, unread_files
from retrospan.model.traces import Fold, Span, SpanBatch, StepKind, Usage
from retrospan.services.receiving.importing import import_paths
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def lines(name: str, *records: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(map(json.dumps, records)))
        return path

    return lines


def turn(kind: str, uuid: str, above: str | None, content: Any, second: int = 0, **fields: Any) -> dict[str, Any]:
    message = {"role": kind, "content": content, **fields.pop("message", {})}
    return {
        "type": kind, "uuid": uuid, "parentUuid": above, "sessionId": "s-1", "isSidechain": False, "version": "2.1.0",
        "timestamp": f"2026-11-22T07:00:{second:02d}.000Z", "message": message, **fields,
    }  # fmt: skip


def answer(uuid: str, above: str | None, text: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    message = {"id": f"msg-{uuid}", "model": "claude-x", "usage": usage, **fields.pop("message", {})}
    return turn("assistant", uuid, above, [{"type": "text", "text": text}], second, message=message, **fields)


def call(uuid: str, above: str, name: str, arguments: Any, second: int = 0, **fields: Any) -> dict[str, Any]:
    parts = [{"type": "tool_use", "id": f"toolu-{uuid}", "name": name, "input": arguments}]
    return turn("assistant", uuid, above, parts, second, message={"id": f"msg-{uuid}"}, **fields)


def result(uuid: str, above: str, of: str, text: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    parts = [{"type": "tool_result", "tool_use_id": f"toolu-{of}", "content": text}]
    return turn("user", uuid, above, parts, second, **fields)


def read(path: Path) -> tuple[dict[str, list[Span]], list[LeftOut]]:
    items = list(read_path(path))
    assert not [item for item in items if isinstance(item, RecordError)]
    found: dict[str, list[Span]] = {}
    for item in items:
        for span in item.spans if isinstance(item, SpanBatch) else ():
            found.setdefault(span.trace_key, []).append(span)
    return found, [item for item in items if isinstance(item, LeftOut)]


def shown(spans: list[Span]) -> list[str]:
    return [
        f"{span.kind}:{span.inputs if span.kind is not StepKind.LLM else span.output_messages[0].content}"
        for span in spans
        if span.fold is None
    ]


# --- names ---


def test_sessions_without_a_name_in_files_of_one_name_stay_apart(write: Write, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        said = turn("user", f"u-{folder}", None, f"Question {folder}")
        write(
            f"{folder}/out.jsonl",
            {**said, "sessionId": None},
            {**answer(f"a-{folder}", f"u-{folder}", folder), "sessionId": None},
        )

    runs, _ = read(tmp_path)

    assert [shown(spans)[0] for spans in runs.values()] == ["human:Question a", "human:Question b"]


def test_joined_files_are_sessions_of_their_own(write: Write) -> None:
    path = write(
        "all.jsonl",
        turn("user", "u1", None, "One"), answer("a1", "u1", "1"),
        {**turn("user", "u2", None, "Two"), "sessionId": "s-2"}, {**answer("a2", "u2", "2"), "sessionId": "s-2"},
    )  # fmt: skip
    runs, _ = read(path)

    assert {key: shown(spans) for key, spans in runs.items()} == {
        "s-1": ["human:One", "llm:1"],
        "s-2": ["human:Two", "llm:2"],
    }


@pytest.mark.parametrize("marked", ["by the session of the copies", "by forkedFrom"])
def test_a_fork_has_its_own_turns_and_the_others_as_context(write: Write, marked: str) -> None:
    old = [turn("user", "u1", None, "One"), answer("a1", "u1", "1")]
    if marked == "by forkedFrom":
        old = [
            {**one, "sessionId": "s-2", "forkedFrom": {"sessionId": "s-1", "messageUuid": one["uuid"]}} for one in old
        ]
    new = [turn("user", "u2", "a1", "Two"), answer("a2", "u2", "2")]
    path = write("s-2.jsonl", *old, *[{**one, "sessionId": "s-2"} for one in new])
    runs, left = read(path)

    assert {key: shown(spans) for key, spans in runs.items()} == {"s-2": ["human:Two", "llm:2"]}
    assert [message.content for message in runs["s-2"][1].input_messages] == ["One", "1", "Two"]
    assert [(one.what, one.count) for one in left] == [("turns taken over from another session", 2)]


def test_neither_of_two_imports_overwrites_the_others_turns(store: Store, write: Write, tmp_path: Path) -> None:
    first = [turn("user", "u1", None, "One"), answer("a1", "u1", "1")]
    write("old/s-1.jsonl", *first)
    write(
        "new/s-2.jsonl",
        *[{**one, "sessionId": "s-2"} for one in first],
        {**turn("user", "u2", "a1", "Two"), "sessionId": "s-2"},
    )
    import_paths(store, [tmp_path / "old"])
    report = import_paths(store, [tmp_path / "new", tmp_path / "old"])

    assert (report.traces, report.updated, report.skipped) == (1, 0, 1)
    assert [one.step_count for one in get_summaries(store, [1, 2])] == [2, 3]


# --- branches ---


@pytest.mark.parametrize("between", [0, 2], ids=["at once", "after records that are no turns"])
def test_what_was_said_before_a_rewind_is_not_seen_after_it(write: Write, between: int) -> None:
    note = {"type": "system", "subtype": "turn_duration", "sessionId": "s-1"}
    notes = [{**note, "uuid": f"n{i}", "parentUuid": f"n{i - 1}" if i else "a1"} for i in range(between)]
    place = f"n{between - 1}" if between else "a1"
    path = write(
        "s-1.jsonl",
        turn("user", "u1", None, "One"), answer("a1", "u1", "1"), *notes,
        turn("user", "u2", "a1", "Wrong"), call("a2", "u2", "Bash", {"command": "rm x"}), result("r2", "a2", "a2", ""),
        turn("user", "u3", place, "Right"), answer("a3", "u3", "3"),
    )  # fmt: skip
    runs, left = read(path)
    spans = runs["s-1"]

    assert shown(spans) == ["human:One", "llm:1", "human:Right", "llm:3"]
    assert [span.fold for span in spans].count(Fold.ABANDONED) == 3
    assert [message.content for message in spans[-1].input_messages] == ["One", "1", "Right"]
    assert ("steps of turns that were taken back (folded)", 3) in [(one.what, one.count) for one in left]


def test_parallel_results_are_no_branches(write: Write) -> None:
    path = write(
        "s-1.jsonl",
        turn("user", "u1", None, "Both"),
        call("a1", "u1", "Bash", {"command": "ls a"}), call("a2", "a1", "Bash", {"command": "ls b"}),
        result("r1", "a1", "a1", "1"), result("r2", "a2", "a2", "2"), answer("a3", "r2", "Done."),
    )  # fmt: skip
    runs, _ = read(path)

    assert not [span for span in runs["s-1"] if span.fold]
    assert [span.kind.value for span in runs["s-1"]].count("tool") == 2


def test_after_a_compaction_only_the_summary_is_seen(write: Write) -> None:
    boundary = {"type": "system", "subtype": "compact_boundary", "sessionId": "s-1"}
    path = write(
        "s-1.jsonl",
        turn("user", "u1", None, "One"), answer("a1", "u1", "1"),
        {**boundary, "uuid": "c", "parentUuid": None, "logicalParentUuid": "a1"},
        turn("user", "u2", "c", "This session is being continued: they asked for one.", isCompactSummary=True),
        turn("user", "u3", "u2", "Two"), answer("a3", "u3", "2"),
    )  # fmt: skip
    spans = read(path)[0]["s-1"]

    assert [span.kind.value for span in spans] == ["human", "llm", "chain", "human", "llm"]
    assert [message.role for message in spans[-1].input_messages] == ["system", "user"]


# --- sub-agents ---


@pytest.mark.parametrize("place", ["agent-77.jsonl", "s-1/subagents/agent-77.jsonl"])
@pytest.mark.parametrize("named", ["by the result", "by the prompt"])
def test_a_sub_agent_is_below_its_call_wherever_its_file_lies(
    write: Write, tmp_path: Path, place: str, named: str
) -> None:
    started = {"toolUseResult": {"agentId": "77"}} if named == "by the result" else {}
    main = write(
        "s-1.jsonl",
        turn("user", "u1", None, "Where?", 1),
        call("a1", "u1", "Task", {"subagent_type": "finder", "prompt": "Find it"}, 2),
        result("r1", "a1", "a1", "in a.py", 9, **started),
    )  # fmt: skip
    side: dict[str, Any] = {"isSidechain": True, "agentId": "77"}
    agent = write(place, turn("user", "s1", None, "Find it", 3, **side), answer("s2", "s1", "in a.py", 4, **side))

    for path in (tmp_path, main, agent):
        spans = read(path)[0]["s-1"]
        [task] = [span for span in spans if span.tool == "Task"]
        below = [span for span in spans if span.parent_span_id == task.span_id]
        assert [(span.kind.value, span.agent) for span in below] == [("human", "finder"), ("llm", "finder")]


def test_a_sub_agent_that_nothing_started_is_a_trace_of_its_own(write: Write, tmp_path: Path) -> None:
    write("s-1.jsonl", turn("user", "u1", None, "Hello"), answer("a1", "u1", "Hi"))
    side: dict[str, Any] = {"isSidechain": True, "agentId": "88"}
    write("agent-88.jsonl", turn("user", "s1", None, "Watch", **side), answer("s2", "s1", "Watching", **side))
    runs, _ = read(tmp_path)

    assert list(runs) == ["s-1", "s-1/agent-88"]


def test_side_chains_in_one_file_are_told_apart_by_their_prompts(write: Write) -> None:
    side: dict[str, Any] = {"isSidechain": True}
    path = write(
        "s-1.jsonl",
        turn("user", "u1", None, "Both", 1),
        call("a1", "u1", "Task", {"prompt": "Find A"}, 2), call("a2", "a1", "Task", {"prompt": "Find B"}, 2),
        turn("user", "x1", None, "Find A", 3, **side), turn("user", "y1", None, "Find B", 3, **side),
        answer("x2", "x1", "A", 4, **side), answer("y2", "y1", "B", 4, **side),
        result("r1", "a1", "a1", "A", 5), result("r2", "a2", "a2", "B", 5),
    )  # fmt: skip
    spans = read(path)[0]["s-1"]
    tools = {span.span_id: span.inputs for span in spans if span.kind is StepKind.TOOL}
    answers = {
        span.output_messages[0].content: tools[span.parent_span_id or ""]
        for span in spans
        if span.parent_span_id and span.kind is StepKind.LLM
    }

    assert answers == {"A": {"prompt": "Find A"}, "B": {"prompt": "Find B"}}


# --- turns and counts ---


def test_the_last_usage_of_an_answer_counts_and_a_later_answer_of_its_id_is_another(write: Write) -> None:
    def piece(uuid: str, text: str, tokens: int, **usage: int) -> dict[str, Any]:
        return answer(
            uuid, None, text, message={"id": "one", "usage": {"input_tokens": 7, "output_tokens": tokens, **usage}}
        )

    path = write(
        "s-1.jsonl", turn("user", "u1", None, "Go"), piece("a1", "Now", 1), piece("a2", "then", 90),
        turn("user", "u2", None, "Again"), piece("a3", "Once more", 4),
    )  # fmt: skip
    spans = [span for span in read(path)[0]["s-1"] if span.kind is StepKind.LLM]

    assert [span.usage for span in spans] == [Usage(7, 90), Usage(7, 4)]
    assert len({span.span_id for span in spans}) == 2


def test_what_was_typed_while_the_agent_worked_is_a_turn(write: Write) -> None:
    waiting = {"type": "attachment", "uuid": "q1", "parentUuid": "a1", "sessionId": "s-1"}
    path = write(
        "s-1.jsonl",
        turn("user", "u1", None, "Go"), answer("a1", "u1", "On it"),
        {**waiting, "attachment": {"type": "queued_command", "prompt": "And the tests", "commandMode": "prompt"}},
        {**waiting, "uuid": "q2", "attachment": {"type": "hook_success", "content": "formatted"}},
        answer("a2", "q2", "Done"),
    )  # fmt: skip
    spans = read(path)[0]["s-1"]

    assert shown(spans) == ["human:Go", "llm:On it", "human:And the tests", "llm:Done"]
    assert spans[-1].input_messages[-1].content == "formatted"


def test_records_that_are_no_steps_are_counted_and_named(store: Store, write: Write, tmp_path: Path) -> None:
    write(
        "p/s-1.jsonl",
        turn("user", "u1", None, "Go"), answer("a1", "u1", "Done"),
        {"type": "file-history-snapshot", "messageId": "m", "snapshot": {}},
        {"type": "a-new-kind", "sessionId": "s-1"}, {"type": "a-new-kind", "sessionId": "s-1"},
    )  # fmt: skip
    (tmp_path / "p" / "notes.txt").write_text("nothing")
    report = import_paths(store, [tmp_path / "p"])

    assert not report.errors
    assert {one.what: one.count for one in report.left_out} == {
        "files *.txt": 1,
        "file-history-snapshot": 1,
        "a-new-kind": 2,
    }
    assert [one.what for one in unread_files(tmp_path / "p")] == ["files *.txt"]


@pytest.mark.parametrize(
    "record",
    [
        {"type": "file-history-snapshot", "messageId": "m", "snapshot": {}},
        {"type": "session_meta", "payload": {"id": "cx"}, "timestamp": "2026-11-22T07:00:00Z"},
    ],
)
def test_a_session_in_which_nothing_was_said_is_counted(write: Write, record: dict[str, Any]) -> None:
    runs, left = read(write("s-9.jsonl", record))

    assert (runs, [(one.what, one.count) for one in left]) == ({}, [("sessions without turns", 1)])


# --- Codex ---


def codex(kind: str, payload: dict[str, Any], second: int = 0) -> dict[str, Any]:
    return {"timestamp": f"2026-11-22T07:00:{second:02d}.000Z", "type": kind, "payload": payload}


def said(role: str, text: str, second: int = 0) -> dict[str, Any]:
    return codex(
        "response_item", {"type": "message", "role": role, "content": [{"type": "text", "text": text}]}, second
    )


def counted(given: int, taken: int, last: tuple[int, int]) -> dict[str, Any]:
    def tokens(one: int, two: int) -> dict[str, int]:
        return {"input_tokens": one, "output_tokens": two}

    info = {"total_token_usage": tokens(given, taken), "last_token_usage": tokens(*last)}
    return codex("event_msg", {"type": "token_count", "info": info})


def test_a_forked_rollout_takes_the_turns_of_its_parent_as_context(write: Write, tmp_path: Path) -> None:
    parent = [
        codex("session_meta", {"id": "0000-parent"}),
        said("user", "One", 1),
        said("assistant", "1", 2),
        counted(10, 5, (10, 5)),
    ]
    write("rollout-0000-parent.jsonl", *parent)
    write(
        "rollout-0000-child.jsonl",
        codex("session_meta", {"id": "0000-child", "forked_from_id": "0000-parent"}, 9), *parent,
        said("user", "Two", 10), said("assistant", "2", 11), counted(30, 9, (20, 4)),
    )  # fmt: skip
    runs, _ = read(tmp_path)

    assert {key: shown(spans) for key, spans in runs.items()} == {
        "0000-child": ["human:Two", "llm:2"],
        "0000-parent": ["human:One", "llm:1"],
    }
    assert [message.content for message in runs["0000-child"][1].input_messages] == ["One", "1", "Two"]
    assert runs["0000-child"][1].usage == Usage(20, 4)


def test_a_token_count_that_is_told_twice_counts_once_and_one_before_its_answer_too(write: Write) -> None:
    path = write(
        "rollout.jsonl",
        codex("session_meta", {"id": "cx"}), said("user", "Go"), counted(10, 2, (10, 2)), said("assistant", "Done", 3),
        said("user", "More", 4), said("assistant", "Also done", 5), counted(30, 5, (20, 3)), counted(30, 5, (20, 3)),
    )  # fmt: skip
    spans = [span for span in read(path)[0]["cx"] if span.kind is StepKind.LLM]

    assert [span.usage for span in spans] == [Usage(10, 2), Usage(20, 3)]


def test_turns_that_were_undone_are_folded(write: Write) -> None:
    path = write(
        "rollout.jsonl",
        codex("session_meta", {"id": "cx"}), said("user", "One"), said("assistant", "1", 1), said("user", "Wrong", 2),
        said("assistant", "2", 3), codex("event_msg", {"type": "thread_rolled_back", "num_turns": 1}),
        said("user", "Right", 4), said("assistant", "3", 5),
    )  # fmt: skip
    spans = read(path)[0]["cx"]

    assert shown(spans) == ["human:One", "llm:1", "human:Right", "llm:3"]
    assert [message.content for message in spans[-1].input_messages] == ["One", "1", "Right"]


def test_a_rollout_without_envelopes_is_read(write: Write) -> None:
    path = write(
        "rollout-2025-06.jsonl",
        {"id": "cx-old", "timestamp": "2025-06-22T07:00:00Z", "instructions": None, "git": {"branch": "main"}},
        {"record_type": "state"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go"}]},
        {"type": "function_call", "name": "shell", "arguments": '{"command": ["ls"]}', "call_id": "c1"},
        {
            "type": "function_call_output",
            "call_id": "c1",
            "output": '{"output": "a.txt", "metadata": {"exit_code": 0}}',
        },
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Done"}]},
    )
    spans = read(path)[0]["cx-old"]

    assert [span.kind.value for span in spans] == ["human", "llm", "tool", "llm"]
    assert (spans[2].tool, spans[2].inputs, spans[2].outputs) == ("shell", {"command": ["ls"]}, "a.txt")
