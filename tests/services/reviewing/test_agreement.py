"""What people's answers say of each other and of the agent's proposals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from retrospan.model.reviews import Answer, CriterionAnswer, Label, Verdict
from retrospan.services.reviewing.agreement import OVERALL, AgreementReport, CriterionAgreement, agreement_report
from retrospan.services.reviewing.asking import propose_verdict, request_review
from retrospan.services.reviewing.claiming import keep_alive, open_review
from retrospan.services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict
from retrospan.services.reviewing.people import vouch_for
from retrospan.store.reviews.queues import active_times
from retrospan.trust.session import ReviewSession
from reviewdesk import QUESTION, Desk

START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
PASS, FAIL = Label.PASS, Label.FAIL


def judge(
    desk: Desk, who: ReviewSession, item: int, first: Label, final: Label | None = None, minutes: Sequence[int] = ()
) -> Verdict:
    clock = START
    review = open_review(desk.store, item, who.fingerprint, now=clock)
    claim = review.claim
    for pause in minutes:
        clock += timedelta(minutes=pause)
        claim = keep_alive(desk.store, claim, now=clock)
    criteria = (CriterionAnswer("outcome", first),)
    give_answer(desk.store, claim, Answer(first, criteria=criteria), now=clock)
    reveal_proposal(desk.store, claim, now=clock)
    if final is not None:
        give_answer(desk.store, claim, Answer(final, criteria=criteria), now=clock)
    return sign_verdict(desk.store, who, review, now=clock)


def people(desk: Desk) -> tuple[ReviewSession, ReviewSession]:
    ada = desk.reviewer()
    desk.reviewer("Ben", pin=False)
    vouch_for(desk.store, ada, "Ben")
    return ada, desk.unlock("Ben")


def ask(desk: Desk, number: int, *, overlap: int = 2, proposal: str | None = None, by: str = "agent:x") -> int:
    item = request_review(desk.store, "T1", f"{QUESTION} {number}", by="rule:q", overlap=overlap)
    if proposal:
        propose_verdict(desk.store, item.short_id, label=proposal, explanation="so it seems", by=by)
    return item.id


def overall(report: AgreementReport) -> CriterionAgreement:
    return next(entry for entry in report.criteria if entry.criterion == OVERALL)


def test_nothing_is_claimed_of_few_doubles_and_the_price_is_told(desk: Desk) -> None:
    ada, ben = people(desk)
    judge(desk, ada, ask(desk, 0), PASS)
    item = ask(desk, 1)
    judge(desk, ada, item, FAIL)
    judge(desk, ben, item, FAIL)

    found = overall(agreement_report(desk.store))

    assert (found.agreement.doubles, found.agreement.enough) == (1, False)
    # One item has a first answer already; 48 more need two each.
    assert found.missing_reviews == 1 + 2 * 48
    assert "97 more reviews" in found.in_words and "Too early" in found.in_words


def test_blind_answers_count_and_adjudicators_do_not(desk: Desk) -> None:
    ada, ben = people(desk)
    desk.reviewer("Cem", pin=False)
    vouch_for(desk.store, ada, "Cem")
    item = ask(desk, 0, proposal="pass")
    judge(desk, ada, item, PASS)
    judge(desk, ben, item, FAIL)
    judge(desk, desk.unlock("Cem"), item, FAIL)

    found = overall(agreement_report(desk.store)).agreement

    assert (found.doubles, found.raters, found.raw.value) == (1, 2, 0.0)


def test_switch_towards_the_proposal_is_counted_of_those_who_differed(desk: Desk) -> None:
    ada = desk.reviewer()
    for number, (first, final) in enumerate([(FAIL, PASS), (FAIL, FAIL), (PASS, PASS), (PASS, FAIL)]):
        judge(desk, ada, ask(desk, number, overlap=1, proposal="pass"), first, final)

    report = agreement_report(desk.store)

    assert (report.could_switch, report.switched.value, report.away) == (2, 0.5, 1)
    assert overall(report).agreement.prevalence == {}


def test_proposals_that_are_wrong_on_purpose_show_who_follows_them(desk: Desk) -> None:
    ada = desk.reviewer()
    assert agreement_report(desk.store).resisted is None
    for number, final in enumerate([FAIL, FAIL, PASS]):
        judge(desk, ada, ask(desk, number, overlap=1, proposal="pass", by="seeded:lead"), FAIL, final)

    report = agreement_report(desk.store)

    assert (report.seeded, report.resisted and round(report.resisted.value, 2)) == (3, 0.67)


def test_active_time_leaves_long_pauses_out(desk: Desk) -> None:
    ada = desk.reviewer()
    judge(desk, ada, ask(desk, 0, overlap=1), PASS, minutes=(1, 10, 1))

    with desk.store.read() as con:
        (spent,) = (entry.amount for entry in active_times(con))
    assert spent == (1 + 2 + 1) * 60_000
    assert agreement_report(desk.store).minutes_an_item == pytest.approx(4.0)


def test_only_of_one_queue_or_rubric(desk: Desk) -> None:
    ada = desk.reviewer()
    judge(desk, ada, ask(desk, 0, overlap=1), PASS)

    assert {entry.criterion for entry in agreement_report(desk.store, rubric="outcome").criteria} == {
        OVERALL,
        "outcome",
    }
    assert agreement_report(desk.store, rubric="other").criteria == ()
    assert agreement_report(desk.store, queue="other").criteria == ()
