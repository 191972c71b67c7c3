"""Taking a review item into one's hands and laying it down again: claim, skip, release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError
from ...model.reviews import (
    Claim,
    Draft,
    ItemState,
    Reviewer,
    ReviewerStatus,
    ReviewItem,
    Rubric,
    SeenTrace,
    SignatureState,
    Verdict,
)
from ...model.text.bounds import bounded
from ...model.traces import Trace
from ...store.audit.access import AccessKind, insert_access
from ...store.contract import Connection, Store
from ...store.reading.conversations import conversation_of
from ...store.reading.summaries import get_summaries, get_trace
from ...store.reviews.claims import (
    claim_slot,
    delete_draft,
    get_draft,
    has_answered,
    own_revision,
    release_claim,
    renew_claim,
    skip_item,
)
from ...store.reviews.items import get_item
from ...store.reviews.questions import state_behind
from ...store.reviews.reviewers import find_reviewer, load_roster, load_trust
from ...store.reviews.rubrics import rubric_of
from ...store.reviews.seen import seen_trace
from ...store.reviews.verdicts import list_verdicts
from ...store.traces.revisions import refresh, trace_rows
from ...trust.reviewers import Roster
from ...trust.root import Trust
from .subjects import Session, item_number, session_traces

_TRIES = 5
_MOST_TURNS, _MOST_STEPS = 12, 400
"""Earlier turns that are shown with a trace, and their steps in all."""
COUNTING = (SignatureState.VALID, SignatureState.STALE, SignatureState.REDACTED)
"""Signed by a trusted reviewer, whatever became of the run since."""
ANSWERABLE = (ItemState.OPEN, ItemState.DISPUTED)


@dataclass(frozen=True, slots=True)
class OpenReview:
    """An item in a reviewer's hands: what to show, and what a signature on it will cover."""

    item: ReviewItem
    rubric: Rubric | None
    traces: tuple[Trace, ...]
    """What to show: one trace, or a session's in order of time."""
    seen: tuple[SeenTrace, ...]
    """The hashes of exactly these traces, then of the earlier turns."""
    claim: Claim
    draft: Draft | None
    """What this reviewer has answered before, unsigned."""
    earlier: tuple[Trace, ...] = ()
    """Turns of the session before the trace, in order of time: shown, and listed as context in what is signed."""
    left_out: int = 0
    """How many still earlier turns are not shown."""
    replaces: tuple[Verdict, ...] = ()
    """Signed answers that a signature will replace; the reviewer is told of them."""


def open_review(store: Store, item: str | int, reviewer: str, *, now: datetime | None = None) -> OpenReview:
    """Claim an item for 15 minutes and load what the reviewer is to see.

    Args:
        store: Where.
        item: `R31` or 31.
        reviewer: Fingerprint of the reviewer's key.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such item.
        RefusedError: if it is decided, closed, meant for others, all its slots are taken, or the same person has
            answered it with another key.
    """
    moment = now or utc_now()
    roster = load_roster(store)
    known = find_reviewer(roster, reviewer)
    with store.write() as con:
        found = get_item(con, item_number(item), now=utc_text(moment))
        revision = own_revision(con, found.id, reviewer, moment) if found.state is ItemState.DECIDED else None
        if found.state not in ANSWERABLE and revision is None:
            raise RefusedError(f"{found.short_id} is {found.state.value}; nothing is asked any more. Take another.")
        if known is not None:
            _require_meant(found, known.name, utc_text(moment))
            _require_other_person(con, found.id, known, roster)
            insert_access(con, AccessKind.READ, found.short_id, actor=f"human:{known.name}", at=utc_text(moment))
        claim = revision or claim_slot(con, found.id, reviewer, moment)
        draft = get_draft(con, found.id, reviewer)
        replaced = replaced_verdicts(store, con, found, reviewer, load_trust(store))
    shown = show_traces(store, found)
    rubric = rubric_of(store, found.rubric)
    return OpenReview(found, rubric, shown.traces, shown.seen, claim, draft, shown.earlier, shown.left_out, replaced)


def signed_on(store: Store, item_id: int, trust: Trust) -> list[Verdict]:
    """Verdicts on the item that trusted reviewers signed, whatever became of the trace since."""
    return [verdict for verdict in list_verdicts(store, item_id=item_id, trust=trust) if verdict.state in COUNTING]


def replaced_verdicts(
    store: Store, con: Connection, item: ReviewItem, reviewer: str, trust: Trust
) -> tuple[Verdict, ...]:
    """The signed answers that this reviewer's signature on the item will replace, as its row says now: their own, those
    that disagree where they decide a dispute, and the former ones where a new rubric version asked again.

    Which these are stands in ordinary rows, so it is shown to the reviewer and compared when they sign.
    """
    signed = signed_on(store, item.id, trust)
    if state_behind(con, item) is not ItemState.DISPUTED:
        signed = [verdict for verdict in signed if verdict.reviewer == reviewer]
    return (*signed, *(signed_on(store, item.reopens, trust) if item.reopens is not None else ()))


def keep_alive(store: Store, claim: Claim, *, now: datetime | None = None) -> Claim:
    """Renew the lease; call it on the reviewer's activity.

    Raises:
        RefusedError: if somebody else has taken the slot.
    """
    with store.write() as con:
        return renew_claim(con, claim, now or utc_now())


def give_back(store: Store, claim: Claim) -> None:
    """Leave the item unanswered; a draft stays."""
    with store.write() as con:
        release_claim(con, claim)


def skip_review(store: Store, claim: Claim, reason: str, *, now: datetime | None = None) -> None:
    """Leave the item to others, saying why; this reviewer is not asked again.

    Raises:
        UsageError: if there is no reason.
    """
    reason = bounded("reason", reason)
    with store.write() as con:
        release_claim(con, claim)
        delete_draft(con, claim.item_id, claim.reviewer)
        skip_item(con, claim.item_id, claim.reviewer, reason, now or utc_now())


def _require_meant(item: ReviewItem, name: str, now: str) -> None:
    """Routing binds until the item is due; a dispute is for whoever did not rate."""
    late = item.due_at is not None and item.due_at <= now
    if late or not item.assigned or item.state is ItemState.DISPUTED:
        return
    if name.lower() not in (other.lower() for other in item.assigned):
        until = f" until {item.due_at}" if item.due_at else ""
        raise RefusedError(
            f"{item.short_id} is meant for {', '.join(item.assigned)}{until}. Take another, or route it anew: "
            f"`retrospan queue route {item.short_id} --to {name!r}`."
        )


def _require_other_person(con: Connection, item_id: int, known: Reviewer, roster: Roster) -> None:
    """Whoever changed their key is still the same rater; the name tells."""
    former = [
        entry.fingerprint
        for entry in roster.reviewers
        if entry.name.lower() == known.name.lower()
        and entry.fingerprint != known.fingerprint
        and entry.status is not ReviewerStatus.UNTRUSTED
    ]
    if former and has_answered(con, item_id, former):
        raise RefusedError(f"{known.name} has answered R{item_id} already, with a former key. Take another.")


class Shown(NamedTuple):
    """What an item is about, as it is now."""

    traces: tuple[Trace, ...]
    earlier: tuple[Trace, ...]
    """Turns of the session before it."""
    left_out: int
    """How many still earlier turns are not shown."""
    seen: tuple[SeenTrace, ...]
    """The hashes of exactly these."""


def show_traces(store: Store, item: ReviewItem) -> Shown:
    """What an item is about with the turns before it, and the hashes of exactly that."""
    shown = [_show(store, trace_id) for trace_id in _subjects(store, item)]
    before, left_out = _before(store, item)
    context = [_show(store, trace_id) for trace_id in before]
    seen = (*(entry[1] for entry in shown), *(replace(entry[1], context=True) for entry in context))
    return Shown(tuple(entry[0] for entry in shown), tuple(entry[0] for entry in context), left_out, seen)


def _subjects(store: Store, item: ReviewItem) -> list[int]:
    if item.trace_id is not None:
        return [item.trace_id]
    return session_traces(store, Session(name=item.session or "", project=item.project))


def _before(store: Store, item: ReviewItem) -> tuple[list[int], int]:
    """The turns of the session before a trace that a person can still take in, and how many are left out."""
    place = None if item.trace_id is None else conversation_of(store, item.trace_id)
    if place is None:
        return [], 0
    room, kept = _MOST_STEPS, 0
    for summary in reversed(get_summaries(store, place.earlier[-_MOST_TURNS:])):
        room -= summary.step_count
        if room < 0:
            break
        kept += 1
    return list(place.earlier[len(place.earlier) - kept :]), len(place.earlier) - kept


def _show(store: Store, trace_id: int) -> tuple[Trace, SeenTrace]:
    """A trace and the hashes of its content, both of one moment."""
    for _ in range(_TRIES):
        refresh(store, [trace_id])
        with store.read() as con:
            if any(row["dirty"] for row in trace_rows(con, [trace_id])):
                continue
            trace, seen = get_trace(store, trace_id), seen_trace(store, trace_id)
        if seen is not None and list(seen.steps) == [step.span_id for step in trace.steps]:
            return trace, seen
    raise RefusedError(f"T{trace_id} is changing too fast to be judged. Try again when its run has ended.")
