"""Deciding a review item: answer, then see the proposal, then revise or not, then sign.

The unlocked key is in a `ReviewSession` of the review process; nothing here takes a passphrase. A first answer is kept
as it was given, a final one may differ, and the verdict holds both.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError
from ...model.reviews import Answer, Claim, Draft, ItemState, Label, Proposal, ReviewItem, Verdict
from ...model.text.bounds import within
from ...store.contract import Connection, Store
from ...store.reviews.claims import (
    answer_slot,
    delete_draft,
    get_draft,
    insert_draft,
    mark_revealed,
    note_activity,
    renew_claim,
    update_final,
)
from ...store.reviews.items import add_slot, get_item, set_item_state, state_after
from ...store.reviews.questions import state_behind
from ...store.reviews.reviewers import load_trust
from ...store.reviews.rubrics import rubric_of
from ...store.reviews.seen import current_trace
from ...store.reviews.verdicts import insert_verdict, list_proposals, list_verdicts, proposal_digest
from ...trust.root import Trust
from ...trust.session import ReviewSession
from ...trust.verdicts import parse_verdict_record, sign_verdict_record
from .claiming import OpenReview, replaced_verdicts, signed_on
from .deciding_questions import as_signed
from .people import announce
from .rubrics import propose_rubric_change
from .shown import asked_questions, outcome_of, shown_sha256


def give_answer(store: Store, claim: Claim, answer: Answer, *, now: datetime | None = None) -> Draft:
    """Keep the reviewer's answer. The first one stays as given; later ones, before or after the reveal, revise it.

    Raises:
        UsageError: if a text is too long.
        RefusedError: if the claim is outrun.
    """
    for text in (answer.expected, answer.reason, *(entry.note for entry in answer.criteria)):
        within("text", text)
    moment = now or utc_now()
    with store.write() as con:
        renew_claim(con, claim, moment)
        draft = get_draft(con, claim.item_id, claim.reviewer)
        if draft is None:
            return insert_draft(con, claim.item_id, claim.reviewer, answer, moment)
        update_final(con, claim.item_id, claim.reviewer, answer)
        return replace(draft, final=answer)


def reveal_proposal(store: Store, claim: Claim, *, now: datetime | None = None) -> Proposal | None:
    """Show the newest proposal on the item, once the first answer is in; None where there is none.

    Raises:
        RefusedError: if nothing is answered yet, or the claim is outrun.
    """
    moment = now or utc_now()
    with store.write() as con:
        renew_claim(con, claim, moment)
        draft = get_draft(con, claim.item_id, claim.reviewer)
        if draft is None:
            raise RefusedError("The proposal is shown after your own answer. Answer first.")
        item = get_item(con, claim.item_id, now=utc_text(moment))
        proposals = list_proposals(con, item_id=item.id, trace_id=item.trace_id)
        shown = [entry for entry in proposals if draft.revealed in (None, entry.id)]
        proposal = shown[-1] if shown else None
        mark_revealed(con, claim.item_id, claim.reviewer, proposal.id if proposal else 0)
        return proposal


def undo_answer(store: Store, claim: Claim) -> None:
    """Take an unsigned answer back. After the reveal only the final answer goes back, to the first one.

    Raises:
        RefusedError: if nothing is answered.
    """
    with store.write() as con:
        draft = get_draft(con, claim.item_id, claim.reviewer)
        if draft is None:
            raise RefusedError("There is no unsigned answer to take back. A signed one is superseded by a new verdict.")
        if draft.revealed is None:
            delete_draft(con, claim.item_id, claim.reviewer)
        else:
            update_final(con, claim.item_id, claim.reviewer, draft.first)


def sign_verdict(
    store: Store,
    session: ReviewSession,
    opened: OpenReview,
    *,
    shown: str | None = None,
    supersedes: tuple[str, ...] = (),
    now: datetime | None = None,
) -> Verdict:
    """Sign the final answer over what was shown. Signing again returns the verdict that is there, unless a new answer
    was begun in its place (`begin_revision`); that one then replaces it.

    A verdict on a disputed item is the adjudicator's, and replaces those that disagree; one on a question that a new
    rubric version asked again replaces the former answers. Where it overrides a proposal with a reason, the next
    rubric version is drafted.

    Args:
        store: Where.
        session: The reviewer's unlocked key; the one who claimed the item.
        opened: From `open_review`: the signature covers the hashes of what it holds, and which answers it replaces.
        shown: From `shown_sha256`: all that stood on the person's screen. A face passes it; left out, only what
            `opened` holds is compared with what is there now.
        supersedes: Uids of verdicts that this one replaces.
        now: For tests.

    Raises:
        RefusedError: if the key is not trusted here, trace, question, rubric, answer or proposal have changed since
            they were shown, the item asks something else than others signed on it, the claim is outrun, or nothing
            is answered.
    """
    if session.fingerprint != opened.claim.reviewer:
        raise RefusedError(f"{opened.item.short_id} was claimed with another key. Claim it again as {session.name!r}.")
    trust = load_trust(store)
    require_trusted(session, trust)
    _require_unchanged(store, opened)
    clock = now or utc_now()
    moment = utc_text(clock)
    item_id = opened.item.id
    announce(store, session, now=moment)
    with store.write() as con:
        before = signed_on(store, item_id, trust)
        mine = [verdict for verdict in before if verdict.reviewer == session.fingerprint]
        if mine and get_draft(con, item_id, session.fingerprint) is None:
            return mine[-1]
        before = [verdict for verdict in before if verdict.reviewer != session.fingerprint]
        item = get_item(con, item_id, now=moment)
        former = state_behind(con, item)
        replaced = replaced_verdicts(store, con, item, session.fingerprint, trust)
        supersedes = (*supersedes, *(verdict.uid for verdict in replaced))
        now_there = replace(opened, item=item, replaces=replaced)
        verdict = _sign(con, session, _as_shown(store, con, opened, now_there, shown), supersedes, moment)
        note_activity(con, opened.claim, clock)
        answer_slot(con, opened.claim)
        trace_ids = [trace.summary.id for trace in opened.traces]
        verdict_id = insert_verdict(con, verdict, trace_ids=trace_ids, item_id=item_id, now=moment)
        delete_draft(con, item_id, session.fingerprint)
        _settle(con, item, former, [*before, verdict])
        signed = next(entry for entry in list_verdicts(store, item_id=item_id, trust=trust) if entry.id == verdict_id)
        propose_rubric_change(store, con, signed, now=moment)
        return signed


def require_trusted(session: ReviewSession, trust: Trust) -> None:
    """Refuse a key whose signatures would not count here.

    Raises:
        RefusedError: naming what to do.
    """
    key = trust.find(session.fingerprint)
    if session.demo and not trust.demo_store:
        raise RefusedError(
            "A demo reviewer signs in its own demo store only. Add yourself with `retrospan reviewer add`."
        )
    if key is None:
        raise RefusedError(
            f"The key of {session.name!r} is not trusted here, so its signature would not count. "
            "Let a trusted reviewer countersign it: `retrospan reviewer countersign`."
        )
    if key.revoked is not None:
        raise RefusedError(f"The key of {session.name!r} was revoked. Make a new one with `retrospan reviewer add`.")


def _require_unchanged(store: Store, opened: OpenReview) -> None:
    for trace, seen in zip((*opened.traces, *opened.earlier), opened.seen, strict=True):
        found = current_trace(store, trace.summary.id)
        if found is None or list(found[1].steps.items()) != list(seen.steps.items()):
            raise RefusedError(
                f"{trace.summary.short_id} has changed while you were reading. Open {opened.item.short_id} again; "
                "your answer is kept."
            )


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is signed: an item as it is in the store and was on the screen."""

    opened: OpenReview
    draft: Draft
    proposal: Proposal | None
    sha256: str


def _as_shown(store: Store, con: Connection, opened: OpenReview, there: OpenReview, shown: str | None) -> _Shown:
    """What the store holds now, if it is what was shown."""
    item = there.item
    if altered := as_signed(store, [item])[0].altered:
        raise RefusedError(f"{item.short_id} was {altered}. Nobody can sign it any more; ask the question anew.")
    draft = get_draft(con, item.id, opened.claim.reviewer)
    if draft is None:
        raise RefusedError("Nothing is answered yet. Answer first, then sign.")
    proposals = list_proposals(con, item_id=item.id, trace_id=item.trace_id)
    proposal = next((entry for entry in proposals if entry.id == draft.revealed), None)
    # A question that an engineer asks meanwhile changes the note; what was read, and is signed, is the note as opened.
    now = replace(there, item=replace(item, note=opened.item.note), rubric=rubric_of(store, item.rubric))
    found = shown_sha256(now, draft, proposal)
    if found != (shown or shown_sha256(opened, draft, proposal)):
        raise RefusedError(
            f"{item.short_id} has changed while you were reading: its question, rubric, proposal, your answer or "
            "what it replaces. Open it again and read it; your answer is kept."
        )
    return _Shown(now, draft, proposal, found)


def _sign(
    con: Connection, session: ReviewSession, shown: _Shown, supersedes: tuple[str, ...], signed_at: str
) -> Verdict:
    opened, draft, item = shown.opened, shown.draft, shown.opened.item
    verdict = Verdict(
        uid=secrets.token_hex(16),
        question=item.question,
        rubric=item.rubric,
        seen=opened.seen,
        answer=draft.final,
        first_answer=draft.first,
        reviewer=session.fingerprint,
        reviewer_name=session.name,
        signed_at=signed_at,
        proposal=proposal_digest(shown.proposal) if shown.proposal else None,
        supersedes=supersedes,
        asked_by=item.requested_by,
        decides=item.decides,
        note=item.note,
        form=asked_questions(item.question, opened.rubric),
        outcome=outcome_of(item, opened.rubric, draft.final),
        shown=shown.sha256,
    )
    return parse_verdict_record(sign_verdict_record(session, verdict, signed_at=signed_at))


def _settle(con: Connection, item: ReviewItem, former: ItemState, verdicts: list[Verdict]) -> None:
    """Move the item to where the signed answers leave it; a dispute gets a slot for somebody who is no rater of it.

    A question that is open on it stays open while answers are missing.
    """
    if former is ItemState.DISPUTED:
        set_item_state(con, item.id, ItemState.DECIDED, item.note)
        return
    labels: dict[str, Label] = {verdict.reviewer: verdict.answer.label for verdict in verdicts}
    state = state_after(list(labels.values()), item.overlap)
    if state is ItemState.DISPUTED:
        add_slot(con, item.id, item.overlap)
    if state is not ItemState.OPEN or item.state is not ItemState.NEEDS_ANSWER:
        set_item_state(con, item.id, state, item.note)
