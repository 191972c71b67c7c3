"""Questions back, both ways: a reviewer asks whoever queued the item, an engineer asks whoever judges it."""

from __future__ import annotations

from datetime import datetime

from ...model.clock import due_after, utc_now, utc_text
from ...model.errors import UsageError
from ...model.reviews import Claim, ItemState, ReviewItem
from ...model.text.bounds import bounded
from ...store.contract import Store
from ...store.reviews.claims import release_claim
from ...store.reviews.items import get_item, set_item_state
from ...store.reviews.questions import (
    ReviewQuestion,
    answer_question,
    insert_question,
    list_questions,
    state_behind,
)
from ...store.reviews.reviewers import find_reviewer, load_roster
from .subjects import item_number

DUE = "3d"
"""By when a question should be answered, unless told otherwise."""


def ask_back(store: Store, claim: Claim, question: str, *, due: str = DUE, now: datetime | None = None) -> None:
    """Send the item back to whoever asked, with a question; `answer_back` puts it into the queue again.

    Args:
        store: Where.
        claim: The reviewer's claim; it is given back.
        question: What they need to know.
        due: By when: `3d`, `12h`.
        now: For tests.

    Raises:
        UsageError: if there is no question.
    """
    question = bounded("question", question)
    moment = now or utc_now()
    known = find_reviewer(load_roster(store), claim.reviewer)
    with store.write() as con:
        before = state_behind(con, get_item(con, claim.item_id, now=utc_text(moment)))
        release_claim(con, claim)
        asked = ReviewQuestion(
            id=0,
            item_id=claim.item_id,
            waits_for="asker",
            asked_by=f"human:{known.name}" if known else "human",
            question=question,
            asked_at=utc_text(moment),
            due_at=due_after(moment, due),
            state_before=before,
        )
        insert_question(con, asked)
        set_item_state(con, claim.item_id, ItemState.NEEDS_ANSWER, question)


def ask_reviewers(
    store: Store, item: str | int, question: str, *, by: str, due: str = DUE, now: datetime | None = None
) -> ReviewItem:
    """Ask the people who judged an item, or are to judge it: a clause, a case they had in mind.

    A verdict stays what it was; a change of mind is a new one.

    Args:
        store: Where.
        item: `R31` or 31.
        question: What is to be cleared up.
        by: Who asks: `human:Eve`, `agent:claude`.
        due: By when.
        now: For tests.

    Raises:
        UsageError: if there is no question, or the item is closed or waits for an answer already.
    """
    question = bounded("question", question)
    moment = now or utc_now()
    with store.write() as con:
        found = get_item(con, item_number(item), now=utc_text(moment))
        if found.state in (ItemState.CLOSED, ItemState.NEEDS_ANSWER):
            raise UsageError(f"{found.short_id} is {found.state.value}; it takes no further question now.")
        asked = ReviewQuestion(
            id=0,
            item_id=found.id,
            waits_for="reviewer",
            asked_by=by,
            question=question,
            asked_at=utc_text(moment),
            due_at=due_after(moment, due),
            state_before=found.state,
        )
        insert_question(con, asked)
        set_item_state(con, found.id, ItemState.NEEDS_ANSWER, question)
        return get_item(con, found.id, now=utc_text(moment))


def answer_back(
    store: Store, item: str | int, note: str, *, by: str = "human", now: datetime | None = None
) -> ReviewItem:
    """Answer the question on an item; it stands again where it stood, with question and answer in its note.

    Raises:
        UsageError: if the item does not wait for an answer.
    """
    note = bounded("answer", note)
    moment = utc_text(now or utc_now())
    with store.write() as con:
        found = get_item(con, item_number(item), now=moment)
        if found.state is not ItemState.NEEDS_ANSWER:
            raise UsageError(f"{found.short_id} is {found.state.value}; no question is open on it.")
        before = state_behind(con, found)
        for question in list_questions(con, found.id):
            if question.answered_at is None:
                answer_question(con, question.id, note, answered_by=by, at=moment)
        set_item_state(con, found.id, before, f"{found.note}\n\n{note}")
        return get_item(con, found.id, now=moment)
