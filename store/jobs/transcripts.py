"""What agents said and were told, as conversations in the messages format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from ...model.errors import UnknownIdError
from ...model.text.secrets import json_without_secrets
from ...model.traces import JsonValue
from ..contract import Connection, Store
from ..fields import from_row, insert_row
from ..traces.compression import pack, unpack

SELECT_TRANSCRIPTS = """
SELECT id, trace_id, key, agent, model, created_at FROM agent_transcript WHERE {where} ORDER BY id DESC LIMIT :limit
"""
SELECT_RECORD = "SELECT record FROM agent_transcript WHERE id = :transcript"


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
    row = {"trace_id": trace_id, "key": key, "agent": agent, "model": model, "created_at": now}
    insert_row(
        con,
        "agent_transcript",
        row | {"record": pack(json_without_secrets(dict(record)))},
        "ON CONFLICT(key) DO NOTHING",
    )


def list_transcripts(store: Store, *, trace_id: int | None = None, limit: int = 50) -> list[TranscriptRow]:
    """Transcripts, newest first; only those about one trace where it is named."""
    statement = SELECT_TRANSCRIPTS.format(where="1 = 1" if trace_id is None else "trace_id = :trace")
    with store.read() as con:
        rows = con.execute(statement, {"trace": trace_id, "limit": limit}).fetchall()
    return [from_row(TranscriptRow, row) for row in rows]


def transcript_record(store: Store, transcript_id: int) -> dict[str, JsonValue]:
    """One conversation in the messages format.

    Raises:
        UnknownIdError: if there is none.
    """
    with store.read() as con:
        row = con.execute(SELECT_RECORD, {"transcript": transcript_id}).fetchone()
        newest = con.execute("SELECT max(id) AS newest FROM agent_transcript").fetchone()["newest"]
    if row is None:
        known = f"newest: A{newest}" if newest else "no agent has run yet"
        raise UnknownIdError("transcript", f"A{transcript_id}", known=known, next_step="List them to find the id.")
    return cast(dict[str, JsonValue], unpack(row["record"]))
