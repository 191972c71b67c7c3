"""What is new in reviewing since a moment, and whom it concerns: items, dates that come near, questions, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ...knowledge.queues import QueueRules
from ...model.clock import utc_text
from ...model.reviews import ItemState, ReviewItem
from ...store.contract import Store
from ...store.reviews.comments import comments_between
from ...store.reviews.items import items_of, list_items
from ...store.reviews.questions import ReviewQuestion, open_questions
from ...store.reviews.verdicts import list_verdicts
from ..colleagues.comments import people_named
from ..reviewing.open_questions import responsible_for, who_answers

SOON = timedelta(days=1)
"""How long before its date an item is told as due."""
_ALL = 1_000_000


class NewsKind(StrEnum):
    """What has happened."""

    NEW = "new"
    DUE = "due"
    ASKED = "asked back"
    DECIDED = "decided"
    CALLED = "said to you"


@dataclass(frozen=True, slots=True)
class News:
    """One thing that has happened."""

    kind: NewsKind
    item: ReviewItem
    people: tuple[str, ...]
    """Names of those it concerns; empty: everybody."""
    words: str = ""
    """The question asked back, or the answer that was signed."""


def news_between(store: Store, since: datetime, until: datetime, rules: QueueRules | None = None) -> list[News]:
    """What happened from `since` up to, not including, `until`, oldest items first within each kind.

    Args:
        store: Where.
        since: First moment.
        until: The moment after the last; the next call begins there, so that nothing is told twice or left out.
        rules: The project's queues: who is responsible for each.

    Cost: one pass over the open items and over the verdicts.
    """
    low, high = utc_text(since), utc_text(until)
    with store.read() as con:
        waiting = list_items(con, now=high, states=(ItemState.OPEN, ItemState.DISPUTED), limit=_ALL)
        asked = [question for question in open_questions(con) if low <= question.asked_at < high]
        about = {item.id: item for item in items_of(con, [question.item_id for question in asked], now=high)}
    waiting.sort(key=lambda item: item.id)
    new = [News(NewsKind.NEW, item, item.assigned) for item in waiting if low <= item.created_at < high]
    due = [News(NewsKind.DUE, item, item.assigned) for item in waiting if _comes_due(item, since, until)]
    back = [_asked(question, about[question.item_id], rules) for question in asked]
    return [*new, *due, *back, *_decided(store, low, high), *_called(store, low, high)]


def _called(store: Store, low: str, high: str) -> list[News]:
    """Comments that call somebody; their words stand on the page, where they wait until that person has answered."""
    with store.read() as con:
        said = comments_between(con, low, high)
        about = {item.id: item for item in items_of(con, [comment.item_id for comment in said], now=high)}
    named = [(about[comment.item_id], people_named(store, comment.text)) for comment in said]
    return [News(NewsKind.CALLED, item, people) for item, people in named if people]


def _comes_due(item: ReviewItem, since: datetime, until: datetime) -> bool:
    """Whether its date came within a day in this stretch of time, and it was not new in it."""
    return (
        item.due_at is not None
        and item.created_at < utc_text(since)
        and utc_text(since + SOON) <= item.due_at < utc_text(until + SOON)
    )


def _asked(question: ReviewQuestion, item: ReviewItem, rules: QueueRules | None) -> News:
    people = who_answers(question, item, responsible_for(rules, item))
    return News(NewsKind.ASKED, item, people, question.question)


def _decided(store: Store, low: str, high: str) -> list[News]:
    """For whoever asked: answers that were signed on items which are decided by them."""
    signed = [verdict for verdict in list_verdicts(store) if low <= verdict.signed_at < high and verdict.confirmed]
    last = {verdict.item_id: verdict for verdict in signed if verdict.item_id is not None}
    with store.read() as con:
        items = items_of(con, sorted(last), now=high)
    found = []
    for item in items:
        if item.state is ItemState.DECIDED:
            verdict = last[item.id]
            kind, _, name = item.requested_by.partition(":")
            words = f"{verdict.reviewer_name}: {verdict.answer.label.value.replace('_', ' ')}"
            if verdict.answer.reason:
                words += f", {verdict.answer.reason}"
            found.append(News(NewsKind.DECIDED, item, (name,) if kind == "human" and name else (), words))
    return found


def by_person(news: list[News], addresses: Mapping[str, str]) -> dict[str, list[News]]:
    """By address, what concerns its owner: what names them, and what concerns everybody."""
    found: dict[str, list[News]] = {}
    for name, address in addresses.items():
        mine = [entry for entry in news if not entry.people or name.lower() in map(str.lower, entry.people)]
        if mine:
            found.setdefault(address, []).extend(entry for entry in mine if entry not in found.get(address, []))
    return found
