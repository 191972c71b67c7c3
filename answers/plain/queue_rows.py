"""A reviewer's own queue as both faces list it: first words, state, who is at it, and how far everybody is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...model.clock import utc_now, utc_text
from ...model.reviews import ItemState, ReviewItem
from ...model.text.display import safe_line
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.reading.trace_ids import session_trace_ids
from ...store.reviews.claims import running_claims
from ...store.reviews.items import Place, count_items, items_of, open_places
from ...store.reviews.queues import answers_by_reviewer
from ...store.reviews.reviewers import find_reviewer, load_roster
from ...store.reviews.typed import begun_items
from .pictures import PLACEHOLDER

FIRST_WORDS = 120
"""Characters of what the person said first."""
_WAITING = (ItemState.OPEN, ItemState.DISPUTED)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One item as a reviewer sees it in their list."""

    item: ReviewItem
    words: str
    """What the person of the conversation said first; its name where nobody said anything."""
    begun: bool = False
    """This reviewer has typed or answered something on it."""
    held_by: str = ""
    """Name of somebody else who is at it now."""
    held_until: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that waits for one reviewer, in the order in which it is asked."""

    places: tuple[Place, ...]
    begun: frozenset[int]

    @property
    def by_queue(self) -> Mapping[str, int]:
        """How many wait in each queue; those that somebody asked by hand under the empty name."""
        return Counter(place.queue for place in self.places)

    def only(self, *, queue: str | None = None, begun: bool = False) -> list[int]:
        """The items of one queue, or those that were begun."""
        return [
            place.id for place in self.places if queue in (None, place.queue) and (not begun or place.id in self.begun)
        ]

    def beside(self, item: int) -> tuple[int | None, int | None]:
        """The item before and the item after this one; where it is not in the list, the first is next."""
        ids = [place.id for place in self.places]
        if item not in ids:
            return None, ids[0] if ids else None
        at = ids.index(item)
        return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None

    def following(self, item: int) -> int | None:
        """What to go on with after this item: the next one, at the end the first that is left."""
        left = [place.id for place in self.places if place.id != item]
        after = self.beside(item)[1]
        return after or (left[0] if left else None)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one reviewer and everybody are."""

    mine: int
    """Answers that this reviewer has signed."""
    decided: int
    total: int
    """Items, those taken out left aside."""


def order_of(store: Store, reviewer: str, *, now: datetime | None = None) -> Order:
    """What waits for a reviewer.

    Args:
        store: Where.
        reviewer: Fingerprint.
        now: For tests.

    Cost: one pass over the open items.
    """
    known = find_reviewer(load_roster(store), reviewer)
    name = known.name if known else None
    with store.read() as con:
        moment = utc_text(now or utc_now())
        places = open_places(con, now=moment, states=_WAITING, open_to=reviewer, meant_for=name)
        return Order(tuple(places), frozenset(begun_items(con, reviewer)))


def rows_of(store: Store, reviewer: str, items: Sequence[int], *, now: datetime | None = None) -> list[QueueRow]:
    """The rows of these items, in this order; what is not there any more is left out."""
    moment = utc_text(now or utc_now())
    names = {entry.fingerprint: entry.name for entry in load_roster(store).reviewers}
    with store.read() as con:
        found = items_of(con, items, now=moment)
        claims = running_claims(con, [item.id for item in found], moment)
        begun = begun_items(con, reviewer)
    words = first_words(store, found)
    rows = []
    for item in found:
        others = [claim for claim in claims.get(item.id, ()) if claim[0] != reviewer]
        holder, until = others[0] if others else ("", "")
        held = names.get(holder, "somebody") if holder else ""
        rows.append(QueueRow(item, words[item.id], item.id in begun, held, until))
    return rows


def first_words(store: Store, items: Sequence[ReviewItem]) -> dict[int, str]:
    """By item, what the person said first in the run, or in the first run of the session."""
    first = {item.id: _first_trace(store, item) for item in items}
    wanted = list(dict.fromkeys(number for number in first.values() if number is not None))
    said = {summary.id: summary.input or summary.external_id for summary in get_summaries(store, wanted)}
    return {number: _opening(said.get(trace or 0, "")) or f"R{number}" for number, trace in first.items()}


def _opening(text: str) -> str:
    """The first words on one line; where a picture was sent, that it was one."""
    return safe_line(" ".join(PLACEHOLDER.sub("(picture)", text[: 8 * FIRST_WORDS]).split()), FIRST_WORDS)


def progress_of(store: Store, reviewer: str) -> Progress:
    """How far this reviewer and everybody are."""
    with store.read() as con:
        states = count_items(con)
        mine = sum(done.amount for done in answers_by_reviewer(con) if done.reviewer == reviewer)
    total = sum(amount for state, amount in states.items() if state is not ItemState.CLOSED)
    return Progress(mine, states.get(ItemState.DECIDED, 0), total)


def _first_trace(store: Store, item: ReviewItem) -> int | None:
    if item.trace_id is not None:
        return item.trace_id
    found = session_trace_ids(store, item.project, item.session or "", 1)
    return found[0] if found else None
