"""Signing again on a decided item: the new verdict replaces the reviewer's own, which stays on record."""

from __future__ import annotations

from datetime import datetime

from ...model.clock import utc_now
from ...model.errors import RefusedError
from ...model.reviews import ItemState
from ...store.contract import Store
from ...store.reviews.claims import delete_draft, get_draft, insert_draft, own_revision
from ...store.reviews.typed import forget_typed
from .rereading import SignedReview


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
