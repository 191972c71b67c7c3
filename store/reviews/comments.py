"""Words that people leave for each other beside a review item."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.text.secrets import without_secrets
from ..contract import Connection, Cursor
from ..fields import from_row, insert_numbered, values_of

SELECT_COMMENTS = "SELECT * FROM review_comment WHERE item_id = :item ORDER BY id"
SELECT_BETWEEN = "SELECT * FROM review_comment WHERE written_at >= :low AND written_at < :high ORDER BY id"
SELECT_CALLING = "SELECT * FROM review_comment WHERE text LIKE '%@%' ORDER BY id DESC LIMIT :limit"


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment; it decides nothing and is signed by nobody."""

    id: int
    item_id: int
    author: str
    """`human:Ada`."""
    text: str
    written_at: str


def insert_comment(con: Connection, comment: Comment) -> None:
    """Keep a comment, without secrets."""
    words = without_secrets(comment.text)
    insert_numbered(con, "review_comment", values_of(comment, leave_out=("id",), text=words))


def list_comments(con: Connection, item_id: int) -> list[Comment]:
    """What stands beside an item, oldest first."""
    return _comments(con.execute(SELECT_COMMENTS, {"item": item_id}))


def comments_between(con: Connection, low: str, high: str) -> list[Comment]:
    """What was written from `low` up to, not including, `high`."""
    return _comments(con.execute(SELECT_BETWEEN, {"low": low, "high": high}))


def comments_calling(con: Connection, limit: int) -> list[Comment]:
    """The newest comments that may name somebody with `@`."""
    return _comments(con.execute(SELECT_CALLING, {"limit": limit}))


def _comments(rows: Cursor) -> list[Comment]:
    return [from_row(Comment, row) for row in rows]
