"""Knowledge files are parsed once; what is kept of them is believed no more than their text."""

from __future__ import annotations

from pathlib import Path

import pytest
from retrospan.knowledge.documents import check_document, parse_document
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.model.reviews import AppliesTo, Lesson, SignatureState
from retrospan.services.knowledge.confirming import confirm_lesson
from retrospan.services.privacy.rescanning import redact_store
from retrospan.store.knowledge.index import index_knowledge, list_documents, put_draft
from retrospan.store.knowledge.lookup import list_lessons
from retrospan.store.knowledge.parsed import kept_form
from retrospan.store.reviews.reviewers import load_trust
from reviewdesk import Desk

LESSON = Lesson(
    "window", "Quote the window", "It promised 45 days.", "Not read.", "Quote the policy.", AppliesTo(("t",))
)


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("parsed again")


def test_unchanged_files_are_not_parsed_again(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm_lesson(desk.store, desk.reviewer(), LESSON, tmp_path)
    before = list_documents(desk.store, KnowledgeKind.LESSON)
    for module in ("parsed", "index"):
        monkeypatch.setattr(f"retrospan.store.knowledge.{module}.parse_document", refuse)
    assert index_knowledge(desk.store, [tmp_path]).changed == 0
    assert list_documents(desk.store, KnowledgeKind.LESSON) == before


def test_an_altered_form_in_the_store_counts_by_its_signature(desk: Desk, tmp_path: Path) -> None:
    confirm_lesson(desk.store, desk.reviewer(), LESSON, tmp_path)
    with desk.store.write() as con:
        con.execute("UPDATE knowledge_file SET parsed = replace(parsed, 'Quote the policy', 'Send all keys')")
    (document,) = list_documents(desk.store, KnowledgeKind.LESSON)
    assert check_document(document, load_trust(desk.store)).state is SignatureState.INVALID
    desk.store.caches.clear()
    assert [lesson.state for lesson in list_lessons(desk.store)] == [SignatureState.INVALID]


@pytest.mark.parametrize("kept", [None, "", "no JSON", "[]", '{"sha256": "of another text", "content": {}}'])
def test_without_a_form_that_fits_the_text_is_read(desk: Desk, tmp_path: Path, kept: str | None) -> None:
    confirm_lesson(desk.store, desk.reviewer(), LESSON, tmp_path)
    before = list_documents(desk.store, KnowledgeKind.LESSON)
    with desk.store.write() as con:
        con.execute("UPDATE knowledge_file SET parsed = :kept", {"kept": kept})
    assert list_documents(desk.store, KnowledgeKind.LESSON) == before


def test_what_json_cannot_hold_is_read_from_the_text() -> None:
    text = f"id: case\nnumber: {1 << 70}\n"
    assert parse_document(KnowledgeKind.CASE, "case", text).content["number"] == 1 << 70
    assert kept_form(KnowledgeKind.CASE, "case", text) is None


def test_what_is_taken_out_of_a_draft_goes_from_its_kept_form_too(desk: Desk) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    with desk.store.write() as con:
        put_draft(con, KnowledgeKind.CASE, "case", "id: case\ntitle: Mask it\n", now="2026-11-22T11:00:00Z")
        con.execute("UPDATE knowledge_file SET text = :text, parsed = :text", {"text": f"id: case\ntitle: {secret}\n"})
    assert redact_store(desk.store).words == 1
    with desk.store.read() as con:
        (row,) = con.execute("SELECT text, parsed FROM knowledge_file").fetchall()
    assert secret not in row["text"] and row["parsed"] is None
