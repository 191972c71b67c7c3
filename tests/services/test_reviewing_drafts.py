"""What a verdict offers as texts, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.services.reviewing_drafts import accept_draft, drafts_of, keep_drafts
from retrospan.store.cases import CaseStatus, load_case
from retrospan.store.errors import BadInputError, UsageError
from retrospan.store.knowledge.folders import KnowledgeKind
from retrospan.store.knowledge.lookup import get_lesson, list_lessons
from retrospan.store.knowledge.rubrics import find_rubric
from retrospan.store.review_models import LessonStatus
from reviewdesk import Desk


def test_fail_offers_lesson_case_and_rubric_and_each_can_be_accepted(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    drafts = drafts_of(desk.store, desk.decide(ada))
    assert [draft.kind for draft in drafts] == [KnowledgeKind.LESSON, KnowledgeKind.CASE, KnowledgeKind.RUBRIC]
    assert list_lessons(desk.store) == []

    paths = [accept_draft(desk.store, ada, draft, tmp_path) for draft in drafts]

    assert all((tmp_path / path).is_file() for path in paths)
    assert get_lesson(desk.store, drafts[0].name).status is LessonStatus.CONFIRMED
    assert load_case(tmp_path / paths[1]).status is CaseStatus.ACTIVE
    assert find_rubric(desk.store, "outcome", None).version == 2


def test_accepted_text_is_the_edited_one(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    lesson = drafts_of(desk.store, desk.decide(ada))[0]
    edited = replace(lesson, text=lesson.text + "\nQuote the policy.\n")
    accept_draft(desk.store, ada, edited, tmp_path)
    assert get_lesson(desk.store, lesson.name).what_to_do.endswith("Quote the policy.")


def test_broken_draft_names_the_place_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    lesson, case, _ = drafts_of(desk.store, desk.decide(ada))
    with pytest.raises(BadInputError, match="What to do"):
        accept_draft(desk.store, ada, replace(lesson, text=lesson.text.replace("## What to do", "")), tmp_path)
    with pytest.raises(BadInputError, match="chekcs"):
        accept_draft(desk.store, ada, replace(case, text=case.text.replace("checks:", "chekcs:")), tmp_path)
    with pytest.raises(UsageError, match="names the file"):
        accept_draft(desk.store, ada, replace(lesson, text=lesson.text.replace(lesson.name, "other")), tmp_path)
    assert not (tmp_path / ".retrospan").exists()


def test_kept_drafts_are_proposals(desk: Desk) -> None:
    drafts = drafts_of(desk.store, desk.decide(desk.reviewer()))
    keep_drafts(desk.store, drafts)
    assert [(lesson.id, lesson.status) for lesson in list_lessons(desk.store)] == [
        (drafts[0].name, LessonStatus.PROPOSED)
    ]
