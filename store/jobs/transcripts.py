"""What agents said and were told, as conversations in the messages format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from ...model.errors import UnknownIdError
from ...model.text.secrets import json_without_secrets
from ...model.traces import JsonValue
from ..contract import Connection, Store
from ..traces.compression import pack, unpack

INSERT_TRANSCRIPT = """
INSERT OR IGNORE INTO agent_transcript(trace_id, key, agent, model, created_at, record) VALUES (?, ?, ?, ?, ?, ?)
"""
SELECT_TRANSCRIPTS = """
SELECT id, trace_id, key, agent, model, created_at FROM agent_transcript WHERE {where} ORDER BY id DESC LIMIT ?
"""
SELECT_RECORD = "SELECT record FROM agent_transcript WHERE id = ?"


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """What is listed of a transcript. 3 is typed `A3`."""

    id: int
    trace_id: int | None
    key: str
    agent: str
    model: str
    created_at: str

    @property
    def short_id(self) -> str:
        return f"A{self.id}"


def insert_transcript(
    con: Connection,
    *,
    trace_id: int | None,
    key: str,
    agent: str,
    model: str,
    record: Mapping[str, JsonValue],
    now: str,
) -> None:
    """Keep a conversation in the messages format, without secrets; the same key is kept once."""
    con.execute(INSERT_TRANSCRIPT, (trace_id, key, agent, model, now, pack(json_without_secrets(dict(record)))))


def list_transcripts(store: Store, *, trace_id: int | None = None, limit: int = 50) -> list[TranscriptRow]:
    """Transcripts, newest first; only those about one trace where it is named."""
    where, values = ("1 = 1", []) if trace_id is None else ("trace_id = ?", [trace_id])
    with store.read() as con:
        rows = con.execute(SELECT_TRANSCRIPTS.format(where=where), (*values, limit)).fetchall()
    return [TranscriptRow(*row) for row in rows]


def transcript_record(store: Store, transcript_id: int) -> dict[str, JsonValue]:
    """One conversation in the messages format.

    Raises:
        UnknownIdError: if there is none.
    """
    with store.read() as con:
        row = con.execute(SELECT_RECORD, (transcript_id,)).fetchone()
        newest = con.execute("SELECT max(id) FROM agent_transcript").fetchone()[0]
    if row is None:
        known = f"newest: A{newest}" if newest else "no agent has run yet"
        raise UnknownIdError("transcript", f"A{transcript_id}", known=known, next_step="List them to find the id.")
    return cast(dict[str, JsonValue], unpack(row[0]))
