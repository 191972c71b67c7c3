"""Questions between who asked and who answers, both ways, each with a date by which it should be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...model.reviews import ItemState, ReviewItem
from ...model.text.secrets import without_secrets
from ..contract import Connection
from ..fields import from_row, insert_numbered, values_of

WaitsFor = Literal["asker", "reviewer"]

SELECT_QUESTIONS = "SELECT * FROM review_question WHERE item_id = :item ORDER BY id"
SELECT_OPEN = """
SELECT q.* FROM review_question q JOIN review_item item ON item.id = q.item_id
WHERE q.answered_at IS NULL AND item.state = 'needs_answer' ORDER BY q.due_at IS NULL, q.due_at, q.id
"""
ANSWER_QUESTION = """
UPDATE review_question SET answered_by = :answered_by, answer = :answer, answered_at = :at
WHERE id = :question AND answered_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class ReviewQuestion:
    """One question on an item, and its answer."""

    id: int
    item_id: int
    waits_for: WaitsFor
    """`asker`: whoever queued the item; `reviewer`: whoever judged it or is to judge it."""
    asked_by: str
    question: str
    asked_at: str
    due_at: str | None
    state_before: ItemState
    answered_by: str | None = None
    answer: str | None = None
    answered_at: str | None = None


def insert_question(con: Connection, question: ReviewQuestion) -> None:
    """Keep a question, without secrets; the caller moves the item."""
    words = without_secrets(question.question)
    insert_numbered(con, "review_question", values_of(question, leave_out=("id",), question=words))


def answer_question(con: Connection, question_id: int, answer: str, *, answered_by: str, at: str) -> None:
    """Keep the answer to a question."""
    values = {"answered_by": answered_by, "answer": without_secrets(answer), "at": at, "question": question_id}
    con.execute(ANSWER_QUESTION, values)


def list_questions(con: Connection, item_id: int) -> list[ReviewQuestion]:
    """Every question on an item, oldest first."""
    return [from_row(ReviewQuestion, row) for row in con.execute(SELECT_QUESTIONS, {"item": item_id})]


def state_behind(con: Connection, item: ReviewItem) -> ItemState:
    """Where an item stands, questions left aside."""
    if item.state is not ItemState.NEEDS_ANSWER:
        return item.state
    asked = [question for question in list_questions(con, item.id) if question.answered_at is None]
    return asked[0].state_before if asked else ItemState.OPEN


def open_questions(con: Connection) -> list[ReviewQuestion]:
    """What waits for an answer, the soonest due first."""
    return [from_row(ReviewQuestion, row) for row in con.execute(SELECT_OPEN)]
