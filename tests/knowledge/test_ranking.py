"""Scope decides which lessons bear on a change, words choose among them, and often none does."""

from __future__ import annotations

import pytest
from retrospan.knowledge.changes import Change, change_of, scope_of, spelled
from retrospan.knowledge.globs import path_fits
from retrospan.knowledge.ranking import LessonIndex, applying
from retrospan.model.errors import UsageError
from retrospan.model.reviews import AppliesTo, Lesson, LessonStatus

LESSONS = (
    Lesson(
        "window",
        "Quote the window before promising a refund",
        "It promised 45 days.",
        "Not read.",
        "Quote the policy.",
        applies_to=AppliesTo(tools=("issue_refund",), files=("shop/refunds/*.py",), agents=("returns",)),
    ),
    Lesson(
        "window-nordic",
        "Quote the window before promising a refund",
        "It promised 45 days.",
        "Not read.",
        "Quote the policy.",
        applies_to=AppliesTo(tools=("issue_refund",), files=("nordic/shop/*.py",), agents=("nordic",)),
    ),
    Lesson(
        "timeout",
        "A call that timed out is not done",
        "A hung call was told as done.",
        "x",
        "Ask for its state.",
        applies_to=AppliesTo(tools=("issue_refund",)),
    ),
    Lesson(
        "address",
        "Repeat the whole address",
        "The flat number was lost.",
        "x",
        "Wait for a yes.",
        applies_to=AppliesTo(prompts=("prompts/orders.md",), modes=("wrong address",)),
    ),
)


def found(change: Change) -> list[str]:
    ranked = LessonIndex(LESSONS).rank(change)
    return [entry.lesson.id for entry in applying(ranked, change)]


@pytest.mark.parametrize("spelling", ["tool:issue_refund", "issue_refund", "TOOL:Issue_Refund"])
def test_the_taught_spelling_and_the_bare_name_find_the_same(spelling: str) -> None:
    assert set(found(change_of([spelling]))) == {"window", "window-nordic", "timeout"}


def test_a_near_twin_of_another_branch_stays_away() -> None:
    assert found(change_of(paths=["shop/refunds/main.py"], tools=["issue_refund"])) == ["window"]


def test_the_intent_chooses_among_lessons_of_one_tool() -> None:
    assert found(change_of(tools=["issue_refund"], intent="a longer timeout for slow calls"))[0] == "timeout"


def test_a_tool_that_the_intent_names_is_scope() -> None:
    assert "timeout" in found(change_of(intent="let issue_refund take part amounts"))


@pytest.mark.parametrize(
    "change",
    [
        change_of(paths=["web/dark.css"], intent="dark mode for settings"),
        change_of(tools=["print_label"], intent="a barcode on the slip"),
        change_of(intent="upgrade the compiler"),
        change_of(),
    ],
)
def test_none_applies_is_an_answer(change: Change) -> None:
    assert found(change) == []


def test_other_kinds_of_scope_are_spelled_in_front() -> None:
    assert found(change_of(["mode:wrong address"])) == ["address"]
    assert found(change_of(["prompt:prompts/orders.md"])) == ["address"]
    assert found(change_of(tools=["issue_refund", "agent:nordic"]))[0] == "window-nordic"


def test_scope_of_a_lesson_says_its_kinds() -> None:
    scope = scope_of(["tool:a", "path:b/*.py", "agent:c"])
    assert spelled(scope) == ["tool:a", "file:b/*.py", "agent:c"]
    with pytest.raises(UsageError, match="tool:issue_refund"):
        scope_of(["issue_refund"])


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("prompts/answer.md", "src/prompts/answer.md", True),
        ("prompts/answer.md", "answer.md", True),
        ("prompts/answer.md", "other/answer.md", False),
        ("agents/**", "src/agents/eu/refunds.py", True),
        ("agents/*", "src/agents/eu/refunds.py", False),
        ("src/*.py", "src/a.pyc", False),
        ("agents", "agents/refunds.py", True),
        ("[", "a.py", False),
        ("*a*a*a*a*a*a*a*a*a*a*b", "a" * 5_000, False),
        ("", "a.py", False),
    ],
)
def test_paths_of_lessons(pattern: str, path: str, fits: bool) -> None:
    assert path_fits(pattern, path) is fits


def test_every_lesson_can_be_ranked_whatever_its_status() -> None:
    index = LessonIndex([Lesson("a", "", "", "", "", status=LessonStatus.PROPOSED)])
    assert index.rank(change_of(intent="words")) == []
