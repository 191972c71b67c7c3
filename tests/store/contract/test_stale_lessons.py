"""A confirmed lesson is stale once its verdict is no ground for it any more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from retrospan.model.reviews import Answer, Label, Lesson, LessonOrigin, LessonStatus, Verdict
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.privacy.erasing import delete_traces
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.reviewing.people import distrust_reviewer, vouch_for
from retrospan.store.knowledge.lookup import get_lesson, list_lessons, search_lessons
from reviewdesk import Desk

LESSON = Lesson("quote-the-policy", "Quote the policy", "It promised 45 days.", "Not read.", "Quote the sentence.")


def learn(desk: Desk, folder: Path) -> Verdict:
    """Ben fails the run, Ada signs the lesson."""
    ada = desk.reviewer()
    desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    verdict = desk.decide(desk.unlock("Ben"))
    confirm_lesson(desk.store, ada, replace(LESSON, origin=LessonOrigin(verdict=verdict.uid)), folder)
    return verdict


def served(desk: Desk) -> list[str]:
    return [hit.lesson.id for hit in search_lessons(desk.store, "policy")]


def test_lesson_stands_while_its_verdict_does(desk: Desk, tmp_path: Path) -> None:
    learn(desk, tmp_path)

    assert get_lesson(desk.store, LESSON.id).status is LessonStatus.CONFIRMED
    assert served(desk) == [LESSON.id]


def test_grown_trace_makes_it_stale(desk: Desk, tmp_path: Path) -> None:
    learn(desk, tmp_path)
    desk.add_late_span("run-1")

    lesson = get_lesson(desk.store, LESSON.id)
    assert (lesson.status, lesson.signed_by) == (LessonStatus.STALE, "Ada")
    assert lesson.stale_because.startswith("its verdict is stale")
    assert served(desk) == []
    assert [hit.lesson.status for hit in search_lessons(desk.store, "policy", include_drafts=True)] == [
        LessonStatus.STALE
    ]


def test_compromised_key_of_the_judge_makes_it_stale(desk: Desk, tmp_path: Path) -> None:
    learn(desk, tmp_path)
    distrust_reviewer(desk.store, "Ben", compromised=True)

    assert list_lessons(desk.store)[0].status is LessonStatus.STALE
    assert served(desk) == []


def test_later_verdict_that_says_otherwise_makes_it_stale(desk: Desk, tmp_path: Path) -> None:
    former = learn(desk, tmp_path)
    ada = desk.unlock("Ada")
    item = request_review(desk.store, "T1", "Was that really wrong?", by="human:Ada")
    review = open_review(desk.store, item.id, ada.fingerprint)
    give_answer(desk.store, review.claim, Answer(Label.PASS))
    sign_verdict(desk.store, ada, review, supersedes=(former.uid,))

    assert get_lesson(desk.store, LESSON.id).stale_because == "a later verdict says pass"


def test_erased_trace_leaves_the_persons_word(desk: Desk, tmp_path: Path) -> None:
    learn(desk, tmp_path)
    delete_traces(desk.store, traces=["T1"])

    assert served(desk) == [LESSON.id]


def test_verdict_of_another_store_is_not_missed(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_lesson(desk.store, ada, replace(LESSON, origin=LessonOrigin(verdict="f" * 32)), tmp_path)

    assert served(desk) == [LESSON.id]
