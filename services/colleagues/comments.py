"""Comments on review items, and the colleagues that they name with `@Name`.

Who has not answered yet sees none of them, so that answers stay independent; `may_read` is that rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.reviews import ItemState, ReviewItem
from ...model.text.bounds import bounded
from ...store.contract import Store
from ...store.reviews.comments import Comment, comments_calling, insert_comment, list_comments
from ...store.reviews.items import get_item, items_of
from ...store.reviews.reviewers import load_roster
from ...store.reviews.verdicts import list_verdicts
from ..reviewing.subjects import item_number

MOST = 1_000
"""Newest comments in which names are looked for."""
_DONE = (ItemState.DECIDED, ItemState.CLOSED)


@dataclass(frozen=True, slots=True)
class Mention:
    """A comment that names somebody, and the item it stands beside."""

    comment: Comment
    item: ReviewItem


def add_comment(store: Store, item: str | int, text: str, *, by: str, now: datetime | None = None) -> Comment:
    """Leave words beside an item; `@Name` in them tells a colleague.

    Args:
        store: Where.
        item: `R31` or 31.
        text: What to say.
        by: Who says it: `human:Ada`.
        now: For tests.

    Raises:
        UsageError: if there are no words, or too many.
        UnknownIdError: if there is no such item.
    """
    moment = utc_text(now or utc_now())
    with store.write() as con:
        found = get_item(con, item_number(item), now=moment)
        insert_comment(con, Comment(0, found.id, by, bounded("comment", text), moment))
        return list_comments(con, found.id)[-1]


def comments_on(store: Store, item: str | int) -> list[Comment]:
    """What stands beside an item, oldest first."""
    with store.read() as con:
        return list_comments(con, item_number(item))


def may_read(store: Store, item: ReviewItem, reviewer: str) -> bool:
    """Whether a reviewer's judgement can no longer be swayed: it is signed, or nobody is asked any more.

    Args:
        store: Where.
        item: The item.
        reviewer: Fingerprint.
    """
    if item.state in _DONE:
        return True
    return any(verdict.reviewer == reviewer for verdict in list_verdicts(store, item_id=item.id))


def mentioned(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that a text calls with `@`; of names that begin alike, the longest.

    >>> mentioned("@Bo Lind and @ada, see", ["Bo", "Bo Lind", "Ada"])
    ('Bo Lind', 'Ada')
    """
    known = sorted(names, key=len, reverse=True)
    found = []
    for rest in text.split("@")[1:]:
        name = next((name for name in known if _begins_with(rest, name)), None)
        if name is not None and name not in found:
            found.append(name)
    return tuple(found)


def _begins_with(text: str, name: str) -> bool:
    return text[: len(name)].casefold() == name.casefold() and not text[len(name) : len(name) + 1].isalnum()


def people_named(store: Store, text: str) -> tuple[str, ...]:
    """The reviewers that a text calls with `@`."""
    return mentioned(text, (entry.name for entry in load_roster(store).reviewers))


def mentions_of(store: Store, name: str, *, now: datetime | None = None) -> list[Mention]:
    """Comments of others that name this person, newest first, where they may read them.

    Cost: one pass over the comments.
    """
    roster = load_roster(store).reviewers
    names = [entry.name for entry in roster]
    prints = [entry.fingerprint for entry in roster if entry.name == name]
    with store.read() as con:
        held = comments_calling(con, MOST)
        items = {item.id: item for item in items_of(con, [c.item_id for c in held], now=utc_text(now or utc_now()))}
    mine = [c for c in held if name in mentioned(c.text, names) and c.author != f"human:{name}" and c.item_id in items]
    return [
        Mention(comment, items[comment.item_id])
        for comment in mine
        if any(may_read(store, items[comment.item_id], known) for known in prints)
    ]
