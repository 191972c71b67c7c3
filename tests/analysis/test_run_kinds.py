"""What kind of agent a run shows, and whose words a user turn holds."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.analysis.reading import Role, read
from retrospan.analysis.run_kinds import RunKind
from retrospan.analysis.texts.speakers import asks_leave, persons_words


def _calls(tool: str, arguments: dict[str, str], answer: str = "Done.") -> list[dict[str, Any]]:
    call = {"id": "c1", "name": tool, "arguments": arguments}
    return [
        {"role": "user", "content": "Do it."},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
        {"role": "assistant", "content": answer},
    ]


@pytest.mark.parametrize(
    ("tool", "arguments", "kind"),
    [
        ("Edit", {"file_path": "a.py", "old_string": "a", "new_string": "b"}, RunKind.CODE),
        ("bash", {"command": "sed -i 's/a/b/' a.py"}, RunKind.CODE),
        ("bash", {"command": "df -h"}, RunKind.SHELL),
        ("cancel_order", {"order_id": "W17"}, RunKind.BUSINESS),
        ("search_docs", {"query": "returns"}, RunKind.RETRIEVAL),
    ],
)
def test_the_tools_of_a_run_tell_its_kind(build: Any, tool: str, arguments: dict[str, str], kind: RunKind) -> None:
    assert read(build(_calls(tool, arguments))).kind is kind


def test_without_tools_the_shape_tells(build: Any) -> None:
    asked = {"role": "user", "content": "Say something."}
    chat = read(build([asked, {"role": "assistant", "content": "Hi."}]))
    team = read(
        build([asked, *({"role": "assistant", "name": name, "content": "Hi."} for name in ("Planner", "Writer"))])
    )
    pipeline = read(build([asked, *({"role": "assistant", "content": text} for text in ("Plan.", "Draft.", "Text."))]))
    assert (chat.kind, team.kind, pipeline.kind) == (RunKind.CHAT, RunKind.TEAM, RunKind.PIPELINE)


def test_who_answers_each_block_of_code_is_a_program(build: Any) -> None:
    turns: list[dict[str, Any]] = [{"role": "user", "content": "Count the files."}]
    for i in range(4):
        turns.append({"role": "assistant", "content": f"Look.\n```\nls part{i}\n```"})
        turns.append({"role": "user", "content": f"a{i}\nb{i}\n(dir /w) $"})
    reading = read(build(turns))

    assert [view.role for view in reading.views].count(Role.USER) == 1
    assert [act.command.deed.value for act in reading.acts if act.command] == ["look"] * 4


def test_a_person_who_asks_a_coder_stays_a_person(build: Any) -> None:
    turns: list[dict[str, Any]] = [{"role": "user", "content": "Write a loop."}]
    for i in range(4):
        turns.append({"role": "assistant", "content": f"```\nfor x in y{i}: pass\n```\nTell me whether it fits."})
        turns.append({"role": "user", "content": f"Make it shorter, version {i}."})
    assert len(read(build(turns)).user_turns) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<command-name>/model</command-name><command-args></command-args>", ""),
        ("<local-command-stdout>ok</local-command-stdout>", ""),
        ("[Request interrupted by user for tool use]", ""),
        ("<task-notification>agent 7 is done</task-notification>", ""),
        ("<system-reminder>Be brief.</system-reminder>\nWhere is W17?", "Where is W17?"),
        ("<task>Mend the cart.</task>", "<task>Mend the cart.</task>"),
        ("I said <b>W17</b>.", "I said <b>W17</b>."),
    ],
)
def test_what_programs_put_into_a_user_turn_is_nobodys_words(text: str, said: str) -> None:
    assert persons_words(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "The user doesn't want to proceed with this tool use. The tool use was rejected.",
        "ApprovalRequired: ",
        "Command rejected by user",
        "This tool call requires approval",
        "User declined to run the command.",
    ],
)
def test_a_no_and_a_question_for_leave_are_told_from_errors(text: str) -> None:
    assert asks_leave(text)


@pytest.mark.parametrize("text", ["Permission denied (publickey).", "The user 17 does not exist.", None])
def test_errors_are_no_question_for_leave(text: str | None) -> None:
    assert not asks_leave(text)


def test_earlier_turns_are_sources_and_founded_claims(build: Any) -> None:
    from retrospan.analysis.signals.registry import signals_of
    from retrospan.model.traces import Message, ToolCall

    turn = _calls("get_visit", {"visit": "V-7"}, "I've cancelled visit V-7 for 120 USD.")
    earlier = (
        Message("assistant", tool_calls=(ToolCall("cancel_visit", {"visit": "V-7"}, "e1"),)),
        Message("tool", "cancelled, fee 120 USD", tool_call_id="e1"),
    )
    alone = {item.signal for item in signals_of(read(build(turn)))}
    told = {item.signal for item in signals_of(read(build(turn), earlier=earlier))}
    assert {"claimed_action", "ungrounded_value"} <= alone
    assert not {"claimed_action", "ungrounded_value"} & told
