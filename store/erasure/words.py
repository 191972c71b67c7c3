"""Change what people and agents wrote that hangs on no single run: drafts, names of modes, conversations, questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...knowledge.documents import text_sha256
from ...model.traces import JsonValue
from ..contract import Connection, Store
from ..traces.compression import pack, unpack
from .sweep import note_pending_sweep

Change = Callable[[JsonValue], JsonValue]
"""Returns what it was given, or a copy without what has to go."""


class _Words(NamedTuple):
    """Columns with words, and which rows of a table hold them as their own."""

    table: str
    columns: tuple[str, ...]
    where: str = "1 = 1"
    key: str = "id"


_OF_NO_RUN = "trace_id IS NULL"
_ITEM_OF_NO_RUN = "item_id IN (SELECT id FROM review_item WHERE trace_id IS NULL)"
WORDS = (
    _Words("knowledge_file", ("text",), "folder = ''"),
    _Words("failure_mode", ("name", "proposed_name")),
    _Words("mode_event", ("note",)),
    _Words("digest_run", ("state",)),
    _Words("agent_job", ("params",)),
    _Words("agent_transcript", ("record",), _OF_NO_RUN),
    _Words("proposal", ("explanation", "cited"), _OF_NO_RUN),
    _Words("review_item", ("question", "reason", "note"), _OF_NO_RUN),
    _Words("review_question", ("question", "answer"), _ITEM_OF_NO_RUN),
    _Words("review_comment", ("text",), _ITEM_OF_NO_RUN),
    _Words("review_draft", ("first", "final"), _ITEM_OF_NO_RUN, "rowid"),
    _Words("review_skip", ("reason",), _ITEM_OF_NO_RUN, "rowid"),
    _Words("review_typed", ("fields",), _ITEM_OF_NO_RUN, "rowid"),
    _Words("experiment", ("report",)),
    _Words("experiment_run", ("checks", "error")),
)


def change_words(store: Store, change: Change, *, dry_run: bool = False) -> int:
    """Apply `change` to these words; returns how many texts it changes. A draft keeps the name of its file.

    Cost: reads each of the tables once.
    """
    with store.read() as con:
        found = [(words, *hit) for words in WORDS for hit in _hits(con, words, change)]
    if found and not dry_run:
        with store.write() as con:
            store.erasing.begin(con)
            note_pending_sweep(con)
            for words, column, key, value in found:
                statement = f"UPDATE {words.table} SET {column} = :value WHERE {words.key} = :key"  # noqa: S608
                con.execute(statement, {"value": value, "key": key})
                if words.table == "knowledge_file":
                    digest = {"sha256": text_sha256(value), "key": key}
                    con.execute("UPDATE knowledge_file SET sha256 = :sha256, parsed = NULL WHERE id = :key", digest)
    return len(found)


def _hits(con: Connection, words: _Words, change: Change) -> list[tuple[str, int, Any]]:
    """Column, key and new value of each text that changes."""
    found: list[tuple[str, int, Any]] = []
    for column in words.columns:
        statement = f"SELECT {words.key}, {column} FROM {words.table} WHERE {words.where}"  # noqa: S608
        for key, stored in con.execute(statement):
            if isinstance(stored, bytes):
                value = unpack(stored)
                changed = change(value)
                if changed != value:
                    found.append((column, key, pack(changed)))
            elif stored and (changed := change(stored)) != stored:
                found.append((column, key, changed))
    return found
