"""A reviewer claims, answers, sees the proposal, revises, signs; and the verdict counts until something changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from retrospan.model.errors import RefusedError, UsageError
from retrospan.model.reviews import Answer, CriterionAnswer, ItemState, Label, SignatureState
from retrospan.model.text.bounds import TEXT_LIMIT
from retrospan.model.traces import Outcome, OutcomeSource
from retrospan.services.finding.listing import list_traces
from retrospan.services.reviewing.asking import get_review, list_reviews, propose_verdict, request_review
from retrospan.services.reviewing.asking_back import answer_back, ask_back, ask_reviewers
from retrospan.services.reviewing.citing import Citation
from retrospan.services.reviewing.claiming import give_back, keep_alive, open_review, skip_review
from retrospan.services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict, undo_answer
from retrospan.services.reviewing.people import vouch_for
from retrospan.services.reviewing.subjects import Session
from retrospan.store.reading.summaries import get_summaries
from retrospan.store.reviews.verdicts import confirmed_verdicts, get_verdict, proposal_digest
from reviewdesk import Desk

FAIL, PASS = Answer(Label.FAIL, reason="The policy says 30 days."), Answer(Label.PASS)
START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def test_signed_verdict_is_the_outcome_of_its_trace(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())

    (summary,) = get_summaries(desk.store, [1])
    assert verdict.state is SignatureState.VALID
    assert (summary.verdict, summary.outcome, summary.outcome_source) == ("fail", Outcome.FAIL, OutcomeSource.VERDICT)
    assert get_review(desk.store, "R1").item.state is ItemState.DECIDED


def test_first_answer_is_kept_beside_the_revised_one(desk: Desk) -> None:
    ada = desk.reviewer()
    propose_verdict(
        desk.store, "T1", label="fail", explanation="45 days", cited=[Citation("2", "45 days")], by="agent:x"
    )
    review = desk.open(ada)

    give_answer(desk.store, review.claim, PASS)
    shown = reveal_proposal(desk.store, review.claim)
    give_answer(desk.store, review.claim, FAIL)
    verdict = sign_verdict(desk.store, ada, review)

    assert shown is not None and shown.label is Label.FAIL
    assert (verdict.first_answer.label, verdict.answer.label, verdict.switched) == (Label.PASS, Label.FAIL, True)
    assert verdict.proposal is not None


def test_proposal_is_hidden_until_the_reviewer_has_answered(desk: Desk) -> None:
    ada = desk.reviewer()
    propose_verdict(desk.store, "T1", label="pass", explanation="fine", by="agent:x")
    review = desk.open(ada)

    assert get_review(desk.store, 1, reviewer=ada.fingerprint).proposals == ()
    with pytest.raises(RefusedError, match="Answer first"):
        reveal_proposal(desk.store, review.claim)
    assert len(get_review(desk.store, 1).proposals) == 1


def test_the_proposal_that_was_shown_stays_the_one_that_counts(desk: Desk) -> None:
    ada = desk.reviewer()
    cited = [Citation("2", "45 days")]
    shown = propose_verdict(desk.store, "T1", label="fail", explanation="45 days", cited=cited, by="agent:x")
    review = desk.open(ada)
    give_answer(desk.store, review.claim, PASS)
    reveal_proposal(desk.store, review.claim)

    propose_verdict(desk.store, "T1", label="pass", explanation="It was fine.", by="agent:y")

    again = reveal_proposal(desk.store, review.claim)
    assert again is not None and again.id == shown.id
    assert get_review(desk.store, 1, reviewer=ada.fingerprint).proposals == (again,)
    assert sign_verdict(desk.store, ada, review).proposal == proposal_digest(shown)


def test_a_reviewer_who_saw_none_is_shown_no_later_proposal(desk: Desk) -> None:
    review = desk.open(desk.reviewer())
    give_answer(desk.store, review.claim, PASS)
    assert reveal_proposal(desk.store, review.claim) is None

    propose_verdict(desk.store, "T1", label="pass", explanation="It was fine.", by="agent:y")

    assert reveal_proposal(desk.store, review.claim) is None


@pytest.mark.parametrize("part", ["reason", "expected", "note"])
def test_texts_of_an_answer_may_be_as_long_as_the_limit_and_no_longer(desk: Desk, part: str) -> None:
    review = desk.open(desk.reviewer())

    def answer(length: int) -> Answer:
        text = "x" * length
        marks = (CriterionAnswer("outcome", Label.FAIL, text if part == "note" else ""),)
        reason, expected = (text if part == name else "" for name in ("reason", "expected"))
        return Answer(Label.FAIL, reason=reason, expected=expected, criteria=marks)

    assert give_answer(desk.store, review.claim, answer(TEXT_LIMIT)).final == answer(TEXT_LIMIT)
    with pytest.raises(UsageError, match=f"at most {TEXT_LIMIT}"):
        give_answer(desk.store, review.claim, answer(TEXT_LIMIT + 1))


def test_an_open_question_stays_open_until_all_answers_are_in(desk: Desk) -> None:
    ada, ben = desk.reviewer(), desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    reviews = [(desk.open(who, overlap=2), who) for who in (ada, ben)]
    ask_reviewers(desk.store, "R1", "Which clause?", by="human:Eve")

    states = []
    for review, who in reviews:
        give_answer(desk.store, review.claim, FAIL)
        sign_verdict(desk.store, who, review)
        states.append(get_review(desk.store, 1).item.state)

    assert states == [ItemState.NEEDS_ANSWER, ItemState.DECIDED]


def test_a_dispute_with_an_open_question_is_decided_by_its_adjudicator(desk: Desk) -> None:
    ada, ben, cem = desk.reviewer(), desk.reviewer("Ben", pin=False), desk.reviewer("Cem", pin=False)
    for name in ("Ben", "Cem"):
        vouch_for(desk.store, ada, name)
    raters = {desk.decide(ada, Label.FAIL, overlap=2).uid, desk.decide(ben, Label.PASS, overlap=2).uid}
    review = open_review(desk.store, 1, cem.fingerprint)
    ask_reviewers(desk.store, "R1", "Which clause?", by="human:Eve")
    give_answer(desk.store, review.claim, FAIL)

    verdict = sign_verdict(desk.store, cem, review)

    assert set(verdict.supersedes) == raters
    assert get_review(desk.store, 1).item.state is ItemState.DECIDED


def test_reviewers_are_blind_to_each_other_until_they_have_signed(desk: Desk) -> None:
    ada, ben = desk.reviewer(), desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    desk.decide(ada, overlap=2)
    review = open_review(desk.store, 1, ben.fingerprint)

    assert get_review(desk.store, 1, reviewer=ben.fingerprint).verdicts == ()
    give_answer(desk.store, review.claim, FAIL)
    sign_verdict(desk.store, ben, review)
    assert len(get_review(desk.store, 1, reviewer=ben.fingerprint).verdicts) == 2
    assert get_review(desk.store, 1).item.state is ItemState.DECIDED


def test_dispute_says_nothing_until_somebody_else_adjudicates(desk: Desk) -> None:
    ada, ben, cem = desk.reviewer(), desk.reviewer("Ben", pin=False), desk.reviewer("Cem", pin=False)
    for name in ("Ben", "Cem"):
        vouch_for(desk.store, ada, name)
    desk.decide(ada, Label.FAIL, overlap=2)
    desk.decide(ben, Label.PASS, overlap=2)
    assert get_review(desk.store, 1).item.state is ItemState.DISPUTED
    assert confirmed_verdicts(desk.store) == {}

    with pytest.raises(RefusedError):
        open_review(desk.store, 1, ada.fingerprint)
    review = open_review(desk.store, 1, cem.fingerprint)
    give_answer(desk.store, review.claim, FAIL)
    sign_verdict(desk.store, cem, review)

    assert get_review(desk.store, 1).item.state is ItemState.DECIDED
    assert confirmed_verdicts(desk.store)[1].reviewer_name == "Cem"


def test_signing_twice_gives_the_same_verdict(desk: Desk) -> None:
    ada = desk.reviewer()
    review = desk.open(ada)
    give_answer(desk.store, review.claim, FAIL)

    assert sign_verdict(desk.store, ada, review).uid == sign_verdict(desk.store, ada, review).uid


def test_nothing_is_signed_without_an_answer(desk: Desk) -> None:
    ada = desk.reviewer()

    with pytest.raises(RefusedError, match="Answer first"):
        sign_verdict(desk.store, ada, desk.open(ada))
    assert confirmed_verdicts(desk.store) == {}


def test_undo_before_the_reveal_forgets_and_after_it_returns_to_the_first_answer(desk: Desk) -> None:
    ada = desk.reviewer()
    review = desk.open(ada)
    give_answer(desk.store, review.claim, FAIL)
    undo_answer(desk.store, review.claim)
    assert get_review(desk.store, 1, reviewer=ada.fingerprint).draft is None

    give_answer(desk.store, review.claim, PASS)
    reveal_proposal(desk.store, review.claim)
    give_answer(desk.store, review.claim, FAIL)
    undo_answer(desk.store, review.claim)
    draft = get_review(desk.store, 1, reviewer=ada.fingerprint).draft
    assert draft is not None and (draft.first, draft.final) == (PASS, PASS)


def test_trace_that_changed_while_it_was_read_is_not_signed(desk: Desk) -> None:
    ada = desk.reviewer()
    review = desk.open(ada)
    give_answer(desk.store, review.claim, FAIL)
    desk.add_late_span("run-1")

    with pytest.raises(RefusedError, match="changed while you were reading"):
        sign_verdict(desk.store, ada, review)
    again = open_review(desk.store, 1, ada.fingerprint)
    assert sign_verdict(desk.store, ada, again).confirmed


def test_verdict_goes_stale_when_its_trace_grows(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())
    desk.add_late_span("run-1")

    assert get_verdict(desk.store, verdict.short_id).state is SignatureState.STALE
    (summary,) = get_summaries(desk.store, [1])
    assert (summary.verdict, summary.outcome) == (None, Outcome.UNKNOWN)


def test_outrun_lease_goes_to_somebody_else_and_the_late_submit_is_refused(desk: Desk) -> None:
    ada, ben = desk.reviewer(), desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    item = request_review(desk.store, "T1", "Was it right?", by="agent:x")
    first = open_review(desk.store, item.id, ada.fingerprint, now=START)
    give_answer(desk.store, first.claim, FAIL, now=START)
    with pytest.raises(RefusedError, match="being answered"):
        open_review(desk.store, item.id, ben.fingerprint, now=START + timedelta(minutes=14))

    second = open_review(desk.store, item.id, ben.fingerprint, now=START + timedelta(minutes=16))

    assert second.claim.token > first.claim.token
    with pytest.raises(RefusedError, match="somebody else has taken it"):
        sign_verdict(desk.store, ada, first)
    assert confirmed_verdicts(desk.store) == {}


def test_activity_keeps_the_lease(desk: Desk) -> None:
    ada, ben = desk.reviewer(), desk.reviewer("Ben", pin=False)
    item = request_review(desk.store, "T1", "Was it right?", by="agent:x")
    review = open_review(desk.store, item.id, ada.fingerprint, now=START)
    keep_alive(desk.store, review.claim, now=START + timedelta(minutes=10))

    with pytest.raises(RefusedError):
        open_review(desk.store, item.id, ben.fingerprint, now=START + timedelta(minutes=20))


def test_skipped_item_is_offered_to_others_only(desk: Desk) -> None:
    ada, ben = desk.reviewer(), desk.reviewer("Ben", pin=False)
    review = desk.open(ada)
    with pytest.raises(UsageError, match="empty"):
        skip_review(desk.store, review.claim, " ")
    skip_review(desk.store, review.claim, "not my field")

    assert list_reviews(desk.store, reviewer=ada.fingerprint) == []
    assert [item.id for item in list_reviews(desk.store, reviewer=ben.fingerprint)] == [1]


def test_question_back_waits_for_an_answer_and_returns_to_the_queue(desk: Desk) -> None:
    ada = desk.reviewer()
    review = desk.open(ada)
    ask_back(desk.store, review.claim, "Which policy applied on that day?")
    assert get_review(desk.store, 1).item.state is ItemState.NEEDS_ANSWER

    item = answer_back(desk.store, "R1", "The one of 2026.")

    assert item.state is ItemState.OPEN
    assert "Which policy" in item.note and "2026" in item.note


def test_item_given_back_is_free_at_once(desk: Desk) -> None:
    ada, ben = desk.reviewer(), desk.reviewer("Ben", pin=False)
    review = desk.open(ada)
    give_back(desk.store, review.claim)

    assert open_review(desk.store, 1, ben.fingerprint).claim.slot == review.claim.slot


def test_untrusted_key_cannot_sign(desk: Desk) -> None:
    desk.reviewer()
    mallory = desk.reviewer("Mallory", pin=False)
    review = desk.open(mallory)
    give_answer(desk.store, review.claim, PASS)

    with pytest.raises(RefusedError, match="not trusted here"):
        sign_verdict(desk.store, mallory, review)


def test_session_is_judged_as_a_whole(desk: Desk) -> None:
    ada = desk.reviewer()
    with desk.store.write() as con:
        con.execute("UPDATE trace SET session = 's1'")
    item = request_review(desk.store, Session("s1", "support"), "Did they get an answer?", by="human:Ada", decides=True)
    review = open_review(desk.store, item.id, ada.fingerprint)
    give_answer(desk.store, review.claim, FAIL)
    sign_verdict(desk.store, ada, review)

    assert sorted(confirmed_verdicts(desk.store)) == [1, 2]


def test_search_finds_a_trace_by_its_confirmed_verdict_and_outcome(desk: Desk) -> None:
    desk.decide(desk.reviewer())

    assert [trace.id for trace in list_traces(desk.store, "verdict:fail").traces] == [1]
    assert [trace.id for trace in list_traces(desk.store, "outcome:fail").traces] == [1]
    assert [trace.id for trace in list_traces(desk.store, "verdict:none").traces] == [2]
