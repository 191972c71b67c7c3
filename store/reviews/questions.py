"""Questions between who asked and who answers, both ways, each with a date by which it should be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ...model.reviews import ItemState, ReviewItem
from ...model.text.secrets import without_secrets
from ..contract import Connection

WaitsFor = Literal["asker", "reviewer"]

INSERT_QUESTION = """
INSERT INTO review_question(item_id, waits_for, asked_by, question, asked_at, due_at, state_before)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
SELECT_QUESTIONS = "SELECT * FROM review_question WHERE item_id = ? ORDER BY id"
SELECT_OPEN = """
SELECT q.* FROM review_question q JOIN review_item item ON item.id = q.item_id
WHERE q.answered_at IS NULL AND item.state = 'needs_answer' ORDER BY q.due_at IS NULL, q.due_at, q.id
"""
ANSWER_QUESTION = """
UPDATE review_question SET answered_by = ?, answer = ?, answered_at = ? WHERE id = ? AND answered_at IS NULL
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


def insert_question(
    con: Connection,
    item_id: int,
    question: str,
    *,
    waits_for: WaitsFor,
    asked_by: str,
    asked_at: str,
    due_at: str | None,
    state_before: ItemState,
) -> None:
    """Keep a question; the caller moves the item."""
    values = (item_id, waits_for, asked_by, without_secrets(question), asked_at, due_at, state_before.value)
    con.execute(INSERT_QUESTION, values)


def answer_question(con: Connection, question_id: int, answer: str, *, answered_by: str, at: str) -> None:
    """Keep the answer to a question."""
    con.execute(ANSWER_QUESTION, (answered_by, without_secrets(answer), at, question_id))


def list_questions(con: Connection, item_id: int) -> list[ReviewQuestion]:
    """Every question on an item, oldest first."""
    return [_question(row) for row in con.execute(SELECT_QUESTIONS, (item_id,))]


def state_behind(con: Connection, item: ReviewItem) -> ItemState:
    """Where an item stands, questions left aside."""
    if item.state is not ItemState.NEEDS_ANSWER:
        return item.state
    asked = [question for question in list_questions(con, item.id) if question.answered_at is None]
    return asked[0].state_before if asked else ItemState.OPEN


def open_questions(con: Connection) -> list[ReviewQuestion]:
    """What waits for an answer, the soonest due first."""
    return [_question(row) for row in con.execute(SELECT_OPEN)]


def _question(row: Any) -> ReviewQuestion:
    return ReviewQuestion(
        id=row["id"],
        item_id=row["item_id"],
        waits_for=row["waits_for"],
        asked_by=row["asked_by"],
        question=row["question"],
        asked_at=row["asked_at"],
        due_at=row["due_at"],
        state_before=ItemState(row["state_before"]),
        answered_by=row["answered_by"],
        answer=row["answer"],
        answered_at=row["answered_at"],
    )
