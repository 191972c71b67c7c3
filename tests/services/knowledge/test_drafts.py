"""What a verdict offers as texts, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.model.cases import CaseStatus, load_case
from retrospan.model.errors import BadInputError, UsageError
from retrospan.model.reviews import Answer, Label, LessonStatus
from retrospan.model.traces import SpanBatch
from retrospan.regression.teaching.keeping import drafts_of
from retrospan.services.knowledge.drafts import accept_draft, keep_drafts, without_case
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.completing import complete_verdict
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.subjects import Session
from retrospan.store.knowledge.lookup import get_lesson, list_lessons
from retrospan.store.reviews.rubrics import find_rubric
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.revisions import refresh
from reviewdesk import QUESTION, Desk, refund_run, untried


def test_fail_offers_lesson_case_and_rubric_and_each_can_be_accepted(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    drafts = drafts_of(desk.store, desk.decide(ada))
    assert [draft.kind for draft in drafts] == [KnowledgeKind.CASE, KnowledgeKind.LESSON, KnowledgeKind.RUBRIC]
    assert list_lessons(desk.store) == []

    paths = [accept_draft(desk.store, ada, draft, tmp_path, untried) for draft in drafts]

    assert all((tmp_path / path).is_file() for path in paths)
    lesson = get_lesson(desk.store, drafts[1].name)
    assert (lesson.status, lesson.case) == (LessonStatus.CONFIRMED, drafts[0].name)
    assert load_case(tmp_path / paths[0]).status is CaseStatus.ACTIVE
    assert find_rubric(desk.store, "outcome", None).version == 2


def test_accepted_text_is_the_edited_one(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    lesson = drafts_of(desk.store, desk.decide(ada))[1]
    edited = replace(lesson, text=lesson.text + "\nQuote the policy.\n")
    accept_draft(desk.store, ada, edited, tmp_path, untried)
    assert get_lesson(desk.store, lesson.name).what_to_do.endswith("Quote the policy.")


def test_broken_draft_names_the_place_and_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    case, lesson, _ = drafts_of(desk.store, desk.decide(ada))
    with pytest.raises(BadInputError, match="What to do"):
        accept_draft(desk.store, ada, replace(lesson, text=lesson.text.replace("## What to do", "")), tmp_path, untried)
    with pytest.raises(BadInputError, match="chekcs"):
        accept_draft(desk.store, ada, replace(case, text=case.text.replace("checks:", "chekcs:")), tmp_path, untried)
    with pytest.raises(UsageError, match="names the file"):
        accept_draft(
            desk.store, ada, replace(lesson, text=lesson.text.replace(lesson.name, "other")), tmp_path, untried
        )
    assert not (tmp_path / ".retrospan").exists()


def test_kept_drafts_are_proposals(desk: Desk) -> None:
    drafts = drafts_of(desk.store, desk.decide(desk.reviewer()))
    keep_drafts(desk.store, drafts)
    assert [(lesson.id, lesson.status) for lesson in list_lessons(desk.store)] == [
        (drafts[1].name, LessonStatus.PROPOSED)
    ]


def test_lesson_accepted_without_its_case_names_no_case(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    case, lesson, _ = drafts_of(desk.store, desk.decide(ada))
    assert case.name in lesson.text and case.name not in without_case(lesson).text

    accept_draft(desk.store, ada, lesson, tmp_path, untried)

    assert get_lesson(desk.store, lesson.name).case is None
    assert case.name not in (tmp_path / f".retrospan/lessons/{lesson.name}.md").read_text()


def session_of_two(desk: Desk) -> None:
    spans = []
    for number, answer in enumerate(("You have 45 days to return it.", "You have 30 days.")):
        spans += refund_run(f"turn-{number}", answer)
    for number, span in enumerate(spans):
        span.session, span.span_id, span.started_at_ns = "chat-1", f"s{number}", 1_000 * (number + 1)
    commit_batch(desk.store, SpanBatch(spans=spans))
    refresh(desk.store)


@pytest.mark.parametrize(("marked", "trace"), [(None, "turn-0"), ("s5", "turn-1")])
def test_session_is_drafted_from_the_run_at_fault(desk: Desk, marked: str | None, trace: str) -> None:
    session_of_two(desk)
    ada = desk.reviewer()
    item = request_review(desk.store, Session("chat-1", "support"), QUESTION, by="human:Bo")
    opened = open_review(desk.store, item.id, ada.fingerprint)
    give_answer(desk.store, opened.claim, Answer(Label.FAIL, reason="No.", cause_span=marked))
    case, lesson, _ = drafts_of(desk.store, sign_verdict(desk.store, ada, opened))
    assert f"trace: {trace}" in case.text and trace in lesson.text


def test_engineers_cause_shapes_the_drafts(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    complete_verdict(desk.store, ada, verdict.uid, cause="passage_selection", step="1")
    _, lesson, _ = drafts_of(desk.store, verdict)
    assert "Use the passage that answers the question (get_policy)" in lesson.text
