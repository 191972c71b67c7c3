"""Which questions decide the outcome of a run, and whether items still ask what was signed on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError, UsageError
from ...model.reviews import ItemState, ReviewItem
from ...store.audit.asked import Altered, altered_items
from ...store.contract import Store
from ...store.reviews.items import get_item, set_decides
from ...store.reviews.verdicts import list_verdicts
from .claiming import COUNTING
from .subjects import item_number


def require_person(who: str) -> None:
    """Refuse anybody but a person to say that a question decides.

    Raises:
        RefusedError: if `who` is no `human:NAME`.
    """
    if not who.startswith("human:"):
        raise RefusedError("Only a person says that a question decides the outcome of a run; ask one to mark it.")


def mark_deciding(
    store: Store, item: str | int, *, by: str, decides: bool = True, now: datetime | None = None
) -> ReviewItem:
    """Say that the answer to an item decides the outcome of its run, or that it does not.

    The mark is shown to whoever answers, and part of what they sign.

    Args:
        store: Where.
        item: `R31` or 31.
        by: The person: `human:Ada`.
        decides: False takes the mark back.
        now: For tests.

    Raises:
        RefusedError: if `by` is no person, or somebody has signed an answer to it already.
        UsageError: if the item is decided or closed.
    """
    require_person(by)
    moment = utc_text(now or utc_now())
    with store.write() as con:
        found = get_item(con, item_number(item), now=moment)
        if found.state in (ItemState.DECIDED, ItemState.CLOSED):
            raise UsageError(f"{found.short_id} is {found.state.value}; ask again to have another question decide.")
        if found.answered:
            raise RefusedError(
                f"{found.answered} have signed an answer to {found.short_id} as it is. Ask another question instead."
            )
        set_decides(con, found.id, by if decides else "")
        return get_item(con, found.id, now=moment)


def as_signed(store: Store, items: Sequence[ReviewItem]) -> list[ReviewItem]:
    """The items with the question that people signed on them; where a row asks something else now, `altered` says so.

    Cost: reads the verdicts of the items that somebody has answered.
    """
    answered = [item.id for item in items if item.answered]
    if not answered:
        return list(items)
    with store.read() as con:
        altered = altered_items(con, answered)
    found = {entry.item: entry for entry in altered if _counts(store, entry)}
    return [_as_signed(item, found.get(item.id)) for item in items]


def _counts(store: Store, altered: Altered) -> bool:
    verdicts = list_verdicts(store, item_id=altered.item)
    return any(verdict.uid == altered.signed.uid and verdict.state in COUNTING for verdict in verdicts)


def _as_signed(item: ReviewItem, altered: Altered | None) -> ReviewItem:
    if altered is None:
        return item
    told = f"changed after it was signed: {', '.join(altered.differs_in)}"
    if item.question != altered.signed.question:
        told += f"; its row asks now: {item.question}"
    return replace(item, question=altered.signed.question, rubric=altered.signed.rubric, altered=told)
