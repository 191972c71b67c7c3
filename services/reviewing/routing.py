"""Who an item is meant for, changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ...model.clock import due_after, utc_now, utc_text
from ...model.reviews import ReviewItem
from ...store.contract import Store
from ...store.reviews.items import assign_item, get_item, set_due
from .subjects import item_number


def route_item(
    store: Store, item: str | int, names: Sequence[str], *, due: str | None = None, now: datetime | None = None
) -> ReviewItem:
    """Mean an item for these people; none: for everybody.

    Args:
        store: Where.
        item: `R31` or 31.
        names: Reviewers' names.
        due: `3d`: until when the routing holds, counted from now; where left out, the date stays.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such item.
        UsageError: if `due` is no length of time.
    """
    moment = now or utc_now()
    with store.write() as con:
        number = get_item(con, item_number(item), now=utc_text(moment)).id
        assign_item(con, number, [name.strip() for name in names if name.strip()])
        if due is not None:
            set_due(con, number, due_after(moment, due))
        return get_item(con, number, now=utc_text(moment))
