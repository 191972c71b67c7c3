"""What is signed is what was seen: question, who asked, rubric, form, proposal; and what an answer decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.answers.reviews import queue_text, review_text
from retrospan.knowledge.rubrics import BUILT_IN, built_in_rubric
from retrospan.model.errors import RefusedError, UsageError
from retrospan.model.reviews import Answer, Criterion, CriterionAnswer, Label, ReviewItem, Rubric, Verdict
from retrospan.model.traces import Outcome
from retrospan.services.reviewing.asking import get_review, list_reviews, propose_verdict, request_review
from retrospan.services.reviewing.citing import Citation
from retrospan.services.reviewing.claiming import OpenReview, open_review
from retrospan.services.reviewing.deciding import give_answer, reveal_proposal, sign_verdict
from retrospan.services.reviewing.deciding_questions import mark_deciding
from retrospan.services.reviewing.export import export_verdicts
from retrospan.services.reviewing.people import vouch_for
from retrospan.services.reviewing.shown import outcome_of, shown_sha256, what_it_replaces
from retrospan.store.audit.chain import audit_verify
from retrospan.store.contract import Store
from retrospan.store.reading.summaries import get_summaries
from retrospan.store.reviews.verdicts import get_verdict, list_verdicts
from retrospan.trust import verdicts as records
from retrospan.trust.session import ReviewSession
from retrospan.trust.signing import content_sha256
from reviewdesk import QUESTION, Desk

pytestmark = [pytest.mark.slow, pytest.mark.always]

ENGLISH = "Did the agent answer in English?"
OTHER = "Was the refund of 10,000 EUR justified?"
OUTCOME = str(built_in_rubric().criteria[0].question)


def change(store: Store, statement: str) -> None:
    """What a program with the file can do; no trigger forbids it."""
    with store.write() as con:
        con.execute(statement)


def answered(desk: Desk, session: ReviewSession, question: str = ENGLISH, by: str = "agent:x") -> OpenReview:
    item = request_review(desk.store, "T1", question, by=by)
    review = open_review(desk.store, item.id, session.fingerprint)
    give_answer(desk.store, review.claim, Answer(Label.PASS, reason="It did."))
    return review


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE review_item SET question = '{OTHER}'",
        "UPDATE review_item SET requested_by = 'human:Ada'",
        "UPDATE review_item SET decides = 'human:Ada'",
        "UPDATE review_item SET focus = '[\"a1\"]'",
        "UPDATE review_item SET rubric_version = 7",
        "UPDATE proposal SET explanation = 'All is well.'",
        "UPDATE proposal SET cited = '[]'",
        'UPDATE review_draft SET final = \'{"label": "fail"}\'',
        "UPDATE review_item SET reason = 'Ada wants a pass'",
    ],
)
def test_what_is_exchanged_behind_the_screen_is_not_signed(desk: Desk, statement: str) -> None:
    ada = desk.reviewer()
    review = desk.open(ada)
    cited = [Citation("T1.2", "You have 45 days")]
    propose_verdict(desk.store, "R1", label="fail", explanation="45 is invented.", cited=cited, by="agent:x")
    draft = give_answer(desk.store, review.claim, Answer(Label.PASS))
    shown = shown_sha256(review, draft, reveal_proposal(desk.store, review.claim))
    change(desk.store, statement)

    with pytest.raises(RefusedError, match="has changed while you were reading"):
        sign_verdict(desk.store, ada, review, shown=shown)
    assert list_verdicts(desk.store) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE review_item SET reopens = 1 WHERE id = 2", "UPDATE review_item SET state = 'disputed' WHERE id = 1"],
)
def test_an_answer_takes_no_other_back_that_its_reviewer_was_not_shown(desk: Desk, statement: str) -> None:
    """Which signed answers a new one replaces stands in ordinary rows."""
    first = desk.reviewer("Bo")
    bo = desk.decide(first, overlap=2)
    ada = desk.reviewer("Ada", pin=False)
    vouch_for(desk.store, first, "Ada")
    other = request_review(desk.store, "T1", OTHER, by="human:Ada")
    review = open_review(desk.store, 1 if "disputed" in statement else other.id, ada.fingerprint)
    assert review.replaces == () and what_it_replaces(review) == ""
    give_answer(desk.store, review.claim, Answer(Label.PASS))
    change(desk.store, statement)

    with pytest.raises(RefusedError, match="has changed while you were reading"):
        sign_verdict(desk.store, ada, review)
    again = open_review(desk.store, review.item.id, ada.fingerprint)
    assert again.replaces == (bo,)
    assert f"{bo.short_id} of Bo" in what_it_replaces(again)


def test_record_says_what_was_asked_by_whom_and_what_it_decides(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = sign_verdict(desk.store, ada, answered(desk, ada))

    manifest = verdict.record["manifest"]
    assert isinstance(manifest, dict)
    assert (manifest["question"], manifest["asked_by"], manifest["outcome"]) == (ENGLISH, "agent:x", None)
    assert manifest["form"] == [["outcome", ENGLISH]]
    assert len(str(manifest["shown"])) == 64


@pytest.mark.parametrize(
    ("statement", "differs"),
    [
        (f"UPDATE review_item SET question = '{OTHER}'", "question"),
        ("UPDATE review_item SET rubric_id = 'tone'", "rubric"),
        ("UPDATE review_item SET trace_id = 2", "run"),
        ("UPDATE review_item SET requested_by = 'human:Ada'", "who asked"),
        ("UPDATE review_item SET decides = ''", "what it decides"),
    ],
)
def test_item_that_was_changed_after_it_was_signed_is_shown_as_such(desk: Desk, statement: str, differs: str) -> None:
    verdict = desk.decide(desk.reviewer())
    change(desk.store, statement)

    view = get_review(desk.store, 1)
    (listed,) = list_reviews(desk.store, state=None)
    assert view.item.question == listed.question == verdict.question == QUESTION
    assert differs in view.item.altered and differs in listed.altered
    told, queue = review_text(view, {}, {}), queue_text([listed], state="all", next_call=None)
    assert "Not decided" in told and "changed after it was signed" in queue
    report = audit_verify(desk.store)
    assert [line for line in report.problems if "item R1 differs" in line and differs in line]
    assert [record["question"] for record in export_verdicts(desk.store)] == [QUESTION]


def test_verdict_that_is_moved_under_another_question_decides_nothing_there(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())
    request_review(desk.store, "T1", OTHER, by="human:Ada")
    change(desk.store, "DROP TRIGGER verdict_no_update")
    change(desk.store, "UPDATE verdict SET item_id = 2")
    change(desk.store, "UPDATE review_item SET state = 'decided' WHERE id = 2")
    change(desk.store, "UPDATE review_slot SET state = 'answered' WHERE item_id = 2")

    view = get_review(desk.store, 2)
    assert view.item.altered and view.item.question == verdict.question
    assert "Decided by people" not in review_text(view, {}, {})
    assert any("item R2 differs" in line for line in audit_verify(desk.store).problems)


def test_nobody_signs_an_item_that_asks_something_else_than_others_signed(desk: Desk) -> None:
    ada, ben = desk.reviewer(), desk.reviewer("Ben", pin=False)
    from retrospan.services.reviewing.people import vouch_for

    vouch_for(desk.store, ada, "Ben")
    desk.decide(ada, overlap=2)
    change(desk.store, f"UPDATE review_item SET question = '{OTHER}'")
    review = open_review(desk.store, 1, ben.fingerprint)
    give_answer(desk.store, review.claim, Answer(Label.PASS))

    with pytest.raises(RefusedError, match="ask the question anew"):
        sign_verdict(desk.store, ben, review)


def test_an_assistants_own_question_does_not_decide_the_run(desk: Desk) -> None:
    ada = desk.reviewer()
    verdict = sign_verdict(desk.store, ada, answered(desk, ada))

    (summary,) = get_summaries(desk.store, [1])
    assert verdict.confirmed and verdict.outcome is None
    assert (summary.outcome, summary.verdict) == (Outcome.UNKNOWN, None)


@pytest.mark.parametrize(("question", "by"), [(OUTCOME, "agent:x"), (OUTCOME, "rule:q")])
def test_the_criterion_that_says_so_decides_whoever_asks_it(desk: Desk, question: str, by: str) -> None:
    ada = desk.reviewer()
    sign_verdict(desk.store, ada, answered(desk, ada, question, by))

    (summary,) = get_summaries(desk.store, [1])
    assert (summary.outcome, summary.verdict, summary.verdict_question) == (Outcome.PASS, "pass", question)


def test_a_question_that_a_person_marked_decides(desk: Desk) -> None:
    ada = desk.reviewer()
    request_review(desk.store, "T1", ENGLISH, by="agent:x")
    assert mark_deciding(desk.store, "R1", by="human:Ada").decides == "human:Ada"
    verdict = sign_verdict(desk.store, ada, answered(desk, ada))

    assert (verdict.outcome, verdict.decides) == (Label.PASS, "human:Ada")
    assert get_summaries(desk.store, [1])[0].outcome is Outcome.PASS
    with pytest.raises(UsageError, match="decided"):
        mark_deciding(desk.store, "R1", by="human:Ada", decides=False)


@pytest.mark.parametrize("by", ["agent:claude", "rule:q", "", "judge:tone"])
def test_only_a_person_marks_a_question_as_deciding(desk: Desk, by: str) -> None:
    request_review(desk.store, "T1", ENGLISH, by="agent:x")

    with pytest.raises(RefusedError, match="Only a person"):
        mark_deciding(desk.store, "R1", by=by)
    with pytest.raises(RefusedError, match="Only a person"):
        request_review(desk.store, "T2", ENGLISH, by=by, decides=True)


def test_of_several_criteria_those_that_say_so_decide(desk: Desk) -> None:
    criteria = (
        Criterion("helped", "Did they get what they asked for?", decides="outcome"),
        Criterion("english", ENGLISH),
    )
    rubric = Rubric("both", 1, "Both", criteria, "0" * 64)
    item = ReviewItem(1, "support", "Look at this run.", rubric.ref, requested_by="agent:x")
    marks = (CriterionAnswer("helped", Label.PASS), CriterionAnswer("english", Label.FAIL))

    assert outcome_of(item, rubric, Answer(Label.FAIL, criteria=marks)) is Label.PASS
    assert outcome_of(item, replace(rubric, criteria=criteria[1:]), Answer(Label.FAIL)) is None


def former(verdict: Verdict, session: ReviewSession, rubric: str) -> dict[str, object]:
    """The record as an older Retrospan signed it."""
    from retrospan.trust.signing import sign_manifest

    signed = verdict.record["manifest"]
    assert isinstance(signed, dict)
    new = ("asked_by", "decides", "note", "form", "outcome", "shown")
    manifest = {name: value for name, value in signed.items() if name not in new}
    manifest["rubric"] = {"id": rubric, "version": 1, "sha256": content_sha256(dict(BUILT_IN))}
    signature = sign_manifest(session, "verdict", manifest, signed_at=verdict.signed_at)
    return {"format": records.FORMER, "manifest": manifest, "signature": signature.model_dump(mode="json")}


@pytest.mark.parametrize(
    ("rubric", "asked_by", "outcome"),
    [("outcome", "agent:x", Label.FAIL), ("tone", "agent:x", None), ("tone", "human:Eve", Label.FAIL)],
)
def test_records_of_before_keep_their_signature_and_decide_by_rubric_or_person(
    desk: Desk, rubric: str, asked_by: str, outcome: Label | None
) -> None:
    ada = desk.reviewer()
    verdict = desk.decide(ada)
    record = records.parse_verdict_record(former(verdict, ada, rubric)).record
    change(desk.store, "DROP TRIGGER verdict_no_update")
    change(desk.store, f"UPDATE review_item SET requested_by = '{asked_by}'")
    with desk.store.write() as con:
        from retrospan.model.text.jsontext import canonical

        con.execute("UPDATE verdict SET record = :record", {"record": canonical(dict(record)).decode()})

    found = get_verdict(desk.store, "V1")
    assert (found.confirmed, found.outcome) == (True, outcome)


def test_a_former_record_cannot_carry_the_new_parts(desk: Desk) -> None:
    verdict = desk.decide(desk.reviewer())
    from retrospan.model.errors import BadInputError

    with pytest.raises(BadInputError):
        records.parse_verdict_record({**verdict.record, "format": records.FORMER})


def test_a_terminal_signs_only_what_is_on_it(desk: Desk, tmp_path: Path) -> None:
    pytest.importorskip("textual")
    from retrospan.tui.answering import AnswerForm
    from retrospan.tui.review_flow import ReviewFlow

    ada = desk.reviewer()
    request_review(desk.store, "T1", ENGLISH, by="agent:x")
    flow = ReviewFlow(desk.store, 1, ada.fingerprint)
    flow.load()
    flow.form = AnswerForm.from_answer(flow.form.criteria, Answer(Label.PASS))
    flow.keep()
    sign: Callable[[], object] = lambda: flow.sign(ada)  # noqa: E731
    change(desk.store, f"UPDATE review_item SET question = '{OTHER}'")
    with pytest.raises(RefusedError, match="has changed while you were reading"):
        sign()
    change(desk.store, f"UPDATE review_item SET question = '{ENGLISH}'")
    sign()
    assert flow.verdict is not None and flow.verdict.confirmed
