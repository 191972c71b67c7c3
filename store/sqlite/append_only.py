"""Tables that only grow, in SQLite: triggers that refuse UPDATE, DELETE and the replacing INSERT.

They stop mistakes and ordinary programs; whoever may change the file may drop a trigger, which `audit verify` tells.
"""

from __future__ import annotations

from collections.abc import Iterator

APPEND_ONLY = {
    "chain": "seq = NEW.seq",
    "verdict": "id = NEW.id OR uid = NEW.uid",
    "verdict_subject": "trace_id = NEW.trace_id AND verdict_id = NEW.verdict_id",
    "trust_record": "id = NEW.id",
    "rubric_version": "id = NEW.id",
}
"""Table, and which row an INSERT OR REPLACE would remove; a delete trigger does not see that removal."""
_TOMBSTONE = {
    "verdict": "WHEN NEW.record IS NOT NULL OR NEW.id <> OLD.id OR NEW.uid <> OLD.uid "
    "OR NEW.created_at <> OLD.created_at OR NEW.item_id IS NOT OLD.item_id",
    "completion": "WHEN NEW.record IS NOT NULL OR NEW.id <> OLD.id OR NEW.uid <> OLD.uid "
    "OR NEW.verdict_uid <> OLD.verdict_uid OR NEW.created_at <> OLD.created_at",
}
"""The record may be emptied, as a tombstone; its hash stays in the chain."""
SELECT_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
_LATER = ("erasure", "completion", "access_log")
"""Tables that came after the first revision, each guarded by its own."""


def append_only_triggers() -> Iterator[str]:
    """The statements that guard the tables above."""
    for table, same_row in APPEND_ONLY.items():
        yield from guard_table(table, same_row)


def guard_table(table: str, same_row: str) -> Iterator[str]:
    """The statements that guard one table.

    Args:
        table: Its name.
        same_row: Which row an INSERT OR REPLACE would remove.
    """
    yield _guard(table, "delete", "")
    yield _guard(table, "update", _TOMBSTONE.get(table, ""))
    yield _guard(table, "insert", f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same_row})")  # noqa: S608


def guard_completions() -> Iterator[str]:
    """The statements that guard the engineers' parts of verdicts."""
    return guard_table("completion", "id = NEW.id OR uid = NEW.uid")


def trigger_names() -> frozenset[str]:
    """The triggers that a sound store has."""
    return frozenset(
        f"{table}_no_{event}" for table in (*APPEND_ONLY, *_LATER) for event in ("update", "delete", "insert")
    )


def _guard(table: str, event: str, condition: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )
