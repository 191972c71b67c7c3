"""A lesson is revised, merged, doubted and taken back; nothing that was signed changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.model.cases import CaseStatus, parse_case
from retrospan.model.errors import UsageError
from retrospan.model.lessons import TrueFor
from retrospan.model.reviews import AppliesTo, Lesson, LessonOrigin, LessonStatus
from retrospan.services.knowledge.confirming import confirm_case, confirm_lesson
from retrospan.services.knowledge.doubting import doubted_lessons
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from retrospan.services.knowledge.revising import keep_lesson, merge_lessons, retract_lesson
from retrospan.store.knowledge.lookup import get_lesson
from reviewdesk import Desk, untried

LESSON = Lesson(
    "window",
    "Quote the window before promising a refund",
    "It promised 45 days.",
    "Not read.",
    "Quote the policy.",
    applies_to=AppliesTo(tools=("get_policy",), files=("prompts/answer.md",)),
    origin=LessonOrigin(trace_key="run-1", project="support"),
    true_for=TrueFor(prompts=("old",), models=("small-1",)),
    case="window",
)
CASE = parse_case("id: window\ntitle: T\ninput: Can I?\nchecks:\n  - {check: output_contains, text: 30 days}\n")


def test_a_retraction_is_signed_beside_the_lesson(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, LESSON, tmp_path)
    before = (tmp_path / ".retrospan/lessons/window.md").read_bytes()
    lesson = retract_lesson(desk.store, ada, "window", "The policy changed.", tmp_path)
    assert (lesson.status, lesson.stale_because) == (LessonStatus.STALE, "retracted by Ada: The policy changed.")
    assert (tmp_path / ".retrospan/lessons/window.md").read_bytes() == before
    with pytest.raises(UsageError, match="only confirmed"):
        retract_lesson(desk.store, ada, "window", "Again.", tmp_path)


def test_a_merger_keeps_both_sources(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    for name, tool in (("window", "get_policy"), ("days", "issue_refund")):
        scope, origin = AppliesTo(tools=(tool,)), replace(LESSON.origin, verdict=name)
        confirm_lesson(desk.store, ada, replace(LESSON, id=name, applies_to=scope, origin=origin), tmp_path)
    draft = merge_lessons(
        desk.store, ["window", "days"], title="Quote the days", what_to_do="Quote them.", by="human:Ada"
    )
    assert draft.status is LessonStatus.PROPOSED and get_lesson(desk.store, "days").status is LessonStatus.CONFIRMED
    merged = confirm_lesson(desk.store, ada, draft.id, tmp_path)
    assert merged.applies_to.tools == ("get_policy", "issue_refund")
    assert merged.origin.verdicts == ("window", "days")
    for name in ("window", "days"):
        assert get_lesson(desk.store, name).status is LessonStatus.SUPERSEDED
        assert (tmp_path / f".retrospan/lessons/{name}.md").is_file()


def test_changed_files_and_retired_cases_ask_whether_it_is_still_true(desk: Desk, tmp_path: Path) -> None:
    ada, app = desk.reviewer(), tmp_path / "app"
    (app / "prompts").mkdir(parents=True)
    (app / "prompts/answer.md").write_text("x")
    confirm_case(desk.store, ada, CASE, app, untried)
    confirm_lesson(desk.store, ada, LESSON, app)
    assert doubted_lessons(desk.store, app) == []
    (app / "prompts/answer.md").rename(app / "prompts/reply.md")
    confirm_case(desk.store, ada, CASE.model_copy(update={"status": CaseStatus.RETIRED}), app, untried)
    (lesson,) = doubted_lessons(desk.store, app)
    assert lesson.doubts == ("its case window was retired", "prompts/answer.md is gone")


def test_a_changed_prompt_is_doubted_until_a_reviewer_keeps_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import retrospan.services.knowledge.doubting as doubting
    import retrospan.services.knowledge.revising as revising

    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, replace(LESSON, case=None), tmp_path)
    now = TrueFor(prompts=("new",), models=("small-1", "large-2"))
    for module in (doubting, revising):
        monkeypatch.setattr(module, "recent_set_up", lambda *_: now)
    (lesson,) = doubted_lessons(desk.store)
    assert lesson.doubts == ("the prompt changed: old → new",)
    kept = keep_lesson(desk.store, ada, "window", tmp_path)
    assert (kept.id, kept.supersedes) == ("window-r2", "window")
    assert kept.true_for.prompts == ("new", "old") and doubted_lessons(desk.store) == []


def test_near_duplicates_are_named_and_long_advice_is_refused(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), LESSON, tmp_path)
    twin = replace(LESSON, id="", case=None, title="Quote the refund window before promising")
    assert propose_lesson(desk.store, LessonDraft(twin), by="agent:x").like == ("window",)
    long = (replace(twin, title="x" * 81), "81 characters"), (replace(twin, what_to_do="x " * 61), "61 words")
    for lesson, why in long:
        with pytest.raises(UsageError, match=why):
            propose_lesson(desk.store, LessonDraft(lesson), by="agent:x")
