"""Causes that people confirmed, and the weights learned from them."""

from __future__ import annotations

from retrospan.analysis.suspects import SOURCES
from retrospan.model.findings import Basis, CauseClass
from retrospan.model.reviews import Answer, Label
from retrospan.model.traces import JsonValue
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.services.understanding.confirmed_causes import confirmed_causes
from retrospan.services.understanding.explaining import explain_trace
from retrospan.services.understanding.weights import learn_project, weighted_sources
from retrospan.store.settings.values import set_setting
from reviewdesk import Desk


def decide_cause(desk: Desk, span: str) -> None:
    session = desk.reviewer()
    review = desk.open(session)
    give_answer(desk.store, review.claim, Answer(Label.FAIL, cause=CauseClass.REASONING, cause_span=span))
    sign_verdict(desk.store, session, review)


def test_the_confirmed_span_is_a_step(desk: Desk) -> None:
    decide_cause(desk, "a3")
    found = confirmed_causes(desk.store, "support")
    assert {trace: (cause.trace, cause.step, cause.cause) for trace, cause in found.items()} == {
        1: ("T1", 2, CauseClass.REASONING)
    }
    assert confirmed_causes(desk.store, "other") == {}


def test_below_fifty_causes_the_shipped_weights_stay(desk: Desk) -> None:
    decide_cause(desk, "a3")
    learned = learn_project(desk.store, "support")
    assert (learned.causes, learned.needed, learned.weights) == (1, 50, None)
    assert weighted_sources(desk.store, "support") == SOURCES


def test_a_project_with_weights_of_its_own_ranks_by_them(desk: Desk) -> None:
    before = explain_trace(desk.store, 1).report.suspects
    own: dict[str, JsonValue] = {name: float(name == "position") for name in SOURCES}
    set_setting(desk.store, "evidence_weights", own, "support")
    after = explain_trace(desk.store, 1).report.suspects
    assert [item.score for item in before] != [item.score for item in after]
    assert after[0].basis is Basis.POSITION
