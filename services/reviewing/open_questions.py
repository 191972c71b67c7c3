"""Questions that are open on items, for one person: those they asked, and those they are to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...knowledge.queues import QueueRules
from ...model.clock import utc_now, utc_text
from ...model.reviews import ReviewItem
from ...store.contract import Store
from ...store.reviews.items import items_of
from ...store.reviews.questions import ReviewQuestion, open_questions


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One question, and whether this person asked it or is to answer it."""

    item: ReviewItem
    question: ReviewQuestion
    mine: bool
    """They asked it."""
    who_answers: tuple[str, ...]
    """Names of those it waits for; empty where anybody may."""


def who_answers(question: ReviewQuestion, item: ReviewItem, responsible: str | None = None) -> tuple[str, ...]:
    """The people a question waits for; nobody named means anybody.

    Args:
        question: As asked.
        item: What it is about.
        responsible: Who answers for the queue, where its rule names somebody.
    """
    if question.waits_for == "reviewer":
        return item.assigned
    kind, _, name = item.requested_by.partition(":")
    if kind == "human" and name:
        return (name,)
    return (responsible,) if responsible else ()


def responsible_for(rules: QueueRules | None, item: ReviewItem) -> str | None:
    """Who answers questions about the item's queue, where the project's rules name somebody."""
    found = [rule.responsible for rule in rules.queues if rule.name == item.queue] if rules else []
    return found[0] if found else None


def questions_for(
    store: Store, name: str, rules: QueueRules | None = None, *, now: datetime | None = None
) -> list[OpenQuestion]:
    """The open questions that this person asked or may answer, the soonest due first."""
    with store.read() as con:
        asked = open_questions(con)
        items = items_of(con, [question.item_id for question in asked], now=utc_text(now or utc_now()))
    by_id = {item.id: item for item in items}
    found = []
    for question in asked:
        item = by_id[question.item_id]
        people = who_answers(question, item, responsible_for(rules, item))
        mine = question.asked_by == f"human:{name}"
        if mine or not people or name.lower() in (other.lower() for other in people):
            found.append(OpenQuestion(item, question, mine, people))
    return found
