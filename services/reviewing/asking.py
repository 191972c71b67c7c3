"""Putting questions to people: queue them, show them, and answer them as an agent, which stays a proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ...model.choices import choice
from ...model.clock import due_after, utc_now, utc_text
from ...model.errors import UsageError
from ...model.findings import CauseClass
from ...model.reviews import Draft, ItemState, Label, Proposal, ReviewItem, Rubric, Verdict
from ...model.text.bounds import TEXT_LIMIT, bounded
from ...store.contract import Store
from ...store.reviews.claims import get_draft
from ...store.reviews.items import get_item, insert_item, list_items
from ...store.reviews.reviewers import find_reviewer, load_roster
from ...store.reviews.rubrics import find_rubric, rubric_of
from ...store.reviews.verdicts import insert_proposal, list_proposals, list_verdicts
from .candidates import Candidate, checked_candidates
from .citing import Citation, cite
from .deciding_questions import as_signed, require_person
from .subjects import Session, Subject, find_step, item_number, load_subject, session_traces, trace_number

QUESTION_LIMIT = 2_000
MAX_OVERLAP = 9


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One item as somebody may see it."""

    item: ReviewItem
    rubric: Rubric | None
    """The exact version that was asked; None where it is not in this store any more."""
    proposals: tuple[Proposal, ...]
    """Empty for a reviewer who has not answered yet."""
    verdicts: tuple[Verdict, ...]
    """Empty for a reviewer who has not signed yet; each with its state."""
    draft: Draft | None = None


def request_review(
    store: Store,
    subject: Subject,
    question: str,
    *,
    by: str,
    rubric: str | None = None,
    rubric_version: int | None = None,
    focus: Sequence[str | int] = (),
    reason: str = "",
    priority: float = 0.0,
    overlap: int = 1,
    inclusion_probability: float | None = None,
    assigned: Sequence[str] = (),
    due: str | None = None,
    decides: bool = False,
    now: datetime | None = None,
) -> ReviewItem:
    """Queue one question for people. Asking the same again returns the item that is open already.

    Args:
        store: Where.
        subject: A trace as `T412`, external id or row id, or a `Session`.
        question: One observable fact, best in past tense: "Did the reply promise a window that no source contains?"
        by: Who asks: `agent:claude`, `human:Ada`, `rule:errors`.
        rubric: Id; the built-in one where left out, its newest confirmed version where no version is named.
        rubric_version: That version.
        focus: Steps to look at first: `T412.7`, `7` or a span id.
        reason: Why it is worth a person's time.
        priority: Higher comes first.
        overlap: How many reviewers answer it, 1 to 9.
        inclusion_probability: Chance with which a sampling rule drew it, so that rates can be weighted.
        assigned: Names of the people it is meant for until it is due; empty for everybody.
        due: `3d`, `12h`: when it should be answered, counted from now.
        decides: Whether the answer decides the outcome of the run, as the person who asks says. An assistant cannot.
        now: For tests.

    Raises:
        UsageError: if the question is empty or too long, the overlap out of bounds, or a step unknown.
        UnknownIdError: if there is no such trace, session or rubric.
    """
    question = bounded("question", question, QUESTION_LIMIT)
    if decides:
        require_person(by)
    if not 1 <= overlap <= MAX_OVERLAP:
        raise UsageError(f"An overlap of {overlap} is out of bounds; 1 to {MAX_OVERLAP} reviewers answer an item.")
    if inclusion_probability is not None and not 0.0 < inclusion_probability <= 1.0:
        raise UsageError(f"An inclusion probability of {inclusion_probability} is none; it lies in (0, 1].")
    moment = now or utc_now()
    item = ReviewItem(
        id=0,
        project="",
        question=question,
        rubric=find_rubric(store, rubric, rubric_version).ref,
        reason=reason.strip()[:TEXT_LIMIT],
        requested_by=by,
        priority=priority,
        overlap=overlap,
        inclusion_probability=inclusion_probability,
        created_at=utc_text(moment),
        assigned=tuple(name.strip() for name in assigned if name.strip()),
        due_at=None if due is None else due_after(moment, due),
        decides=by if decides else "",
    )
    if isinstance(subject, Session):
        session_traces(store, subject)
        item = replace(item, session=subject.name, project=subject.project)
    else:
        trace = load_subject(store, subject)
        steps = tuple(find_step(trace, str(step)).span_id for step in focus)
        item = replace(item, trace_id=trace.summary.id, project=trace.summary.project, focus=steps)
    with store.write() as con:
        return get_item(con, insert_item(con, item), now=item.created_at)


def list_reviews(
    store: Store,
    *,
    state: ItemState | str | None = ItemState.OPEN,
    reviewer: str | None = None,
    trace: str | int | None = None,
    project: str | None = None,
    queue: str | None = None,
    limit: int = 50,
    now: datetime | None = None,
) -> list[ReviewItem]:
    """The queue, most urgent first.

    Args:
        store: Where.
        state: Only items that stand so; None for all.
        reviewer: Fingerprint: only what this reviewer can still answer and is meant to.
        trace: Only about this trace.
        project: Only of this project.
        queue: Only of this queue.
        limit: At most so many.
        now: For tests.
    """
    known = find_reviewer(load_roster(store), reviewer) if reviewer else None
    trace_id = None if trace is None else trace_number(store, trace)
    with store.read() as con:
        items = list_items(
            con,
            now=utc_text(now or utc_now()),
            states=() if state is None else (choice(ItemState, "state", state),),
            trace_id=trace_id,
            project=project,
            open_to=reviewer,
            meant_for=known.name if known else None,
            queue=queue,
            limit=limit,
        )
    return as_signed(store, items)


def verdicts_on(store: Store, items: Sequence[ReviewItem]) -> dict[int, list[Verdict]]:
    """By item, what people signed on it, each with its state; for items that somebody has answered."""
    return {item.id: list_verdicts(store, item_id=item.id) for item in items if item.answered}


def get_review(
    store: Store, item: str | int, *, reviewer: str | None = None, now: datetime | None = None
) -> ReviewView:
    """One item with its rubric, and as much of the other answers as this reader may see.

    Args:
        store: Where.
        item: `R31` or 31.
        reviewer: Fingerprint of a reviewer, who sees proposals only once they have been revealed to them, and other
            reviewers' verdicts only once they have signed; None for an engineer or assistant, who sees all.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such item.
    """
    with store.read() as con:
        found = get_item(con, item_number(item), now=utc_text(now or utc_now()))
        proposals = tuple(list_proposals(con, item_id=found.id, trace_id=found.trace_id))
        draft = get_draft(con, found.id, reviewer) if reviewer else None
    verdicts = tuple(list_verdicts(store, item_id=found.id))
    found = as_signed(store, [found])[0]
    if reviewer is not None and not any(verdict.reviewer == reviewer for verdict in verdicts):
        verdicts = ()
        proposals = tuple(entry for entry in proposals if draft is not None and entry.id == draft.revealed)
    return ReviewView(found, rubric_of(store, found.rubric), proposals, verdicts, draft)


def propose_verdict(
    store: Store,
    subject: str | int,
    *,
    label: Label | str,
    explanation: str,
    cited: Sequence[Citation] = (),
    cause: CauseClass | str | None = None,
    candidates: Sequence[Candidate] = (),
    refused: Sequence[str] = (),
    by: str,
    now: datetime | None = None,
) -> Proposal:
    """Keep an agent's answer to a review item, or on a trace. It stays a proposal whoever agrees with it.

    Args:
        store: Where.
        subject: `R31` for an item, else a trace: `T412`, external id or row id.
        label: pass, fail or cant_tell.
        explanation: Why, in a few sentences.
        cited: Steps with words that stand in them; at least one where the label is fail.
        cause: Class of the cause, where it is known.
        candidates: Of a fail, one to three steps held to be the cause, the likeliest first.
        refused: With candidates, other steps or causes that were considered, each with what speaks against it.
        by: Who proposes: `agent:claude`, `judge:tone`.
        now: For tests.

    Raises:
        UsageError: if label or cause are unknown, nothing is cited for a fail, a quote does not stand in its step, or
            candidates come without a sentence of sufficiency or a refused alternative.
        UnknownIdError: if there is no such item, trace or step.
    """
    proposal = checked_proposal(
        store,
        subject,
        label=label,
        explanation=explanation,
        cited=cited,
        cause=cause,
        candidates=candidates,
        refused=refused,
        by=by,
        now=now,
    )
    with store.write() as con:
        return insert_proposal(con, proposal)


def checked_proposal(
    store: Store,
    subject: str | int,
    *,
    label: Label | str,
    explanation: str,
    cited: Sequence[Citation] = (),
    cause: CauseClass | str | None = None,
    candidates: Sequence[Candidate] = (),
    refused: Sequence[str] = (),
    by: str,
    now: datetime | None = None,
) -> Proposal:
    """The proposal that `propose_verdict` would keep, for callers that keep more in the same transaction.

    Raises:
        As `propose_verdict`.
    """
    item = None
    if isinstance(subject, str) and subject.strip()[:1] in "Rr" and subject.strip()[1:].isdigit():
        item = get_review(store, subject).item
        if item.trace_id is None:
            raise UsageError(f"{item.short_id} is about a session; propose on one of its traces instead.")
    trace = load_subject(store, subject if item is None or item.trace_id is None else item.trace_id)
    chosen = choice(Label, "label", label)
    causes, reasons = checked_candidates(trace, chosen, candidates, refused)
    steps = (*causes, *(entry for entry in (cite(trace, citation) for citation in cited) if entry not in causes))
    if chosen is Label.FAIL and not steps:
        raise UsageError("A fail needs evidence: cite at least one step, with words that stand in it.")
    return Proposal(
        id=0,
        trace_id=trace.summary.id,
        label=chosen,
        explanation="\n".join(filter(None, (bounded("explanation", explanation), reasons))),
        proposed_by=by,
        cited=steps,
        cause=None if cause is None else choice(CauseClass, "cause", cause),
        item_id=item.id if item else None,
        created_at=utc_text(now or utc_now()),
    )
