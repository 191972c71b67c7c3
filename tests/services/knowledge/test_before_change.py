"""What is said before a change: few lessons, the cases to run, 400 tokens, and nothing that lost its ground."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from commands import run
from retrospan.answers.before_change import BUDGET, before_change_text
from retrospan.knowledge.changes import change_of
from retrospan.mcp_server.registry import Caller, load_tools, run_tool
from retrospan.model.cases import parse_case
from retrospan.model.reviews import AppliesTo, Lesson, LessonOrigin
from retrospan.services.knowledge.before_change import before_change
from retrospan.services.knowledge.confirming import confirm_case, confirm_lesson
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from reviewdesk import Desk, untried

WORDS = " ".join(["policy"] * 60)
CASE = parse_case("id: window\ntitle: T\ninput: Can I?\nchecks:\n  - {check: output_contains, text: 30 days}\n")
LESSON = Lesson(
    "refund-window",
    "Never promise a refund window that no source states",
    "The reply promised 45 days.",
    "The policy was not used.",
    WORDS,
    applies_to=AppliesTo(tools=("get_policy",), files=("prompts/*.md",)),
    origin=LessonOrigin(project="support"),
    case="window",
)


@pytest.fixture
def taught(desk: Desk, tmp_path: Path) -> Desk:
    ada = desk.reviewer()
    confirm_case(desk.store, ada, CASE, tmp_path, untried)
    for number in range(5):
        confirm_lesson(desk.store, ada, replace(LESSON, id=f"refund-window-{number}"), tmp_path)
    propose_lesson(
        desk.store, LessonDraft(replace(LESSON, id="", title="Draft on get_policy", case=None)), by="agent:x"
    )
    return desk


def test_at_most_three_lessons_and_their_cases_in_400_tokens(taught: Desk) -> None:
    found = before_change(taught.store, change_of(paths=["prompts/a.md"], tools=["get_policy"], intent="policy"))
    text = before_change_text(found)
    assert len(found.hits) == 3 and found.others == 2
    assert len(text) <= BUDGET * 4
    assert "retrospan case run window" in text
    assert "from support" in text and "Draft" not in text


def test_none_is_said_plainly(taught: Desk) -> None:
    text = before_change_text(before_change(taught.store, change_of(paths=["web/a.css"], intent="dark mode")))
    assert text == "None of the 5 confirmed lessons here applies to 'dark mode, web/a.css'."


def test_the_tool_and_the_command_say_the_same(taught: Desk, tmp_path: Path) -> None:
    tool = run_tool(Caller(taught.store), load_tools(), "search_lessons", {"tools": ["tool:get_policy"]})
    told = run(
        *("lesson", "search", "--tool", "get_policy", "--store", taught.store.location, "--folder", str(tmp_path))
    )
    assert told.code == 0
    assert tool.splitlines()[0] == told.out.splitlines()[0] == "3 of 5 confirmed lessons apply; 2 more apply:"
    assert run("lesson", "search", "--store", taught.store.location, "--folder", str(tmp_path)).code == 2


def test_the_command_as_json(taught: Desk, tmp_path: Path) -> None:
    done = run(
        *("lesson", "search", "--changing", "tool:get_policy", "--json"),
        *("--store", taught.store.location, "--folder", str(tmp_path)),
    )
    assert [entry["case"] for entry in done.json["cases"]] == ["window"]
    assert done.json["lessons"][0]["matched"] == ["get_policy"]
