"""Requests and proposals say what they are about, cite what is there, and are kept once."""

from __future__ import annotations

from typing import Any

import pytest
from retrospan.model.errors import UnknownIdError, UsageError
from retrospan.model.reviews import Label
from retrospan.services.reviewing.asking import get_review, list_reviews, propose_verdict, request_review
from retrospan.services.reviewing.citing import Citation, locate_quote
from retrospan.store.reading.summaries import get_trace
from reviewdesk import QUESTION, Desk


def test_request_names_steps_by_any_id_and_keeps_their_span_ids(desk: Desk) -> None:
    item = request_review(desk.store, "run-1", QUESTION, by="agent:x", focus=["T1.2", 1, "a1"], reason="ungrounded 45")

    assert item.short_id == "R1"
    assert item.focus == ("a3", "a2", "a1")
    assert (item.project, item.rubric.id, item.inclusion_probability) == ("support", "outcome", None)


def test_same_question_twice_is_one_item(desk: Desk) -> None:
    first = request_review(desk.store, "T1", QUESTION, by="agent:x")
    second = request_review(desk.store, "T1", f"  {QUESTION} ", by="agent:y", priority=2.0)

    assert first.id == second.id
    assert len(list_reviews(desk.store)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": " "},
        {"question": "x" * 3_000},
        {"overlap": 0},
        {"overlap": 99},
        {"inclusion_probability": 0.0},
        {"inclusion_probability": 1.5},
    ],
)
def test_request_out_of_bounds_is_refused_and_nothing_queued(desk: Desk, wrong: dict[str, Any]) -> None:
    wanted: dict[str, Any] = {"question": QUESTION, "by": "agent:x"} | wrong

    with pytest.raises(UsageError):
        request_review(desk.store, "T1", **wanted)
    assert list_reviews(desk.store) == []


@pytest.mark.parametrize("focus", ["T2.0", "T1.9", "zz", "-1"])
def test_step_of_another_trace_is_unknown(desk: Desk, focus: str) -> None:
    with pytest.raises(UnknownIdError, match="T1 has steps 0 to 2"):
        request_review(desk.store, "T1", QUESTION, by="agent:x", focus=[focus])


def test_unknown_rubric_names_what_is_known(desk: Desk) -> None:
    with pytest.raises(UnknownIdError, match="known: outcome"):
        request_review(desk.store, "T1", QUESTION, by="agent:x", rubric="tone")


def test_proposal_cites_words_that_stand_in_the_step(desk: Desk) -> None:
    proposal = propose_verdict(
        desk.store,
        "T1",
        label="fail",
        explanation="Invented.",
        cited=[Citation("T1.2", "45 days")],
        cause="reasoning",
        by="agent:x",
    )

    assert proposal.cited[0].span_id == "a3"
    with pytest.raises(UsageError, match=r"do not stand in T1\.1"):
        propose_verdict(desk.store, "T1", label="fail", explanation="x", cited=[Citation("1", "45 days")], by="agent:x")


def test_fail_without_evidence_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="cite at least one step"):
        propose_verdict(desk.store, "T1", label="fail", explanation="Invented.", by="agent:x")


@pytest.mark.parametrize(("name", "value"), [("label", "failed"), ("cause", "prompts")])
def test_unknown_word_names_the_nearest(desk: Desk, name: str, value: str) -> None:
    wanted: dict[str, Any] = {"label": "pass", "explanation": "x", "by": "agent:x"} | {name: value}

    with pytest.raises(UsageError, match="did you mean"):
        propose_verdict(desk.store, "T1", **wanted)


def test_proposal_on_an_item_is_shown_with_it(desk: Desk) -> None:
    item = request_review(desk.store, "T1", QUESTION, by="agent:x")
    propose_verdict(desk.store, item.short_id, label="cant_tell", explanation="No policy.", by="judge:y")
    propose_verdict(desk.store, "T2", label="pass", explanation="Fine.", by="judge:y")

    assert [entry.label for entry in get_review(desk.store, item.id).proposals] == [Label.CANT_TELL]


@pytest.mark.parametrize("name", ["R9", "R1; DROP TABLE review_item", "", "R", "R1" * 20])
def test_unknown_item_is_told(desk: Desk, name: str) -> None:
    with pytest.raises(UsageError):
        get_review(desk.store, name)


def test_quote_compares_blanks_alike_and_sees_through_the_render_gate(desk: Desk) -> None:
    desk.add_run("run-3", "You have\n 45\u202e days.")
    step = get_trace(desk.store, 3).steps[2]

    assert locate_quote(step, "You have 45⟨U+202E⟩ days.") == "You have 45⟨U+202E⟩ days."
    assert locate_quote(step, "have 46") is None
    assert locate_quote(step, " ") is None


def test_list_filters_by_state_project_trace_and_limit(desk: Desk) -> None:
    for trace in ("T1", "T2"):
        request_review(desk.store, trace, QUESTION, by="agent:x")
    desk.decide(desk.reviewer())

    assert [item.id for item in list_reviews(desk.store)] == [2]
    assert [item.id for item in list_reviews(desk.store, state="decided")] == [1]
    assert len(list_reviews(desk.store, state=None, project="support")) == 2
    assert list_reviews(desk.store, state=None, project="other") == []
    assert [item.id for item in list_reviews(desk.store, state=None, trace="run-2")] == [2]
    assert len(list_reviews(desk.store, state=None, limit=1)) == 1
