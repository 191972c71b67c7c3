"""What a reviewer types, saved as they type, whoever holds the item by then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError, UsageError
from ...model.reviews import Claim, ItemState
from ...model.text.bounds import TEXT_LIMIT, within
from ...store.contract import Store
from ...store.reviews.claims import claim_slot, own_revision
from ...store.reviews.items import get_item
from ...store.reviews.typed import Typed, forget_typed, get_typed, save_typed
from .claiming import ANSWERABLE
from .subjects import item_number

_MOST_FIELDS = 60


def save_words(
    store: Store, item: str | int, reviewer: str, fields: Mapping[str, str], *, now: datetime | None = None
) -> Typed:
    """Save what stands in a form, whoever holds the item by now.

    Args:
        store: Where.
        item: `R31` or 31.
        reviewer: Fingerprint of whoever types.
        fields: Texts by field.
        now: For tests.

    Raises:
        UnknownIdError: if there is no such item.
        UsageError: if a text is too long.
    """
    if len(fields) > _MOST_FIELDS:
        raise UsageError(f"A form has at most {_MOST_FIELDS} fields.")
    for text in fields.values():
        within("text", text, 2 * TEXT_LIMIT)
    moment = now or utc_now()
    with store.write() as con:
        number = get_item(con, item_number(item), now=utc_text(moment)).id
        save_typed(con, number, reviewer, fields, moment)
    return Typed(fields, utc_text(moment))


def saved_words(store: Store, item: int, reviewer: str) -> Typed | None:
    """What this reviewer has typed and not kept yet."""
    with store.read() as con:
        return get_typed(con, item, reviewer)


def drop_words(store: Store, item: int, reviewer: str) -> None:
    """Forget what was typed."""
    with store.write() as con:
        forget_typed(con, item, reviewer)


def take_again(store: Store, item: str | int, reviewer: str, *, now: datetime | None = None) -> Claim:
    """Take an item again that ran out or was given back while somebody was still at it.

    Raises:
        HeldError: if somebody else holds it now.
        RefusedError: if nothing is asked any more.
    """
    moment = now or utc_now()
    with store.write() as con:
        found = get_item(con, item_number(item), now=utc_text(moment))
        revision = own_revision(con, found.id, reviewer, moment) if found.state is ItemState.DECIDED else None
        if revision is not None:
            return revision
        if found.state not in ANSWERABLE:
            raise RefusedError(f"{found.short_id} is {found.state.value}; nothing is asked any more. Take another.")
        return claim_slot(con, found.id, reviewer, moment)
