"""What disagreements teach, what is taken back, and that a comparison is planned before it is looked at."""

from __future__ import annotations

import pytest
from judgedesk import judge_all, judged_desk
from retrospan.model.errors import UsageError
from retrospan.model.reviews import ItemState
from retrospan.services.judging.calibrating import calibrate
from retrospan.services.judging.improving import ask_about_differences, compare_judges, propose_clauses
from retrospan.services.reviewing.asking import list_reviews
from retrospan.services.reviewing.rubrics import kept_draft
from reviewdesk import Desk


def differing(desk: Desk) -> Desk:
    judged_desk(desk, runs=24, labels=24)
    judge_all(desk, list(range(1, 25)), set(range(1, 9)))
    return desk


def test_reasons_of_people_become_examples_of_the_next_version(desk: Desk) -> None:
    differing(desk)
    found = calibrate(desk.store, "window")

    told = propose_clauses(desk.store, found)

    assert told is not None
    labels = {run.human.value for run in found.disagreements}
    words = {"fail": "Fails", "pass": "Passes"}
    assert set(told.added) == {f"{words[label]}: The policy says 30 days." for label in labels}
    draft = kept_draft(desk.store, "outcome.v2")
    assert draft is not None
    assert set(draft.criteria[0].examples) == set(told.added)
    assert propose_clauses(desk.store, found) is None


def test_what_is_kept_for_the_last_look_teaches_nothing(desk: Desk) -> None:
    differing(desk)
    found = calibrate(desk.store, "window")
    assert not any(run.test for run in found.disagreements)
    assert any(run.test and run.differs for run in found.runs)


def test_what_a_replaced_verdict_taught_is_taken_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    differing(desk)
    assert propose_clauses(desk.store, calibrate(desk.store, "window")) is not None
    module = "retrospan.services.judging.improving.why_not_standing"
    monkeypatch.setattr(module, lambda store, verdict: "a later verdict says otherwise")
    agreeing = calibrate(desk.store, "window", where="project:none")

    told = propose_clauses(desk.store, agreeing)

    assert told is not None
    assert told.added == ()
    assert len(told.retracted) > 0


def test_differences_wait_for_people_without_saying_who_said_what(desk: Desk) -> None:
    differing(desk)
    found = calibrate(desk.store, "window")

    items = ask_about_differences(desk.store, found)

    assert {item.trace_id for item in items} == {run.trace_id for run in found.disagreements}
    waiting = list_reviews(desk.store, state=ItemState.OPEN, limit=100)
    assert {item.id for item in items} <= {item.id for item in waiting}
    assert not any(word in item.reason for item in items for word in ("pass", "fail"))
    assert ask_about_differences(desk.store, found) == items


def test_a_comparison_is_planned_before_it_is_looked_at(desk: Desk) -> None:
    differing(desk)
    judge_all(desk, list(range(1, 25)), set(), key="judge/1 better", name="better")
    with pytest.raises(UsageError, match="no plan yet"):
        compare_judges(desk.store, "window", "better", look=True)

    planned = compare_judges(desk.store, "window", "better")
    found = compare_judges(desk.store, "window", "better", look=True)

    wrong = {run.trace_id for run in calibrate(desk.store, "window").runs if run.test and run.differs}
    assert not planned.looked
    assert "Look with --look" in planned.in_words
    assert (found.only_left, found.only_right, found.again) == (0, len(wrong), False)
    assert "looked at before" in compare_judges(desk.store, "window", "better", look=True).in_words


def test_judges_of_other_criteria_do_not_compare(desk: Desk) -> None:
    differing(desk)
    judge_all(desk, [1], set(), key="judge/1 tone", name="tone", criterion="tone")
    with pytest.raises(UsageError, match="different criteria"):
        compare_judges(desk.store, "window", "tone")
