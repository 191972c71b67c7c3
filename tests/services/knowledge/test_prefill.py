"""A fail verdict brings drafts that a person only has to correct, and a case that the failed run does not pass."""

from __future__ import annotations

from pathlib import Path

from retrospan.model.cases import dump_case, parse_case
from retrospan.model.findings import CauseClass, Signal, Suspect, SuspectReport
from retrospan.model.reviews import Answer, Label, Lesson, Verdict
from retrospan.regression.checks import run_check
from retrospan.regression.protocol import RunResult
from retrospan.services.knowledge.confirming import confirm_case, confirm_lesson, confirm_rubric
from retrospan.services.knowledge.prefill import prefill
from retrospan.services.knowledge.proposing import propose_lesson
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.store.reading.summaries import get_trace
from retrospan.store.reviews.rubrics import find_rubric
from reviewdesk import QUESTION, Desk

UNGROUNDED = Signal("ungrounded_value", 2, True, "45 stands in no source")


def judged(desk: Desk, answer: Answer) -> Verdict:
    ada = desk.reviewer()
    item = request_review(desk.store, "T1", QUESTION, by="agent:x")
    review = open_review(desk.store, item.id, ada.fingerprint)
    give_answer(desk.store, review.claim, answer)
    return sign_verdict(desk.store, ada, review)


def test_case_fails_the_judged_answer_and_passes_a_right_one(desk: Desk) -> None:
    verdict = judged(desk, Answer(Label.FAIL, reason="Policy says 30.", cause=CauseClass.PASSAGE_SELECTION))

    case = prefill(verdict, get_trace(desk.store, 1), signals=[UNGROUNDED]).case

    assert case is not None and case.input == "Can I still return order 204?"
    calls = [{"name": "get_policy", "result": "Refunds within 30 days."}]
    wrong, right = RunResult("You have 45 days.", calls), RunResult("You have 30 days.", calls)
    assert [run_check(check, wrong, case).status.value for check in case.checks] == ["failed"]
    assert [run_check(check, right, case).status.value for check in case.checks] == ["passed"]
    assert parse_case(dump_case(case)) == case


def test_expected_answer_of_the_expert_becomes_a_check(desk: Desk) -> None:
    verdict = judged(desk, Answer(Label.FAIL, expected="30 days."))

    case = prefill(verdict, get_trace(desk.store, 1)).case

    assert case is not None and [check.model_dump()["text"] for check in case.checks] == ["30 days"]


def test_without_anything_to_compute_the_question_goes_to_a_judge(desk: Desk) -> None:
    case = prefill(judged(desk, Answer(Label.FAIL)), get_trace(desk.store, 1)).case

    assert case is not None and [check.check for check in case.checks] == ["judge"]


def test_lesson_names_the_step_and_cause_of_the_reviewer_before_the_suspects(desk: Desk) -> None:
    verdict = judged(desk, Answer(Label.FAIL, cause=CauseClass.TOOL, cause_span="a2", reason="It was stale."))
    report = SuspectReport(True, (Suspect(2, None, CauseClass.REASONING, 1.0, ("x",), ()),))

    lesson = prefill(verdict, get_trace(desk.store, 1), report=report).lesson

    assert lesson.title == "Tell of a failed call instead of going on (get_policy)"
    assert (lesson.applies_to.tools, lesson.origin.spans) == (("get_policy",), ("a2",))
    assert "It was stale." in lesson.why
    assert lesson.origin.verdict == verdict.uid


def test_suspect_is_taken_where_the_reviewer_names_no_step(desk: Desk) -> None:
    report = SuspectReport(True, (Suspect(1, None, CauseClass.RETRIEVAL, 1.0, ("x",), ()),))

    lesson = prefill(judged(desk, Answer(Label.FAIL)), get_trace(desk.store, 1), report=report).lesson

    assert lesson.origin.spans == ("a2",) and lesson.title.startswith("Do not answer from what was not found")


def test_lesson_holds_no_text_of_the_trace(desk: Desk) -> None:
    lesson = prefill(judged(desk, Answer(Label.FAIL)), get_trace(desk.store, 1)).lesson

    texts = f"{lesson.title} {lesson.what_happened} {lesson.why} {lesson.what_to_do}"
    assert "45 days" not in texts and "order 204" not in texts


def test_drafts_go_through_proposal_to_confirmed_files(desk: Desk, tmp_path: Path) -> None:
    verdict = judged(desk, Answer(Label.FAIL, reason="Policy says 30."))
    rubric = find_rubric(desk.store)
    draft = prefill(verdict, get_trace(desk.store, 1), signals=[UNGROUNDED], rubric=rubric)
    ada = desk.unlock("Ada")

    proposed = propose_lesson(desk.store, draft, by="human:Ada")
    assert proposed.case is not None and proposed.rubric == "outcome.v2"
    confirm_case(desk.store, ada, proposed.case, tmp_path)
    lesson = confirm_lesson(desk.store, ada, proposed.lesson.id, tmp_path)
    confirm_rubric(desk.store, ada, proposed.rubric, tmp_path)

    assert isinstance(lesson, Lesson) and lesson.case == proposed.case
    assert find_rubric(desk.store).version == 2
    assert find_rubric(desk.store).criteria[0].examples == ("Fails: Policy says 30.",)
