"""An item that its reader has signed: to read again, and to see what became of the answer. Nothing is claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.reviews import ReviewItem, Rubric, Verdict
from ...model.traces import Trace
from ...store.contract import Store
from ...store.reviews.items import get_item
from ...store.reviews.rubrics import rubric_of
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
    traces, _ = show_traces(store, found)
    return SignedReview(found, rubric_of(store, found.rubric), traces, mine[-1])
