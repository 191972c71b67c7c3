"""The review queue: what is asked, about which trace or session, and where it stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...model.errors import UnknownIdError
from ...model.reviews import ItemState, Label, ReviewItem, RubricRef
from ...model.text.secrets import without_secrets
from ..contract import Connection

INSERT_ITEM = """
INSERT INTO review_item(project, trace_id, session, question, rubric_id, rubric_version, rubric_sha256, focus, reason,
  requested_by, priority, inclusion_probability, overlap, queue, due_at, reopens, state, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
RETURNING id
"""
INSERT_ASSIGNEE = "INSERT OR IGNORE INTO review_assignee(item_id, name) VALUES (?, ?)"
DELETE_ASSIGNEES = "DELETE FROM review_assignee WHERE item_id = ?"
INSERT_SLOT = "INSERT INTO review_slot(item_id, slot, state) VALUES (?, ?, 'open')"
SELECT_ITEMS = """
SELECT item.*,
  (SELECT count(*) FROM review_slot s WHERE s.item_id = item.id AND s.state = 'answered') AS answered,
  (SELECT count(*) FROM review_slot s WHERE s.item_id = item.id AND s.state = 'claimed' AND s.lease_until > ?)
    AS claimed,
  (SELECT json_group_array(a.name) FROM review_assignee a WHERE a.item_id = item.id) AS assigned
FROM review_item item
"""
SELECT_SAME = """
SELECT id FROM review_item
WHERE question = ? AND rubric_id = ? AND rubric_version = ? AND state IN ('open', 'needs_answer')
  AND trace_id IS ? AND session IS ? AND project = ?
"""
SELECT_COUNTS = "SELECT state, count(*) FROM review_item GROUP BY state"
UPDATE_STATE = "UPDATE review_item SET state = ?, note = ? WHERE id = ?"
UPDATE_DUE = "UPDATE review_item SET due_at = ? WHERE id = ?"
UPDATE_PRIORITY = "UPDATE review_item SET priority = max(priority, ?) WHERE id = ?"
NOT_MINE = """
NOT EXISTS (SELECT 1 FROM review_skip k WHERE k.item_id = item.id AND k.reviewer = ?)
AND NOT EXISTS (SELECT 1 FROM review_slot s WHERE s.item_id = item.id AND s.holder = ? AND s.state = 'answered')
AND EXISTS (SELECT 1 FROM review_slot s WHERE s.item_id = item.id
            AND (s.state = 'open' OR (s.state = 'claimed' AND (s.holder = ? OR s.lease_until <= ?))))
"""
"""What a reviewer can still answer: not skipped, not answered by them, and a slot is free or theirs."""
MEANT_FOR = """
(item.state = 'disputed' OR item.due_at <= ? OR NOT EXISTS (SELECT 1 FROM review_assignee a WHERE a.item_id = item.id)
 OR EXISTS (SELECT 1 FROM review_assignee a WHERE a.item_id = item.id AND a.name = ? COLLATE NOCASE))
"""
"""Routing holds until an item is due, so that nobody's holiday stops it; a dispute is for somebody else anyway."""


def insert_item(con: Connection, item: ReviewItem) -> int:
    """Queue an item, its words without secrets, or find the open one that asks the same; returns its id.

    A repeated request raises the priority where it asks for a higher one, and changes nothing else.
    """
    rubric, question = item.rubric, without_secrets(item.question)
    subject = (item.trace_id, item.session, item.project)
    same = con.execute(SELECT_SAME, (question, rubric.id, rubric.version, *subject)).fetchone()
    if same is not None:
        con.execute(UPDATE_PRIORITY, (item.priority, same[0]))
        return int(same[0])
    cursor = con.execute(
        INSERT_ITEM,
        (
            item.project,
            item.trace_id,
            item.session,
            question,
            rubric.id,
            rubric.version,
            rubric.sha256,
            json.dumps(list(item.focus)),
            without_secrets(item.reason),
            item.requested_by,
            item.priority,
            item.inclusion_probability,
            item.overlap,
            item.queue,
            item.due_at,
            item.reopens,
            item.created_at,
        ),
    )
    item_id = int(cursor.fetchone()[0])
    assign_item(con, item_id, item.assigned)
    con.executemany(INSERT_SLOT, [(item_id, slot) for slot in range(item.overlap)])
    return item_id


def assign_item(con: Connection, item_id: int, names: Sequence[str]) -> None:
    """Mean an item for these people; none: for everybody."""
    con.execute(DELETE_ASSIGNEES, (item_id,))
    con.executemany(INSERT_ASSIGNEE, [(item_id, name) for name in names])


def set_due(con: Connection, item_id: int, due_at: str) -> None:
    """Change when an item should be answered."""
    con.execute(UPDATE_DUE, (due_at, item_id))


def get_item(con: Connection, item_id: int, *, now: str) -> ReviewItem:
    """One item.

    Raises:
        UnknownIdError: if there is no such item.
    """
    row = con.execute(f"{SELECT_ITEMS} WHERE item.id = ?", (now, item_id)).fetchone()
    if row is None:
        newest = con.execute("SELECT max(id) FROM review_item").fetchone()[0]
        known = f"newest: R{newest}" if newest else "nothing is queued yet"
        raise UnknownIdError("review item", f"R{item_id}", known=known, next_step="List the queue to see the ids.")
    return _item(row)


def list_items(
    con: Connection,
    *,
    now: str,
    states: Sequence[ItemState] = (ItemState.OPEN,),
    trace_id: int | None = None,
    project: str | None = None,
    open_to: str | None = None,
    meant_for: str | None = None,
    queue: str | None = None,
    limit: int = 50,
) -> list[ReviewItem]:
    """Items, the most urgent first, then the oldest.

    Args:
        con: An open connection.
        now: UTC text; a lease that ended before it does not count.
        states: Only these; empty for all.
        trace_id: Only about this trace.
        project: Only of this project.
        open_to: Fingerprint of a reviewer: only what they can still answer.
        meant_for: Name of a reviewer: only what is routed to them or to nobody.
        queue: Only of this queue.
        limit: At most so many.
    """
    where, values = ["1 = 1"], list[Any]()
    if states:
        where.append(f"item.state IN ({', '.join('?' * len(states))})")
        values += [state.value for state in states]
    if trace_id is not None:
        where.append("item.trace_id = ?")
        values.append(trace_id)
    if project is not None:
        where.append("item.project = ?")
        values.append(project)
    if open_to is not None:
        where.append(NOT_MINE)
        values += [open_to, open_to, open_to, now]
    if meant_for is not None:
        where.append(MEANT_FOR)
        values += [now, meant_for]
    if queue is not None:
        where.append("item.queue = ?")
        values.append(queue)
    statement = f"{SELECT_ITEMS} WHERE {' AND '.join(where)} ORDER BY item.priority DESC, item.id LIMIT ?"
    return [_item(row) for row in con.execute(statement, (now, *values, limit))]


def count_items(con: Connection) -> dict[ItemState, int]:
    """How many items stand where."""
    return {ItemState(state): count for state, count in con.execute(SELECT_COUNTS)}


def set_item_state(con: Connection, item_id: int, state: ItemState, note: str = "") -> None:
    """Move an item; `note` is the question back where it needs an answer."""
    con.execute(UPDATE_STATE, (state.value, without_secrets(note), item_id))


def add_slot(con: Connection, item_id: int, slot: int) -> None:
    """Ask for one more answer: an adjudicator's, after a dispute."""
    con.execute(INSERT_SLOT, (item_id, slot))


def state_after(labels: Sequence[Label], overlap: int) -> ItemState:
    """Where an item stands once these answers are signed.

    >>> state_after([Label.FAIL, Label.FAIL], 2).value, state_after([Label.FAIL, Label.PASS], 2).value
    ('decided', 'disputed')
    """
    if len(labels) < overlap:
        return ItemState.OPEN
    return ItemState.DECIDED if len(set(labels)) == 1 else ItemState.DISPUTED


def _item(row: Any) -> ReviewItem:
    return ReviewItem(
        id=row["id"],
        project=row["project"],
        question=row["question"],
        rubric=RubricRef(row["rubric_id"], row["rubric_version"], row["rubric_sha256"]),
        trace_id=row["trace_id"],
        session=row["session"],
        focus=tuple(json.loads(row["focus"])),
        reason=row["reason"],
        requested_by=row["requested_by"],
        priority=row["priority"],
        inclusion_probability=row["inclusion_probability"],
        overlap=row["overlap"],
        state=ItemState(row["state"]),
        note=row["note"],
        created_at=row["created_at"],
        queue=row["queue"],
        due_at=row["due_at"],
        assigned=tuple(sorted(json.loads(row["assigned"]))),
        reopens=row["reopens"],
        answered=row["answered"],
        claimed=row["claimed"],
    )
