"""From the queue to a signed verdict and an accepted lesson, by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyboard import Hands, at_keyboard
from retrospan.knowledge.rubrics import rubric_from_content
from retrospan.model.findings import CauseClass
from retrospan.model.reviews import ItemState, Label, LessonStatus, Severity
from retrospan.services.knowledge.confirming import confirm_rubric
from retrospan.services.reviewing.asking import get_review, list_reviews, request_review
from retrospan.services.reviewing.completing import completion_of
from retrospan.store.knowledge.lookup import list_lessons
from retrospan.store.reviews.verdicts import list_verdicts
from retrospan.trust.session import ReviewSession
from retrospan.tui.app import RetrospanApp
from retrospan.tui.review_text import why_asked
from retrospan.tui.screens import item, sign
from reviewdesk import QUESTION, Desk

PROPOSED = "The reply says 45 days"


@pytest.fixture
def app(queue: Desk, ada: ReviewSession, tmp_path: Path) -> RetrospanApp:
    return RetrospanApp(queue.store, start="review", session=ada, folder=tmp_path)


@pytest.mark.usefixtures("quick")
def test_fail_is_signed_in_eight_keys_and_its_lesson_accepted(app: RetrospanApp, tmp_path: Path) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "3")
        await hands.type("The policy says 30 days.")
        await hands.press("enter", "S", "y")
        assert hands.place == "TeachingScreen" and "V1: Ada failed T1, high" in hands.text
        assert len(hands.pressed) <= 8
        await hands.press("S", "y")
        assert hands.text.count("Signed and written") == 3
        await hands.press("escape", "n")
        assert hands.place == "ItemScreen" and "R2" in hands.lines[0]

    at_keyboard(app, walk)

    (verdict,) = list_verdicts(app.store)
    assert verdict.confirmed and verdict.answer.label is Label.FAIL
    assert (verdict.answer.severity, verdict.answer.reason) == (Severity.HIGH, "The policy says 30 days.")
    assert verdict.proposal is not None
    (lesson,) = list_lessons(app.store)
    assert lesson.status is LessonStatus.CONFIRMED and lesson.origin.verdict == verdict.uid
    assert sorted(path.parent.name for path in (tmp_path / ".retrospan").rglob("*.*")) == [
        "cases",
        "lessons",
        "reviewers",
        "rubrics",
    ]


@pytest.mark.usefixtures("quick")
def test_proposal_is_hidden_until_the_answer_and_pass_costs_no_fewer_keys(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        assert PROPOSED not in hands.text and "You have 45 days to return it." in hands.text
        await hands.press("p")
        assert PROPOSED not in hands.text
        await hands.press("enter")
        assert PROPOSED in hands.text and "you differ" in hands.text
        await hands.press("S", "y")
        assert hands.place == "ItemScreen" and "V1 signed by Ada" in hands.text
        assert len(hands.pressed) == 5

    at_keyboard(app, walk)


@pytest.mark.usefixtures("quick")
def test_revision_keeps_the_first_answer_and_undo_returns_to_it(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "p", "enter", "f")
        await hands.type("Now I see it.")
        await hands.press("enter")
        assert "first answer: pass (kept too)" in hands.text
        await hands.press("u")
        assert "first answer" not in hands.text and "✓ pass" in hands.text
        await hands.press("f")
        await hands.type("Now I see it.")
        await hands.press("enter", "S", "y")

    at_keyboard(app, walk)
    (verdict,) = list_verdicts(app.store)
    assert (verdict.first_answer.label, verdict.answer.label, verdict.switched) == (Label.PASS, Label.FAIL, True)


def test_keys_typed_ahead_decide_nothing(app: RetrospanApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item, "GUARD_SECONDS", 3_600.0)

    async def walk(hands: Hands) -> None:
        await hands.press("enter", "p", "f", "c", "3", "s", "b", "S", "enter", "y")
        assert hands.app.screen.query("#reason.hidden")

    at_keyboard(app, walk)
    assert list_verdicts(app.store) == [] and get_review(app.store, "R1", reviewer="nobody").draft is None


@pytest.mark.usefixtures("quick")
def test_only_the_y_key_signs_and_not_at_once(app: RetrospanApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign, "GUARD_SECONDS", 3_600.0)

    async def walk(hands: Hands) -> None:
        await hands.press("enter", "p", "enter", "S", "enter", "enter", "space", "S", "y")
        await hands.pilot.click(".box")
        await hands.settle()
        assert hands.place == "SignScreen"
        await hands.press("escape")
        assert hands.place == "ItemScreen"

    at_keyboard(app, walk)
    assert list_verdicts(app.store) == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("key", ["f", "c"])
def test_fail_and_cannot_tell_need_a_reason(app: RetrospanApp, key: str) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", key, "enter")
        assert "Say in one sentence" in hands.text and PROPOSED not in hands.text

    at_keyboard(app, walk)


@pytest.mark.usefixtures("quick")
def test_marked_step_is_signed_as_the_cause(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "e", "m", "f")
        await hands.type("Invented.")
        await hands.press("enter", "S", "y")

    at_keyboard(app, walk)
    assert list_verdicts(app.store)[0].answer.cause_span == "a3"


@pytest.mark.usefixtures("quick")
def test_cause_class_is_signed_with_a_fail_and_shapes_the_lesson(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "f")
        await hands.type("Invented.")
        await hands.press("enter", "M", "j", "j", "enter")
        assert "cause: passage selection" in hands.text
        await hands.press("S", "y", "S", "y")

    at_keyboard(app, walk)
    (verdict,) = list_verdicts(app.store)
    assert (verdict.first_answer.cause, verdict.answer.cause) == (None, CauseClass.PASSAGE_SELECTION)
    (lesson,) = list_lessons(app.store)
    assert lesson.title.startswith("Use the passage that answers the question") and lesson.case is not None


@pytest.mark.usefixtures("quick")
def test_engineer_completes_a_decided_fail(desk: Desk, ada: ReviewSession, tmp_path: Path) -> None:
    verdict = desk.decide(ada)
    app = RetrospanApp(desk.store, start="review", session=ada, folder=tmp_path)

    async def walk(hands: Hands) -> None:
        await hands.press("v", "e", "enter")
        assert hands.place == "CauseScreen"
        await hands.press("escape", "j", "enter")
        assert "In which step did it go wrong?" in hands.text and "T1.2" in hands.text
        await hands.press("escape", "S", "y")
        assert "Signed and written" in hands.text

    at_keyboard(app, walk)
    completion = completion_of(desk.store, verdict)
    assert completion is not None and completion.cause_span == "a3" and completion.confirmed


@pytest.mark.usefixtures("quick")
def test_why_it_was_queued_gives_no_conclusion_away(app: RetrospanApp) -> None:
    conclusion = "a value without a source"

    async def walk(hands: Hands) -> None:
        assert conclusion not in hands.text and "an assistant picked it" in hands.text
        await hands.press("enter")
        assert conclusion not in hands.text and "an assistant picked it" in hands.text
        await hands.press("p", "enter")
        assert f"asked because: {conclusion}" in hands.text

    at_keyboard(app, walk)


@pytest.mark.parametrize(
    ("by", "told"),
    [("rule:ranked", "the rule ranked picked"), ("human:Bo", "drawn at random"), ("odd", "an assistant")],
)
def test_who_asks_decides_what_is_told_before_the_answer(desk: Desk, by: str, told: str) -> None:
    asked = request_review(desk.store, "T1", QUESTION, by=by, reason="drawn at random")
    assert why_asked(asked, answered=False).startswith(told)
    assert why_asked(asked, answered=True) == "drawn at random"


@pytest.mark.usefixtures("quick")
def test_who_asked_is_shown_and_a_person_lets_the_question_decide(app: RetrospanApp, ada: ReviewSession) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        assert "asked by an assistant (claude)" in hands.text
        assert "this question alone" in hands.text
        await hands.press("o")
        await hands.until(lambda: "said so" in hands.text)

    at_keyboard(app, walk)
    assert get_review(app.store, "R1").item.decides == f"human:{ada.name}"


@pytest.mark.usefixtures("quick")
def test_skip_leaves_the_item_to_others_and_goes_on(app: RetrospanApp, ada: ReviewSession) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "s")
        await hands.type("I know the customer.")
        await hands.press("enter")
        assert "R2" in hands.lines[0]

    at_keyboard(app, walk)
    mine = list_reviews(app.store, reviewer=ada.fingerprint)
    assert [entry.short_id for entry in mine] == ["R2"]
    assert len(list_reviews(app.store)) == 2


@pytest.mark.usefixtures("quick")
def test_question_back_waits_until_it_is_answered(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "b")
        await hands.type("Which policy was in force?")
        await hands.press("enter", "escape")
        assert "1 were sent back with a question" in hands.text
        await hands.press("v", "enter")
        assert "Which policy was in force?" in hands.text
        await hands.type("The one of May.")
        await hands.press("enter")

    at_keyboard(app, walk)
    (first, _) = sorted(list_reviews(app.store), key=lambda entry: entry.id)
    assert first.state is ItemState.OPEN and first.note == "Which policy was in force?\n\nThe one of May."


@pytest.mark.usefixtures("quick")
def test_question_back_is_asked_above_a_long_conversation_too(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "G", "b")
        assert hands.place == "LineScreen"

    at_keyboard(app, walk, size=(80, 16))


@pytest.mark.usefixtures("quick")
def test_leaving_gives_the_item_back_and_keeps_the_answer(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "p", "enter", "escape")
        assert hands.place == "QueueScreen"
        assert [entry.claimed for entry in list_reviews(app.store)] == [0, 0]
        await hands.press("enter")
        assert "Your answer" in hands.text and PROPOSED in hands.text

    at_keyboard(app, walk)


@pytest.mark.usefixtures("quick")
def test_every_criterion_is_answered_in_turn(desk: Desk, ada: ReviewSession, tmp_path: Path) -> None:
    criteria = [{"id": "grounded", "question": "Grounded?"}, {"id": "polite", "question": "Polite?"}]
    rubric = rubric_from_content({"id": "reply", "version": 1, "title": "Reply", "criteria": criteria})
    confirm_rubric(desk.store, ada, rubric, tmp_path)
    request_review(desk.store, "T1", QUESTION, by="agent:x", rubric="reply", rubric_version=1)
    app = RetrospanApp(desk.store, start="review", session=ada)

    async def walk(hands: Hands) -> None:
        await hands.press("enter", "f", "u", "f", "p")
        await hands.type("Invented.")
        await hands.press("enter", "S", "y")

    at_keyboard(app, walk)
    (verdict,) = list_verdicts(desk.store)
    assert verdict.answer.label is Label.FAIL
    assert [(entry.criterion, entry.label) for entry in verdict.answer.criteria] == [
        ("grounded", Label.FAIL),
        ("polite", Label.PASS),
    ]


@pytest.mark.usefixtures("quick")
def test_edited_draft_is_what_gets_signed_and_the_rest_is_kept(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "f")
        await hands.type("Invented.")
        await hands.press("enter", "S", "y", "e", "x", "e", "pagedown", "pagedown", "end")
        await hands.type("Always quote the policy.")
        await hands.press("ctrl+s", "escape")

    at_keyboard(app, walk)
    (lesson,) = list_lessons(app.store)
    assert lesson.what_to_do.endswith("Always quote the policy.") and lesson.status is LessonStatus.CONFIRMED
    assert lesson.case is None, "the case was left out, so the lesson names none"


@pytest.mark.usefixtures("quick")
def test_draft_kept_for_later_is_accepted_on_the_lessons_page(app: RetrospanApp) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter", "f")
        await hands.type("Invented.")
        await hands.press("enter", "S", "y", "e", "escape")
        assert [entry.status for entry in list_lessons(app.store)] == [LessonStatus.PROPOSED]
        await hands.press("escape", "l", "a", "y")
        assert "✓ confirmed" in hands.text, hands.text

    at_keyboard(app, walk)
    assert [entry.status for entry in list_lessons(app.store)] == [LessonStatus.CONFIRMED]


def test_nobody_signs_without_a_terminal(queue: Desk) -> None:
    app = RetrospanApp(queue.store, start="review")

    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        assert hands.place == "QueueScreen" and "terminal" in hands.text

    at_keyboard(app, walk)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.usefixtures("quick")
def test_criterion_that_a_key_answers_is_on_the_screen_with_its_wording(
    desk: Desk, ada: ReviewSession, tmp_path: Path, size: tuple[int, int]
) -> None:
    criteria = [
        {"id": f"c{n}", "question": f"Question {n}?", "pass_when": f"Good {n}.", "fail_when": f"Bad {n}."}
        for n in range(1, 6)
    ]
    rubric = rubric_from_content({"id": "five", "version": 1, "title": "Five", "criteria": criteria})
    confirm_rubric(desk.store, ada, rubric, tmp_path)
    request_review(desk.store, "T1", QUESTION, by="agent:x", rubric="five", rubric_version=1)

    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        for n in range(1, 6):
            assert f"Question {n}?" in hands.text and f"Good {n}." in hands.text and f"Bad {n}." in hands.text
            await hands.press("p")
        await hands.press("enter", "S")
        assert all(f"c{n}" in hands.text for n in range(1, 6)), "every mark that is signed is shown"

    at_keyboard(RetrospanApp(desk.store, start="review", session=ada), walk, size=size)


def test_keys_typed_on_after_enter_decide_nothing(app: RetrospanApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async def walk(hands: Hands) -> None:
        await hands.press("enter")
        await hands.pilot.pause(1)
        await hands.press("f")
        await hands.type("The policy says 30 days.")
        monkeypatch.setattr(item, "GUARD_SECONDS", 3.0)
        await hands.press("enter")
        for key in ("C", "c", "p", "S"):
            await hands.press(key)
            assert hands.place == "ItemScreen" and "✗ fail" in hands.text and "✓ pass" not in hands.text

    at_keyboard(app, walk)
