"""Knowledge files as indexed, drafts of the store, rubric versions and reviewer records."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.knowledge.lessons import dump_lesson
from retrospan.knowledge.rubrics import BUILT_IN
from retrospan.model.errors import UnknownIdError
from retrospan.model.reviews import Label, Lesson, SignatureState
from retrospan.services.reviewing.completing import complete_verdict
from retrospan.services.reviewing.people import vouch_for
from retrospan.store.audit.chain import audit_verify
from retrospan.store.contract import Store
from retrospan.store.knowledge.index import drop_draft, index_knowledge, list_documents, put_draft
from retrospan.store.knowledge.lookup import list_lessons
from retrospan.store.reviews.completions import completions_of
from retrospan.store.reviews.outcomes import verdict_labels, with_verdicts
from retrospan.store.reviews.reviewers import find_record, load_records
from retrospan.store.reviews.rubrics import find_rubric, insert_rubric, list_rubrics, rubric_of
from retrospan.store.reviews.verdicts import get_verdict, has_verdict, verdicts_by_uid
from retrospan.trust.session import ReviewSession
from retrospan.trust.signing import sign_manifest
from reviewdesk import Desk

NOW = "2026-11-22T11:00:00Z"
LESSON = Lesson("quote-the-policy", "Quote the policy", "It promised 45 days.", "Not read.", "Quote the sentence.")


def test_a_folder_is_indexed_as_it_is_now(store: Store, tmp_path: Path) -> None:
    lessons = tmp_path / ".retrospan" / "lessons"
    lessons.mkdir(parents=True)
    (lessons / f"{LESSON.id}.md").write_text(dump_lesson(LESSON))
    first, again = index_knowledge(store, [tmp_path]), index_knowledge(store, [tmp_path])
    assert [(report.files, report.changed, report.removed) for report in (first, again)] == [(1, 1, 0), (1, 0, 0)]
    assert [lesson.id for lesson in list_lessons(store)] == [LESSON.id]
    (lessons / f"{LESSON.id}.md").unlink()
    gone = index_knowledge(store, [tmp_path])
    assert (gone.files, gone.changed, gone.removed) == (0, 0, 1)
    assert list_lessons(store) == []


def test_a_draft_is_replaced_comes_last_and_goes(store: Store, tmp_path: Path) -> None:
    lessons = tmp_path / ".retrospan" / "lessons"
    lessons.mkdir(parents=True)
    (lessons / "zebra.md").write_text(dump_lesson(LESSON).replace(LESSON.id, "zebra"))
    index_knowledge(store, [tmp_path])
    with store.write() as con:
        for title in ("One", "Two"):
            put_draft(con, KnowledgeKind.LESSON, "alpha", dump_lesson(LESSON).replace(LESSON.title, title), now=NOW)
    found = list_documents(store, KnowledgeKind.LESSON)
    assert [entry.name for entry in found] == ["zebra", "alpha"]
    assert found[-1].content["front"]["title"] == "Two"  # type: ignore[index, call-overload]
    with store.write() as con:
        drop_draft(con, KnowledgeKind.LESSON, "alpha")
    assert [entry.name for entry in list_documents(store, KnowledgeKind.LESSON)] == ["zebra"]


def test_a_rubric_version_is_kept_once_for_each_signature(desk: Desk) -> None:
    ada, stranger = desk.reviewer(), ReviewSession("Mallory", Ed25519PrivateKey.generate())
    content = {**BUILT_IN, "id": "refunds", "title": "Refunds"}
    signatures = [None, *(sign_manifest(who, "rubric", content, signed_at=NOW) for who in (stranger, ada))]
    with desk.store.write() as con:
        for signature in (*signatures, *signatures):
            insert_rubric(con, content, signature, now=NOW)
        rows = con.execute("SELECT count(*) AS versions FROM rubric_version").fetchone()["versions"]
    assert rows == 3
    built_in, refunds = list_rubrics(desk.store)
    assert (built_in.id, refunds.id, refunds.state) == ("outcome", "refunds", SignatureState.VALID)
    assert rubric_of(desk.store, refunds.ref) == find_rubric(desk.store, "refunds") == refunds
    with pytest.raises(UnknownIdError, match="refunds v2"):
        find_rubric(desk.store, "refunds", 2)
    assert audit_verify(desk.store).sound


def test_reviewer_records_of_one_key_are_joined(desk: Desk) -> None:
    ada = desk.reviewer()
    desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    with desk.store.read() as con:
        records = load_records(con)
    assert sorted(record.name for record in records) == ["Ada", "Ben"]
    assert len(find_record(desk.store, "ben").countersignatures) == 1
    with pytest.raises(UnknownIdError, match="known: Ada"):
        find_record(desk.store, "Cem")


def test_verdicts_and_what_engineers_add_are_found_by_uid(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    completion = complete_verdict(desk.store, ada, verdict.uid, cause="reasoning", note="Read it first.")
    uids = [verdict.uid, *(f"{number:032x}" for number in range(40_000))]
    assert verdicts_by_uid(desk.store, uids) == {verdict.uid: get_verdict(desk.store, verdict.uid)}
    assert completions_of(desk.store, [verdict]) == {verdict.uid: [completion]}
    with desk.store.read() as con:
        assert has_verdict(con, verdict.uid) and not has_verdict(con, "0" * 32)
    assert verdict_labels(desk.store) == {1: Label.FAIL.value}
    assert with_verdicts(desk.store, []) == []
