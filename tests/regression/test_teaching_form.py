"""A signed fail makes a short form, and a case that the failed run does not pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from retrospan.model.case_checks import Grounded, Judged, OutputContains
from retrospan.model.cases import dump_case, parse_case
from retrospan.model.errors import UsageError
from retrospan.model.findings import CauseClass
from retrospan.model.reviews import Answer, Label, Verdict
from retrospan.regression.checks import run_check
from retrospan.regression.protocol import RunResult
from retrospan.regression.teaching.facts import FailFacts, load_facts
from retrospan.regression.teaching.form import case_of_form, lesson_of_form, rubric_of_form, suggest, try_form
from retrospan.regression.teaching.keeping import accept_form, drafts_of_form
from retrospan.services.knowledge.confirming import confirm_rubric
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import open_review
from retrospan.services.reviewing.completing import completion_of
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.store.knowledge.lookup import list_lessons
from retrospan.store.reviews.rubrics import find_rubric
from reviewdesk import QUESTION, Desk


def judged(desk: Desk, answer: Answer) -> FailFacts:
    return load_facts(desk.store, sign(desk, answer))


def sign(desk: Desk, answer: Answer) -> Verdict:
    ada = desk.reviewer()
    item = request_review(desk.store, "T1", QUESTION, by="agent:x")
    review = open_review(desk.store, item.id, ada.fingerprint)
    give_answer(desk.store, review.claim, answer)
    return sign_verdict(desk.store, ada, review)


def test_case_fails_the_judged_answer_and_passes_a_right_one(desk: Desk) -> None:
    facts = judged(desk, Answer(Label.FAIL, reason="Policy says 30.", cause=CauseClass.PASSAGE_SELECTION))

    case = case_of_form(facts, suggest(facts))

    assert case is not None and case.input == "Can I still return order 204?"
    assert case.checks == (Grounded(), Judged(question=facts.question, rubric="outcome@1"))
    calls = [{"name": "get_policy", "result": "Refunds within 30 days."}]
    right = RunResult("You have 30 days.", calls)
    assert run_check(case.checks[0], right, case).status.value == "passed"
    assert try_form(facts, case, "").why_not == "" and parse_case(dump_case(case)) == case


def test_what_the_reviewer_wrote_is_no_check_unless_it_is_exactly_that(desk: Desk) -> None:
    facts = judged(desk, Answer(Label.FAIL, expected="Say that no rule covers it and hand over."))
    form = suggest(facts)

    case = case_of_form(facts, form)
    assert case is not None and not [check for check in case.checks if isinstance(check, OutputContains)]
    exact = case_of_form(facts, replace(form, exactly="30 days"))
    assert exact is not None and exact.checks[0] == OutputContains(text="30 days")


def test_words_that_the_failed_run_said_too_are_refused(desk: Desk, tmp_path: Path) -> None:
    facts = judged(desk, Answer(Label.FAIL))
    form = replace(suggest(facts), exactly="45 days")

    with pytest.raises(UsageError, match="does not fail on T1, the run that it comes from"):
        accept_form(desk.store, desk.unlock("Ada"), facts, form, tmp_path)
    assert not list(tmp_path.rglob("*.yaml"))


def test_a_check_never_fails_the_run_of_the_same_request_that_went_well(desk: Desk) -> None:
    facts = judged(desk, Answer(Label.FAIL, cause=CauseClass.WORKFLOW, cause_span="a2"))
    case = case_of_form(facts, suggest(facts))

    assert facts.good is not None and facts.good.summary.short_id == "T2"
    assert case is not None and "tool_not_called" not in dump_case(case), "the good run calls get_policy as well"
    assert try_form(facts, case, "a2").good is not None


def test_lesson_names_the_step_and_cause_of_the_reviewer_before_the_suspects(desk: Desk) -> None:
    facts = judged(desk, Answer(Label.FAIL, cause=CauseClass.TOOL, cause_span="a2", reason="It was stale."))
    lesson = lesson_of_form(facts, suggest(facts), None)

    assert lesson.title == "Tell of a failed call instead of going on (get_policy)"
    assert (lesson.applies_to.tools, lesson.origin.spans) == (("get_policy",), ("a2",))
    assert "It was stale." in lesson.why
    assert lesson.origin.verdict == facts.verdict.uid


def test_without_a_cause_the_title_says_what_the_rubric_wants(desk: Desk) -> None:
    facts = judged(desk, Answer(Label.FAIL))
    form = replace(suggest(facts), cause=CauseClass.UNDETERMINED)
    assert facts.criterion is not None

    changed = replace(facts, verdict=replace(facts.verdict, answer=replace(facts.verdict.answer, cause=None)))
    lesson = lesson_of_form(changed, replace(form, title="Quote the policy"), None)

    assert lesson.id.startswith("quote-the-policy-"), "the file is called as the lesson is"


def test_lesson_holds_no_text_of_the_trace(desk: Desk) -> None:
    facts = judged(desk, Answer(Label.FAIL))
    lesson = lesson_of_form(facts, suggest(facts), None)

    texts = f"{lesson.title} {lesson.what_happened} {lesson.why} {lesson.what_to_do}"
    assert "45 days" not in texts and "order 204" not in texts


def test_form_becomes_three_signed_files_and_the_engineers_part(desk: Desk, tmp_path: Path) -> None:
    facts = judged(desk, Answer(Label.FAIL, reason="Policy says 30."))
    form = replace(suggest(facts), cause=CauseClass.REASONING, step="a3", title="Quote the policy")

    taught = accept_form(desk.store, desk.unlock("Ada"), facts, form, tmp_path)

    assert [path.split("/")[1] for path in taught.paths] == ["cases", "lessons", "rubrics"]
    assert all((tmp_path / path).exists() for path in taught.paths)
    (lesson,) = list_lessons(desk.store)
    assert (lesson.title, lesson.case) == ("Quote the policy", taught.case.id if taught.case else "")
    done = completion_of(desk.store, facts.verdict)
    assert done is not None and (done.cause, done.cause_span, done.case) == (CauseClass.REASONING, "a3", lesson.case)
    assert find_rubric(desk.store).criteria[0].examples == ("Fails: Policy says 30.",)


def test_next_rubric_version_follows_the_newest_not_the_one_that_was_asked(desk: Desk, tmp_path: Path) -> None:
    verdict = sign(desk, Answer(Label.FAIL, reason="Policy says 30."))
    first = rubric_of_form(facts := load_facts(desk.store, verdict), suggest(facts))
    assert first is not None
    confirm_rubric(desk.store, desk.unlock("Ada"), first, tmp_path)

    facts = load_facts(desk.store, verdict)
    second = rubric_of_form(facts, replace(suggest(facts), example="Fails: another"))

    assert second is not None and second.version == 3
    assert second.criteria[0].examples == ("Fails: Policy says 30.", "Fails: another")


def test_drafts_are_the_case_the_lesson_that_names_it_and_the_rubric(desk: Desk) -> None:
    facts = judged(desk, Answer(Label.FAIL, reason="Policy says 30."))
    case, lesson, rubric = drafts_of_form(facts, suggest(facts))
    assert case.name in lesson.text and lesson.name in case.text and rubric.name == "outcome.v2"
