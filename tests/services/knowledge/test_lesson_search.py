"""Lessons are found by meaning where search by meaning is set up, and by words in any case."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from retrospan.answers.before_change import BUDGET, before_change_text
from retrospan.knowledge.changes import change_of
from retrospan.model.reviews import AppliesTo, Lesson
from retrospan.services.embedding.choose import available, embedder
from retrospan.services.embedding.work import embed_pending
from retrospan.services.knowledge.before_change import before_change
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.knowledge.lesson_search import find_lessons
from retrospan.services.knowledge.proposing import LessonDraft, propose_lesson
from retrospan.services.understanding.analysing import analyse
from reviewdesk import Desk

if TYPE_CHECKING:
    from retrospan.services.embedding.protocol import Vectors

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


@pytest.mark.skipif(not available(), reason="the extra `semantic` is not installed")
def test_words_alone_offer_titles_to_judge_and_never_as_advice(taught: Desk) -> None:
    model = embedder()
    assert model is not None
    analyse(taught.store)
    embed_pending(taught.store, model)
    found = before_change(taught.store, change_of(intent="say how many days people have to send goods back"))
    text = before_change_text(found)
    assert found.hits == () and found.perhaps[0].lesson.id == "refund-window"
    assert text.startswith("None of the 3 confirmed lessons here surely applies") and "perhaps of no use" in text
    assert "Quote the policy sentence." not in text and len(text) <= BUDGET * 4
    elsewhere = before_change(taught.store, change_of(paths=["web/a.css"], intent="days to send goods back"))
    assert elsewhere.hits == elsewhere.perhaps == (), "a path that no lesson names is an answer by itself"


@pytest.mark.skipif(not available(), reason="the extra `semantic` is not installed")
def test_confirmed_lessons_are_embedded_once_for_all_processes_and_drafts_leave_no_vector(
    taught: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = embedder()
    assert model is not None
    draft = Lesson("", "Ask twice about parcels", "It vanished.", "x", "Ask the person again.")
    propose_lesson(taught.store, LessonDraft(draft), by="agent:x")
    analyse(taught.store)
    embed_pending(taught.store, model)
    first = [hit.score for hit in find_lessons(taught.store, PARAPHRASE, include_drafts=True)]
    with taught.store.read() as con:
        assert con.execute("SELECT count(*) FROM lesson_vector").fetchone()[0] == len(LESSONS)
    asked: list[str] = []
    embed = model.embed

    def watched(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return embed(texts)

    monkeypatch.setattr(model, "embed", watched)
    taught.store.caches.clear()
    again = [hit.score for hit in find_lessons(taught.store, PARAPHRASE, include_drafts=True)]
    assert again == pytest.approx(first, abs=0.01)
    assert PARAPHRASE in asked and not any("refund window" in text for text in asked)
