"""The review queue: what is asked, about which trace or session, and where it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...model.errors import UnknownIdError
from ...model.reviews import ItemState, Label, ReviewItem, RubricRef
from ...model.text.secrets import without_secrets
from ..contract import Connection
from ..fields import from_row, insert_many, insert_numbered, insert_row, values_of

DELETE_ASSIGNEES = "DELETE FROM review_assignee WHERE item_id = :item"
SELECT_ASSIGNEES = "SELECT item_id, name FROM review_assignee WHERE item_id IN :items ORDER BY item_id, name"
SELECT_ITEMS = """
SELECT item.*,
  (SELECT count(*) FROM review_slot s WHERE s.item_id = item.id AND s.state = 'answered') AS answered,
  (SELECT count(*) FROM review_slot s WHERE s.item_id = item.id AND s.state = 'claimed' AND s.lease_until > :now)
    AS claimed
FROM review_item item
"""
SELECT_SAME = """
SELECT id FROM review_item
WHERE question = :question AND rubric_id = :rubric_id AND rubric_version = :rubric_version AND state IN :states
  AND trace_id IS NOT DISTINCT FROM :trace_id AND session IS NOT DISTINCT FROM :session AND project = :project
ORDER BY id LIMIT 1
"""
SELECT_COUNTS = "SELECT state, count(*) AS items FROM review_item GROUP BY state"
UPDATE_STATE = "UPDATE review_item SET state = :state, note = :note WHERE id = :item"
UPDATE_DUE = "UPDATE review_item SET due_at = :due_at WHERE id = :item"
UPDATE_DECIDES = "UPDATE review_item SET decides = :decides WHERE id = :item"
UPDATE_PRIORITY = "UPDATE review_item SET priority = :priority WHERE id = :item AND priority < :priority"
NOT_MINE = """
NOT EXISTS (SELECT 1 FROM review_skip k WHERE k.item_id = item.id AND k.reviewer = :open_to)
AND NOT EXISTS (SELECT 1 FROM review_slot s WHERE s.item_id = item.id AND s.holder = :open_to AND s.state = 'answered')
AND EXISTS (SELECT 1 FROM review_slot s WHERE s.item_id = item.id
            AND (s.state = 'open' OR (s.state = 'claimed' AND (s.holder = :open_to OR s.lease_until <= :now))))
"""
"""What a reviewer can still answer: not skipped, not answered by them, and a slot is free or theirs."""
MEANT_FOR = """
(item.state = 'disputed' OR item.due_at <= :now
 OR NOT EXISTS (SELECT 1 FROM review_assignee a WHERE a.item_id = item.id)
 OR EXISTS (SELECT 1 FROM review_assignee a WHERE a.item_id = item.id AND lower(a.name) = lower(:meant_for)))
"""
"""Routing holds until an item is due, so that nobody's holiday stops it; a dispute is for somebody else anyway."""
_ONLY = {
    "states": "item.state IN :states",
    "trace_id": "item.trace_id = :trace_id",
    "project": "item.project = :project",
    "open_to": NOT_MINE,
    "meant_for": MEANT_FOR,
    "queue": "item.queue = :queue",
}


def insert_item(con: Connection, item: ReviewItem) -> int:
    """Queue an item, or find the open one that asks the same; returns its id.

    A repeated request raises the priority where it asks for a higher one, and changes nothing else. What is queued has
    no secrets in its words.
    """
    item = replace(item, question=without_secrets(item.question), reason=without_secrets(item.reason))
    same = same_item(con, item, states=(ItemState.OPEN, ItemState.NEEDS_ANSWER))
    if same is not None:
        con.execute(UPDATE_PRIORITY, {"priority": item.priority, "item": same})
        return same
    item_id = insert_numbered(con, "review_item", _values(item) | {"state": ItemState.OPEN.value})
    assign_item(con, item_id, item.assigned)
    for slot in range(item.overlap):
        add_slot(con, item_id, slot)
    return item_id


def same_item(con: Connection, item: ReviewItem, *, states: Sequence[ItemState]) -> int | None:
    """The oldest item in one of these states that asks the same of the same subject."""
    row = con.execute(SELECT_SAME, _values(item) | {"states": [state.value for state in states]}).fetchone()
    return None if row is None else int(row["id"])


def assign_item(con: Connection, item_id: int, names: Sequence[str]) -> None:
    """Mean an item for these people; none: for everybody."""
    con.execute(DELETE_ASSIGNEES, {"item": item_id})
    insert_many(con, "review_assignee", [{"item_id": item_id, "name": name} for name in dict.fromkeys(names)])


def set_due(con: Connection, item_id: int, due_at: str) -> None:
    """Change when an item should be answered."""
    con.execute(UPDATE_DUE, {"due_at": due_at, "item": item_id})


def set_decides(con: Connection, item_id: int, who: str) -> None:
    """Note who said that the answer decides the outcome of the run; empty takes it back."""
    con.execute(UPDATE_DECIDES, {"decides": who, "item": item_id})


def get_item(con: Connection, item_id: int, *, now: str) -> ReviewItem:
    """One item.

    Raises:
        UnknownIdError: if there is no such item.
    """
    found = _items(con, f"{SELECT_ITEMS} WHERE item.id = :item", {"now": now, "item": item_id})
    if not found:
        newest = con.execute("SELECT max(id) AS newest FROM review_item").fetchone()["newest"]
        known = f"newest: R{newest}" if newest else "nothing is queued yet"
        raise UnknownIdError("review item", f"R{item_id}", known=known, next_step="List the queue to see the ids.")
    return found[0]


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
    given = {
        "states": [state.value for state in states] or None,
        "trace_id": trace_id,
        "project": project,
        "open_to": open_to,
        "meant_for": meant_for,
        "queue": queue,
    }
    where = " AND ".join(_ONLY[name] for name, value in given.items() if value is not None) or "1 = 1"
    statement = f"{SELECT_ITEMS} WHERE {where} ORDER BY item.priority DESC, item.id LIMIT :limit"
    return _items(con, statement, given | {"now": now, "limit": limit})


def count_items(con: Connection) -> dict[ItemState, int]:
    """How many items stand where."""
    return {ItemState(row["state"]): row["items"] for row in con.execute(SELECT_COUNTS)}


def set_item_state(con: Connection, item_id: int, state: ItemState, note: str = "") -> None:
    """Move an item; `note` is the question back where it needs an answer."""
    con.execute(UPDATE_STATE, {"state": state.value, "note": without_secrets(note), "item": item_id})


def add_slot(con: Connection, item_id: int, slot: int) -> None:
    """Ask for one more answer: an adjudicator's, after a dispute."""
    insert_row(con, "review_slot", {"item_id": item_id, "slot": slot, "state": "open"})


def state_after(labels: Sequence[Label], overlap: int) -> ItemState:
    """Where an item stands once these answers are signed.

    >>> state_after([Label.FAIL, Label.FAIL], 2).value, state_after([Label.FAIL, Label.PASS], 2).value
    ('decided', 'disputed')
    """
    if len(labels) < overlap:
        return ItemState.OPEN
    return ItemState.DECIDED if len(set(labels)) == 1 else ItemState.DISPUTED


def _items(con: Connection, statement: str, values: Mapping[str, Any]) -> list[ReviewItem]:
    rows = con.execute(statement, values).fetchall()
    assigned: dict[int, list[str]] = {}
    for row in con.execute(SELECT_ASSIGNEES, {"items": [row["id"] for row in rows]}):
        assigned.setdefault(row["item_id"], []).append(row["name"])
    return [_item(row, sorted(assigned.get(row["id"], ()))) for row in rows]


def _item(row: Any, assigned: Sequence[str]) -> ReviewItem:
    rubric = RubricRef(id=row["rubric_id"], version=row["rubric_version"], sha256=row["rubric_sha256"])
    return from_row(ReviewItem, row, rubric=rubric, focus=tuple(json.loads(row["focus"])), assigned=tuple(assigned))


def _values(item: ReviewItem) -> dict[str, Any]:
    """The columns of an item. What is counted or stands in tables of its own is left out."""
    return values_of(
        item,
        leave_out=("id", "rubric", "assigned", "answered", "claimed", "altered"),
        rubric_id=item.rubric.id,
        rubric_version=item.rubric.version,
        rubric_sha256=item.rubric.sha256,
        focus=json.dumps(list(item.focus)),
    )
