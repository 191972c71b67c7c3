"""Lessons are found by meaning where search by meaning is set up, and by words in any case."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.model.reviews import AppliesTo, Lesson
from retrospan.services.embedding.choose import available, embedder
from retrospan.services.embedding.work import embed_pending
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.lesson_search import find_lessons
from retrospan.services.understanding.analysing import analyse
from reviewdesk import Desk

LESSONS = (
    Lesson(
        "refund-window",
        "Never promise a refund window that no source states",
        "The reply promised 45 days; the policy says 30.",
        "The policy was not used.",
        "Quote the policy sentence.",
        applies_to=AppliesTo(tools=("get_policy",)),
    ),
    Lesson("mail-sent", "Do not claim an e-mail that was not sent", "No call was made.", "x", "Call send_email first."),
    Lesson("slow-search", "Cache the search over the catalogue", "It took a minute.", "x", "Keep results for an hour."),
)
PARAPHRASE = "customer was told the wrong number of weeks for returning goods"


@pytest.fixture
def taught(desk: Desk, tmp_path: Path) -> Desk:
    ada = desk.reviewer()
    for lesson in LESSONS:
        confirm_lesson(desk.store, ada, lesson, tmp_path)
    return desk


def ids(desk: Desk, query: str, *tags: str) -> list[str]:
    return [hit.lesson.id for hit in find_lessons(desk.store, query, tags=tags)]


def test_without_vectors_words_and_tags_find(taught: Desk) -> None:
    assert ids(taught, "refunds")[0] == "refund-window"
    assert ids(taught, "", "get_policy") == ["refund-window"]
    assert ids(taught, "zzz") == []
    assert len(ids(taught, "")) == 3


@pytest.mark.skipif(not available(), reason="the extra `semantic` is not installed")
def test_with_vectors_other_words_find_and_shared_tags_still_lead(taught: Desk) -> None:
    model = embedder()
    assert model is not None
    analyse(taught.store)
    assert embed_pending(taught.store, model) == 2

    assert ids(taught, PARAPHRASE)[0] == "refund-window"
    assert ids(taught, "the message never reached the person", "get_policy")[:1] == ["refund-window"]
    assert ids(taught, "quantum chromodynamics lattice") == []
