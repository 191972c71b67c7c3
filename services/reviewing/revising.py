"""An item that its reader has signed: to read again, and to sign again in place of their own verdict, which stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError
from ...model.reviews import ItemState, ReviewItem, Rubric, Verdict
from ...model.traces import Trace
from ...store.contract import Store
from ...store.reviews.claims import delete_draft, get_draft, insert_draft, own_revision
from ...store.reviews.items import get_item
from ...store.reviews.rubrics import rubric_of
from ...store.reviews.typed import forget_typed
from ...store.reviews.verdicts import list_verdicts
from .claiming import show_traces
from .subjects import item_number


@dataclass(frozen=True, slots=True)
class SignedReview:
    """An item with the newest answer that its reader signed."""

    item: ReviewItem
    rubric: Rubric | None
    traces: tuple[Trace, ...]
    """As they are now; the verdict's state tells whether they have changed since."""
    earlier: tuple[Trace, ...]
    """Turns of the session before them."""
    left_out: int
    """How many still earlier turns are not shown."""
    verdict: Verdict


def read_signed(store: Store, item: str | int, reviewer: str, *, now: datetime | None = None) -> SignedReview | None:
    """An item as its reviewer signed it; None where they have not.

    Args:
        store: Where.
        item: `R31` or 31.
        reviewer: Fingerprint.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such item.
    """
    with store.read() as con:
        found = get_item(con, item_number(item), now=utc_text(now or utc_now()))
    mine = [verdict for verdict in list_verdicts(store, item_id=found.id) if verdict.reviewer == reviewer]
    if not mine:
        return None
    shown, rubric = show_traces(store, found), rubric_of(store, found.rubric)
    return SignedReview(found, rubric, shown.traces, shown.earlier, shown.left_out, mine[-1])


@dataclass(frozen=True, slots=True)
class Looked:
    """An item that is decided, as somebody reads it who did not answer it."""

    item: ReviewItem
    rubric: Rubric | None
    traces: tuple[Trace, ...]
    earlier: tuple[Trace, ...]
    left_out: int
    verdicts: tuple[Verdict, ...]
    """What others signed, oldest first."""


def look_at(store: Store, item: ReviewItem) -> Looked:
    """What an item shows, and what was answered."""
    shown, rubric = show_traces(store, item), rubric_of(store, item.rubric)
    verdicts = tuple(list_verdicts(store, item_id=item.id))
    return Looked(item, rubric, shown.traces, shown.earlier, shown.left_out, verdicts)


def may_revise(signed: SignedReview) -> bool:
    """Whether a new answer may take the place of this one: the item is decided, and nobody had to decide a dispute."""
    return signed.item.state is ItemState.DECIDED and signed.item.answered <= signed.item.overlap


def begin_revision(store: Store, signed: SignedReview, *, now: datetime | None = None) -> None:
    """Take a decided item up again, with the signed answer as its draft: while that is there, `open_review` opens it.

    Args:
        store: Where.
        signed: From `read_signed`.
        now: For tests.

    Raises:
        RefusedError: if the item is not decided, or was decided by somebody else after a dispute.
    """
    item, who = signed.item, signed.verdict.reviewer
    if not may_revise(signed):
        raise RefusedError(
            f"Your answer to {item.short_id} cannot be changed now: others still answer it, or somebody else has "
            "decided it. Ask back instead."
        )
    moment = now or utc_now()
    with store.write() as con:
        if get_draft(con, item.id, who) is None:
            insert_draft(con, item.id, who, signed.verdict.answer, moment)


def end_revision(store: Store, item: int, reviewer: str) -> None:
    """Let the signed answer stand as it is."""
    with store.write() as con:
        if own_revision(con, item, reviewer, utc_now()) is not None:
            delete_draft(con, item, reviewer)
            forget_typed(con, item, reviewer)
