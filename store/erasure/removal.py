"""Remove whole traces: their rows in every table that speaks of them, and the review items that nobody has judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..contract import Connection, Store
from ..traces.revisions import trace_rows
from .records import Occasion, insert_erasure, insert_tombstones, mark_trace
from .sweep import note_pending_sweep
from .tables import delete_rows

ERASED_SUBJECT = "(erased)"
"""Stands as the session of a review item whose traces are gone."""
_KEPT = frozenset({"trace", "review_item", "tombstone"})
_KEPT_OF_JUDGED = frozenset({"review_slot", "review_assignee", "review_time", "queue_sample"})
"""Who answered, for how long, and with which chance an item was drawn: what statistics over verdicts rest on."""

SELECT_ITEMS = "SELECT id FROM review_item WHERE trace_id IN :ids"
SELECT_LONELY_SESSIONS = """
SELECT i.id FROM review_item i WHERE i.trace_id IS NULL AND i.session IS NOT NULL AND i.session <> :erased
AND NOT EXISTS (SELECT 1 FROM trace t WHERE t.session = i.session AND t.project = i.project)
"""
SELECT_JUDGED_ITEMS = "SELECT DISTINCT item_id AS id FROM verdict WHERE item_id IN :ids"
SELECT_VERDICTS = "SELECT DISTINCT verdict_id AS id FROM verdict_subject WHERE trace_id IN :ids"
EMPTY_VERDICTS = "UPDATE verdict SET record = NULL WHERE id IN :ids AND record IS NOT NULL"
EMPTY_COMPLETIONS = """
UPDATE completion SET record = NULL
WHERE record IS NOT NULL AND verdict_uid IN (SELECT uid FROM verdict WHERE id IN :ids)
"""
BLANK_ITEMS = """
UPDATE review_item SET trace_id = NULL, session = :erased, focus = '[]', reason = '', note = '',
  state = CASE state WHEN 'decided' THEN state ELSE 'closed' END,
  question = CASE WHEN EXISTS (SELECT 1 FROM verdict v WHERE v.item_id = review_item.id AND v.record IS NOT NULL)
             THEN question ELSE '' END
WHERE id IN :ids
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
        store.erasing.begin(con)
        note_pending_sweep(con)
        marked = [mark_trace(con, row["id"], row["project"], row["trace_key"]) for row in rows]
        found = [row["id"] for row in rows]
        emptied = _empty_verdicts(con, found) if with_verdicts else 0
        items = _ids(con, SELECT_ITEMS, found)
        _clear_items(store, con, items)
        for table in store.erasing.tables_with(con, "trace_id"):
            if table not in _KEPT:
                delete_rows(con, table, "trace_id", found)
        delete_rows(con, "trace", "id", found)
        lonely = con.execute(SELECT_LONELY_SESSIONS, {"erased": ERASED_SUBJECT}).fetchall()
        _clear_items(store, con, [row["id"] for row in lonely])
        insert_tombstones(con, insert_erasure(con, occasion, marked), marked)
    return Removed(len(marked), sum(mark.spans for mark in marked), emptied)


def _empty_verdicts(con: Connection, trace_ids: Sequence[int]) -> int:
    asked = {"ids": _ids(con, SELECT_VERDICTS, trace_ids)}
    con.execute(EMPTY_COMPLETIONS, asked)
    return con.execute(EMPTY_VERDICTS, asked).rowcount


def _clear_items(store: Store, con: Connection, items: Sequence[int]) -> None:
    """Blank the items that were judged, and remove the others."""
    if not items:
        return
    judged = set(_ids(con, SELECT_JUDGED_ITEMS, items))
    con.execute(BLANK_ITEMS, {"erased": ERASED_SUBJECT, "ids": judged})
    for table in store.erasing.tables_with(con, "item_id"):
        kept = judged if table in _KEPT_OF_JUDGED else set()
        delete_rows(con, table, "item_id", [item for item in items if item not in kept])
    delete_rows(con, "review_item", "id", [item for item in items if item not in judged])


def _ids(con: Connection, statement: str, asked: Sequence[int]) -> list[int]:
    return [row["id"] for row in con.execute(statement, {"ids": asked})]
