"""Remove whole traces: their rows in every table that speaks of them, and the review items that nobody has judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..contract import Connection, Store
from ..traces.contents import marks
from ..traces.revisions import trace_rows
from .records import Occasion, insert_erasure, insert_tombstones, mark_trace
from .sweep import note_pending_sweep
from .tables import delete_rows, tables_with

ERASED_SUBJECT = "(erased)"
"""Stands as the session of a review item whose traces are gone."""
_KEPT = frozenset({"trace", "review_item", "tombstone"})
_KEPT_OF_JUDGED = frozenset({"review_slot", "review_assignee", "review_time", "queue_sample"})
"""Who answered, for how long, and with which chance an item was drawn: what statistics over verdicts rest on."""

SELECT_ITEMS = "SELECT id FROM review_item WHERE trace_id IN ({marks})"
SELECT_LONELY_SESSIONS = """
SELECT i.id FROM review_item i WHERE i.trace_id IS NULL AND i.session IS NOT NULL AND i.session <> ?
AND NOT EXISTS (SELECT 1 FROM trace t WHERE t.session = i.session AND t.project = i.project)
"""
SELECT_JUDGED_ITEMS = "SELECT DISTINCT item_id FROM verdict WHERE item_id IN ({marks})"
SELECT_VERDICTS = "SELECT DISTINCT verdict_id FROM verdict_subject WHERE trace_id IN ({marks})"
EMPTY_VERDICT = "UPDATE verdict SET record = NULL WHERE id = ? AND record IS NOT NULL"
EMPTY_COMPLETIONS = """
UPDATE completion SET record = NULL
WHERE record IS NOT NULL AND verdict_uid = (SELECT uid FROM verdict WHERE id = ?)
"""
BLANK_ITEM = """
UPDATE review_item SET trace_id = NULL, session = ?, focus = '[]', reason = '', note = '',
  state = CASE state WHEN 'decided' THEN state ELSE 'closed' END,
  question = CASE WHEN EXISTS (SELECT 1 FROM verdict v WHERE v.item_id = review_item.id AND v.record IS NOT NULL)
             THEN question ELSE '' END
WHERE id = ?
"""


class Removed(NamedTuple):
    """What one transaction took out."""

    traces: int
    spans: int
    verdicts: int
    """Verdict records that were emptied."""


def remove_traces(
    store: Store, trace_ids: Sequence[int], occasion: Occasion, *, with_verdicts: bool = False
) -> Removed:
    """Remove traces in one transaction; the contents that nothing else holds wait for `sweep`.

    A review item that people have judged stays without its subject; other items go. Verdict records stay (their
    signatures read `redacted`) unless they are to be emptied.

    Args:
        store: Where.
        trace_ids: At most some hundred, so that receivers get their turn; unknown ones are passed over.
        occasion: Why; goes into the tombstone.
        with_verdicts: Empty the verdict records on these traces as well; their hashes stay in the chain.
    """
    with store.write() as con:
        rows = trace_rows(con, trace_ids)
        if not rows:
            return Removed(0, 0, 0)
        con.execute("PRAGMA secure_delete=ON")
        con.execute("PRAGMA defer_foreign_keys=ON")
        note_pending_sweep(con)
        marked = [mark_trace(con, row["id"], row["project"], row["trace_key"]) for row in rows]
        found = [row["id"] for row in rows]
        emptied = _empty_verdicts(con, found) if with_verdicts else 0
        items = _ids(con, SELECT_ITEMS, found)
        _clear_items(con, items)
        for table in tables_with(con, "trace_id"):
            if table not in _KEPT:
                delete_rows(con, table, "trace_id", found)
        delete_rows(con, "trace", "id", found)
        _clear_items(con, [row[0] for row in con.execute(SELECT_LONELY_SESSIONS, (ERASED_SUBJECT,))])
        insert_tombstones(con, insert_erasure(con, occasion, marked), marked)
    return Removed(len(marked), sum(mark.spans for mark in marked), emptied)


def _empty_verdicts(con: Connection, trace_ids: Sequence[int]) -> int:
    found = _ids(con, SELECT_VERDICTS, trace_ids)
    con.executemany(EMPTY_COMPLETIONS, [(i,) for i in found])
    return sum(con.execute(EMPTY_VERDICT, (i,)).rowcount for i in found)


def _clear_items(con: Connection, items: Sequence[int]) -> None:
    """Blank the items that were judged, and remove the others."""
    if not items:
        return
    judged = set(_ids(con, SELECT_JUDGED_ITEMS, items))
    con.executemany(BLANK_ITEM, [(ERASED_SUBJECT, item) for item in items if item in judged])
    for table in tables_with(con, "item_id"):
        kept = judged if table in _KEPT_OF_JUDGED else set()
        delete_rows(con, table, "item_id", [item for item in items if item not in kept])
    delete_rows(con, "review_item", "id", [item for item in items if item not in judged])


def _ids(con: Connection, statement: str, values: Sequence[Any]) -> list[int]:
    if not values:
        return []
    return [row[0] for row in con.execute(statement.format(marks=marks(len(values))), values)]
