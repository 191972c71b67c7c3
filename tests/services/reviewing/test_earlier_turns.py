"""A review of a later turn shows the turns before it, and the signature covers them as context."""

from __future__ import annotations

import json

import pytest
from desk_turns import GOOD, VERIFIES, DeskTurn, send
from retrospan.model.errors import RefusedError
from retrospan.model.reviews import Answer, Label, SignatureState, Verdict
from retrospan.model.traces import Span, SpanBatch, StepKind
from retrospan.services.reviewing.asking import request_review
from retrospan.services.reviewing.claiming import OpenReview, open_review
from retrospan.services.reviewing.deciding import give_answer, sign_verdict
from retrospan.store.contract import Store
from retrospan.store.erasure.records import Occasion
from retrospan.store.erasure.removal import remove_traces
from retrospan.store.reviews.verdicts import confirmed_verdicts, list_verdicts, subject_ids
from retrospan.store.traces.commit import commit_batch
from retrospan.trust.session import ReviewSession
from reviewdesk import Desk


@pytest.fixture
def clinic(desk: Desk) -> Desk:
    """A clinic's three turns are T3 to T5, after the desk's own two runs."""
    send(desk.store, GOOD, repeats=False)
    return desk


def opened(desk: Desk, session: ReviewSession, trace: str = "T5") -> OpenReview:
    item = request_review(desk.store, trace, "Was the right appointment named?", by="agent:test")
    return open_review(desk.store, item.id, session.fingerprint)


def signed(desk: Desk, trace: str = "T5") -> Verdict:
    session = desk.reviewer()
    review = opened(desk, session, trace)
    give_answer(desk.store, review.claim, Answer(Label.FAIL, reason="It was the other one."))
    return sign_verdict(desk.store, session, review)


def add_to_first_turn(store: Store, trace_key: str) -> None:
    late = Span(trace_key, "late", "send_email", StepKind.TOOL, sequence=9, tool="send_email", outputs="sent")
    late.project = "clinic"
    commit_batch(store, SpanBatch(spans=[late]))


def test_the_turns_before_are_shown_and_listed(clinic: Desk) -> None:
    review = opened(clinic, clinic.reviewer())
    assert [trace.summary.short_id for trace in (*review.traces, *review.earlier)] == ["T5", "T3", "T4"]
    assert [(seen.trace_key, seen.context) for seen in review.seen] == [
        (trace.summary.external_id, place > 0) for place, trace in enumerate((*review.traces, *review.earlier))
    ]
    assert review.left_out == 0


def test_a_signature_covers_what_was_shown_and_judges_its_run_alone(clinic: Desk) -> None:
    verdict = signed(clinic)
    assert verdict.state is SignatureState.VALID
    assert [seen.context for seen in verdict.seen] == [False, True, True]
    assert subject_ids(clinic.store, verdict) == [5]
    assert verdict.trace_id == 5
    assert list(confirmed_verdicts(clinic.store, deciding=False)) == [5]


def test_a_first_turn_is_signed_as_ever(clinic: Desk) -> None:
    verdict = signed(clinic, "T3")
    assert '"context"' not in json.dumps(verdict.record["manifest"])
    assert [seen.context for seen in verdict.seen] == [False]


def test_a_turn_before_that_changes_while_it_is_read_stops_the_signature(clinic: Desk) -> None:
    session = clinic.reviewer()
    review = opened(clinic, session)
    give_answer(clinic.store, review.claim, Answer(Label.PASS))
    add_to_first_turn(clinic.store, review.earlier[0].summary.external_id)
    with pytest.raises(RefusedError, match="T3 has changed while you were reading"):
        sign_verdict(clinic.store, session, review)


def test_a_verdict_outlives_the_erasure_of_a_turn_before(clinic: Desk) -> None:
    signed(clinic)
    remove_traces(clinic.store, [3], Occasion("delete", "trace", "ada", "asked to", "2026-11-30T00:00:00+00:00"))
    (verdict,) = list_verdicts(clinic.store)
    assert verdict.state is SignatureState.VALID
    assert subject_ids(clinic.store, verdict) == [5]
    review = opened(clinic, clinic.unlock("Ada"), "T5")
    assert [trace.summary.short_id for trace in review.earlier] == ["T4"]


def test_a_turn_before_that_grew_later_makes_the_verdict_stale(clinic: Desk) -> None:
    verdict = signed(clinic)
    add_to_first_turn(clinic.store, verdict.seen[1].trace_key)
    (again,) = list_verdicts(clinic.store)
    assert again.state is SignatureState.STALE


def test_of_a_long_session_as_much_is_shown_as_a_person_takes_in(desk: Desk) -> None:
    turns = send(desk.store, [VERIFIES, *[DeskTurn(f"Question {i}?", [], f"Answer {i}.") for i in range(30)]])
    review = opened(desk, desk.reviewer(), f"T{turns[-1]}")
    assert [trace.summary.id for trace in review.earlier] == turns[-13:-1]
    assert review.left_out == 18
