"""Whatever is kept, signed or written comes back with every field it had, also with those that are added later."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from filled import filled
from retrospan.knowledge.documents import parse_document
from retrospan.knowledge.folders import KnowledgeKind
from retrospan.knowledge.lessons import clean_lesson, dump_lesson, lesson_of
from retrospan.knowledge.rubrics import clean_rubric, rubric_content, rubric_from_content
from retrospan.model import findings, lessons, reviews, score_scale, traces
from retrospan.model.fields import from_record, record_of
from retrospan.model.findings import Evidence, Signal, Suspect, SuspectReport
from retrospan.model.reading.facts import facts_from_record, facts_record, merge_facts
from retrospan.model.reviews import (
    Answer,
    AppliesTo,
    CitedStep,
    Claim,
    Criterion,
    CriterionAnswer,
    Draft,
    ItemState,
    Lesson,
    LessonOrigin,
    Proposal,
    Reviewer,
    ReviewItem,
    Rubric,
    RubricRef,
    SeenTrace,
    SignatureState,
    TrueFor,
    Verdict,
)
from retrospan.model.score_scale import ScoreScale
from retrospan.model.traces import (
    Annotation,
    Document,
    Message,
    Span,
    SpanBatch,
    Step,
    StepError,
    ToolCall,
    Trace,
    TraceFacts,
    TraceSummary,
    Usage,
)
from retrospan.store.contract import Store
from retrospan.store.findings.signals import load_signals, load_suspects, save_signals, save_suspects
from retrospan.store.reading.summaries import get_trace
from retrospan.store.reviews.claims import get_draft, insert_draft, mark_revealed, update_final
from retrospan.store.reviews.items import get_item, insert_item
from retrospan.store.reviews.verdicts import insert_proposal, list_proposals
from retrospan.store.traces.commit import commit_batch
from retrospan.store.traces.score_scales import SeenScales, declare_scale
from retrospan.store.traces.spans import load_spans
from retrospan.trust.completions import Completion, parse_completion, sign_completion
from retrospan.trust.session import ReviewSession
from retrospan.trust.signing import SignatureCheck
from retrospan.trust.verdicts import answer_from_json, answer_json, parse_verdict_record, sign_verdict_record
from reviewdesk import Desk

NOW = "2026-11-22T11:00:00Z"
ADA = ReviewSession("Ada", Ed25519PrivateKey.generate(), demo=True)
HEX, LONG_HEX = "ab" * 16, "cd" * 32
CARRIED = {
    *(Evidence, Signal, Suspect, SuspectReport),
    *(Answer, AppliesTo, CitedStep, Criterion, CriterionAnswer, Draft, Lesson, LessonOrigin, Proposal, ReviewItem),
    *(Rubric, RubricRef, SeenTrace, TrueFor, Verdict),
    *(Annotation, Document, Message, ScoreScale, Span, StepError, ToolCall, TraceFacts, Usage),
}
"""What the tests below send on its way and compare."""
MADE_ANEW = {
    Claim: "made by the statement that takes a slot; renewed by replace",
    Reviewer: "worked out from records each time",
    SpanBatch: "never kept as such",
    Step: "derived from spans at each reading",
    Trace: "derived from spans at each reading",
    TraceSummary: "read by column name; changed by replace",
    findings.Difference: "worked out at each comparison",
    findings.TraceDiff: "worked out at each comparison",
}


def test_every_word_of_the_domain_is_carried_or_made_anew() -> None:
    known = {*CARRIED, *MADE_ANEW}
    assert {
        kind for module in (findings, lessons, reviews, score_scale, traces) for kind in dataclasses_of(module)
    } == known


def dataclasses_of(module: ModuleType) -> set[type]:
    return {
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and hasattr(kind, "__dataclass_fields__")
    }


def signed_verdict() -> Verdict:
    return filled(
        Verdict,
        uid=HEX,
        proposal=LONG_HEX,
        shown=LONG_HEX,
        reviewer=ADA.fingerprint,
        reviewer_name=ADA.name,
        signed_at=NOW,
        state=SignatureState.VALID,
    )


@pytest.mark.parametrize("kind", [Evidence, Claim, RubricRef, CriterionAnswer, Usage, Annotation, TraceSummary])
def test_a_record_by_name_has_all_fields(kind: type[Any]) -> None:
    value: Any = filled(kind)
    assert from_record(kind, record_of(value)) == value


def test_answer_in_json() -> None:
    answer = filled(Answer)
    assert answer_from_json(answer_json(answer)) == answer


def test_verdict_in_its_signed_record() -> None:
    verdict = signed_verdict()
    found = parse_verdict_record(sign_verdict_record(ADA, verdict, signed_at=NOW))
    # What a store adds when it reads the record: ids, and what the signature is worth.
    own = {name: getattr(found, name) for name in ("id", "item_id", "trace_id", "state", "state_reason", "record")}
    assert found == replace(verdict, **own)


def test_completion_in_its_signed_record() -> None:
    completion = filled(Completion, uid=HEX, verdict=HEX, verdict_sha256=LONG_HEX, engineer=ADA.name, signed_at=NOW)
    found = parse_completion(sign_completion(ADA, completion, signed_at=NOW))
    assert found == replace(completion, state=found.state, state_reason=found.state_reason, record=found.record)


@pytest.mark.parametrize("way", [lambda rubric: rubric_from_content(rubric_content(rubric)), clean_rubric])
def test_rubric_as_content_and_cleaned(way: Callable[[Rubric], Rubric]) -> None:
    rubric = filled(Rubric, criteria=(filled(Criterion, decides="outcome"),))
    found = way(rubric)
    assert found == replace(rubric, sha256=found.sha256, state=SignatureState.UNSIGNED)


def test_lesson_in_its_file() -> None:
    lesson = filled(Lesson)
    text = dump_lesson(lesson)
    check = SignatureCheck(SignatureState.VALID, "", "Ada")
    found = lesson_of(parse_document(KnowledgeKind.LESSON, lesson.id, text), check)
    # Where it lies, and what it is worth now, no file says of itself.
    assert found == replace(lesson, state=check.state, signed_by="Ada", path=None, stale_because="", doubts=())


def test_lesson_when_it_is_cleaned() -> None:
    assert clean_lesson(filled(Lesson)) == filled(Lesson)


def test_span_in_the_store(store: Store) -> None:
    span = filled(Span)
    commit_batch(store, SpanBatch(spans=[span]))
    with store.read() as con:
        (found,) = load_spans(con, 1, span.trace_key)
    # A trace has one project for all of its spans.
    assert found == replace(span, project=None, project_by_service=False)


def test_annotation_in_the_store(desk: Desk) -> None:
    note = filled(Annotation, span_id="a1")
    commit_batch(desk.store, SpanBatch(facts=[TraceFacts("run-1", project="support", annotations=(note,))]))
    assert get_trace(desk.store, 1).annotations == (note,)


def test_what_is_said_of_a_run() -> None:
    said = replace(filled(TraceFacts), annotations=())
    assert facts_from_record(said.trace_key, facts_record(said)) == said
    assert merge_facts(TraceFacts(said.trace_key), said) == said


def test_usage_adds_up_in_every_field() -> None:
    one = filled(Usage)
    assert record_of(one + one) == {name: 2 * value for name, value in record_of(one).items()}


def test_signals_in_the_store(desk: Desk) -> None:
    steps = get_trace(desk.store, 1).steps
    signal = filled(Signal, step=1, evidence=(filled(Evidence, step=2),))
    with desk.store.write() as con:
        save_signals(con, 1, 1, "rules", [step.span_id for step in steps], [signal])
    assert load_signals(desk.store, [1]) == {1: (signal,)}


def test_suspects_in_the_store(desk: Desk) -> None:
    report = filled(SuspectReport)
    save_suspects(desk.store, 1, "key", report)
    assert load_suspects(desk.store, 1, "key") == report
    assert load_suspects(desk.store, 1, "another") is None


def test_review_item_in_the_store(desk: Desk) -> None:
    item = filled(ReviewItem, trace_id=1)
    with desk.store.write() as con:
        number = insert_item(con, item)
        found = get_item(con, number, now=NOW)
    # An item begins open; nobody has answered or holds it, and no signed answer shows that it was altered.
    assert found == replace(item, id=number, state=ItemState.OPEN, answered=0, claimed=0, altered="")


def test_proposal_in_the_store(desk: Desk) -> None:
    with desk.store.write() as con:
        item = insert_item(con, filled(ReviewItem, trace_id=1))
        proposal = insert_proposal(con, filled(Proposal, trace_id=1, item_id=item))
        (found,) = list_proposals(con, item_id=item, trace_id=1)
    # The index of a step is looked up in the revision that is read.
    assert found == replace(proposal, cited=tuple(replace(entry, step=None) for entry in proposal.cited))


def test_draft_in_the_store(desk: Desk) -> None:
    answer, other = filled(Answer), filled(Answer, reason="another")
    with desk.store.write() as con:
        item = insert_item(con, filled(ReviewItem, trace_id=1))
        draft = filled(Draft, item_id=item, first=answer, final=other, first_at=NOW)
        insert_draft(con, item, draft.reviewer, answer, datetime.fromisoformat(NOW))
        update_final(con, item, draft.reviewer, other)
        mark_revealed(con, item, draft.reviewer, draft.revealed or 0)
        assert get_draft(con, item, draft.reviewer) == draft


def test_a_mapped_scale_comes_back_whole(store: Store) -> None:
    scale = filled(ScoreScale, better="low")
    with store.write() as con:
        declare_scale(con, "toxicity", scale, by_person=True)
        assert SeenScales(con).scale("default", Annotation("toxicity", score=1.0)) == scale
