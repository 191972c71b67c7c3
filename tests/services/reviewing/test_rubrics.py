"""Rubric versions: what changed, what an override suggests, and what a new version asks again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.knowledge.rubrics import built_in_rubric, rubric_content, rubric_from_content
from retrospan.model.errors import UnknownIdError
from retrospan.model.reviews import Answer, Criterion, ItemState, Label, Rubric, Verdict
from retrospan.services.knowledge.confirming import confirm_rubric
from retrospan.services.reviewing.asking import get_review, list_reviews, propose_verdict, request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict
from retrospan.services.reviewing.deciding_questions import mark_deciding
from retrospan.services.reviewing.rubrics import check_rubric, diff_rubrics, list_drafts, reopen_items, rubric_named
from retrospan.store.reviews.queues import sample_of
from retrospan.store.reviews.verdicts import confirmed_verdicts, list_verdicts
from retrospan.store.sqlite.driver import DatabaseError
from retrospan.trust.session import ReviewSession
from reviewdesk import QUESTION, Desk


def version(number: int, *criteria: Criterion, title: str = "Refunds") -> Rubric:
    return rubric_from_content(
        rubric_content(replace(built_in_rubric(), id="refunds", version=number, title=title, criteria=criteria))
    )


WINDOW = Criterion("window", "Was the window right?", "as in the policy", "any other")
TONE = Criterion("tone", "Was it polite?", "yes", "no")


def answer(desk: Desk, session: ReviewSession, item: int, label: Label, reason: str = "clause 4") -> Verdict:
    review = open_review(desk.store, item, session.fingerprint)
    give_answer(desk.store, review.claim, Answer(label, reason=reason))
    reveal_proposal(desk.store, review.claim)
    return sign_verdict(desk.store, session, review)


def test_diff_names_what_was_added_removed_and_changed() -> None:
    found = diff_rubrics(
        version(1, WINDOW, TONE), version(2, replace(WINDOW, fail_when="more days"), replace(TONE, id="manner"))
    )

    assert (found.added, found.removed, found.changed) == (("manner",), ("tone",), ("window",))
    assert "-  fail_when: any other" in found.text and "+  fail_when: more days" in found.text


def test_another_title_touches_no_answer() -> None:
    assert diff_rubrics(version(1, WINDOW), version(2, WINDOW, title="Refund windows")).touched == frozenset()


def test_check_names_what_people_would_judge_apart() -> None:
    notes = check_rubric(version(1, Criterion("a", "Say whether it was right"), TONE))

    assert len(notes) == 2 and all(note.startswith("a: ") for note in notes)


def test_a_verdict_and_the_draft_it_suggests_come_together_or_not_at_all(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_rubric(desk.store, ada, version(1, WINDOW), tmp_path)
    item = request_review(desk.store, "T1", QUESTION, by="agent:x", rubric="refunds")
    propose_verdict(desk.store, item.short_id, label="pass", explanation="fine", by="agent:x")
    with desk.store.write() as con:
        con.execute(
            "CREATE TRIGGER no_drafts BEFORE INSERT ON knowledge_file BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(DatabaseError, match="disk full"):
        answer(desk, ada, item.id, Label.FAIL)
    assert (list_verdicts(desk.store), list_drafts(desk.store)) == ([], [])

    with desk.store.write() as con:
        con.execute("DROP TRIGGER no_drafts")
    verdict = answer(desk, ada, item.id, Label.FAIL)
    assert [found.uid for found in list_verdicts(desk.store)] == [verdict.uid]
    assert [str(rubric.ref) for rubric in list_drafts(desk.store)] == ["refunds v2"]


def test_a_rubric_that_can_take_no_more_examples_leaves_the_verdict_as_it_is(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    full = replace(WINDOW, examples=tuple(f"Fails: reason {number}" for number in range(40)))
    confirm_rubric(desk.store, ada, version(1, full), tmp_path)
    item = request_review(desk.store, "T1", QUESTION, by="agent:x", rubric="refunds")
    propose_verdict(desk.store, item.short_id, label="pass", explanation="fine", by="agent:x")

    assert answer(desk, ada, item.id, Label.FAIL).confirmed
    assert list_drafts(desk.store) == []


def test_override_with_a_reason_drafts_the_next_version_and_drafts_gather_reasons(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_rubric(desk.store, ada, version(1, WINDOW), tmp_path)
    for trace in ("T1", "T2"):
        item = request_review(desk.store, trace, QUESTION, by="agent:x", rubric="refunds")
        propose_verdict(desk.store, item.short_id, label="pass", explanation="looks fine", by="agent:x")
        answer(desk, ada, item.id, Label.FAIL, reason=f"{trace} names no source")

    (draft,) = list_drafts(desk.store)

    assert (draft.id, draft.version) == ("refunds", 2)
    assert draft.criteria[0].examples == ("Fails: T1 names no source", "Fails: T2 names no source")
    assert rubric_named(desk.store, "refunds").version == 1
    assert rubric_named(desk.store, "refunds.v2") == draft


def test_agreement_with_the_proposal_or_no_reason_drafts_nothing(desk: Desk) -> None:
    ada = desk.reviewer()
    for trace, label, reason in (("T1", Label.PASS, "as it says"), ("T2", Label.FAIL, "")):
        item = request_review(desk.store, trace, QUESTION, by="agent:x")
        propose_verdict(desk.store, item.short_id, label="pass", explanation="looks fine", by="agent:x")
        answer(desk, ada, item.id, label, reason=reason)

    assert list_drafts(desk.store) == []


def test_new_version_asks_again_what_it_touches_and_its_verdict_replaces_the_former(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_rubric(desk.store, ada, version(1, WINDOW), tmp_path)
    decided = request_review(desk.store, "T1", QUESTION, by="rule:q", rubric="refunds", inclusion_probability=0.25)
    waiting = request_review(desk.store, "T2", QUESTION, by="rule:q", rubric="refunds", assigned=["Ada"])
    former = answer(desk, ada, decided.id, Label.PASS)
    confirm_rubric(desk.store, ada, version(2, replace(WINDOW, fail_when="more than 30 days")), tmp_path)

    planned = reopen_items(desk.store, "refunds", dry_run=True)
    done = reopen_items(desk.store, "refunds")

    assert (planned.decided, planned.waiting, planned.queued) == ((decided.id,), (waiting.id,), ())
    mark_deciding(desk.store, done.queued[0], by="human:Ada")
    again, moved = (get_review(desk.store, number).item for number in done.queued)
    assert (again.reopens, again.inclusion_probability, again.rubric.version) == (decided.id, 0.25, 2)
    assert (moved.reopens, moved.assigned, moved.rubric.version) == (None, ("Ada",), 2)
    states = [get_review(desk.store, number).item.state for number in (decided.id, waiting.id)]
    assert states == [ItemState.DECIDED, ItemState.CLOSED]
    assert reopen_items(desk.store, "refunds").queued == ()
    assert answer(desk, ada, again.id, Label.FAIL).supersedes == (former.uid,)
    assert confirmed_verdicts(desk.store)[1].answer.label is Label.FAIL
    assert len(list_verdicts(desk.store, trace_id=1)) == 2


def test_what_is_in_somebodys_hands_stays(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_rubric(desk.store, ada, version(1, WINDOW), tmp_path)
    item = request_review(desk.store, "T1", QUESTION, by="rule:q", rubric="refunds")
    open_review(desk.store, item.id, ada.fingerprint)
    confirm_rubric(desk.store, ada, version(2, TONE), tmp_path)

    found = reopen_items(desk.store, "refunds")

    assert (found.in_hands, found.queued) == (1, ())


def test_version_with_the_same_criteria_asks_nothing_again(desk: Desk, tmp_path: Path) -> None:
    ada = desk.reviewer()
    confirm_rubric(desk.store, ada, version(1, WINDOW), tmp_path)
    answer(desk, ada, request_review(desk.store, "T1", QUESTION, by="x", rubric="refunds").id, Label.PASS)
    confirm_rubric(desk.store, ada, version(2, WINDOW, title="Windows"), tmp_path)

    found = reopen_items(desk.store, "refunds")

    assert (found.untouched, found.queued) == (1, ())
    assert len(list_reviews(desk.store, state=None)) == 1


def test_unconfirmed_version_asks_nothing_again(desk: Desk) -> None:
    with pytest.raises(UnknownIdError):
        reopen_items(desk.store, "refunds")
    with desk.store.read() as con:
        assert sample_of(con, "refunds") == {}
