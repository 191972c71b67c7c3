"""What an erasure leaves behind: who took out what and why, hashes of it, a link in the chain, and no payload."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ...model.text.jsontext import canonical
from ..audit.chain import append_link, record_sha256
from ..contract import Connection, Store
from ..rows import KEEP_FIRST, Table, overwrite
from ..traces.spans import span_digests

ErasureKind = Literal["delete", "prune", "redact"]

INSERT_ERASURE = "INSERT INTO erasure(uid, kind, at, record) VALUES (:uid, :kind, :at, :record) RETURNING id"
SELECT_ERASURES = "SELECT id, kind, at, record FROM erasure ORDER BY id DESC LIMIT :most"
SELECT_REDACTED = "SELECT span_id FROM redacted_span WHERE trace_id = :trace_id"
SELECT_TOMBSTONES = "SELECT key_sha256 FROM tombstone WHERE key_sha256 IN :hashes"


class _TombstoneRow(NamedTuple):
    """A trace that is gone, as it is remembered."""

    trace_id: int
    erasure_id: int
    key_sha256: bytes


class _RedactedRow(NamedTuple):
    """A span that is no longer what may have been signed."""

    trace_id: int
    span_id: str
    erasure_id: int


_TOMBSTONES = Table("tombstone", _TombstoneRow, overwrite(_TombstoneRow, key=("trace_id",)))
_REDACTED = Table("redacted_span", _RedactedRow, KEEP_FIRST)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why something is erased, as the tombstone keeps it. It must hold nothing of what is erased."""

    kind: ErasureKind
    scope: str
    """How the traces were named, without the name: `user`, `session`, `trace`, `older than 90d`."""
    who: str
    reason: str
    at: str
    """UTC text."""


@dataclass(frozen=True, slots=True)
class TraceMark:
    """One trace of an erasure."""

    trace_id: int
    key_sha256: bytes
    content_sha256: str
    spans: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure as it is listed."""

    id: int
    kind: str
    at: str
    scope: str
    who: str
    reason: str
    traces: int
    spans: int


def key_sha256(project: str, trace_key: str) -> bytes:
    """The hash under which a trace is remembered after it has gone."""
    return hashlib.sha256(canonical([project, trace_key])).digest()


def mark_trace(con: Connection, trace_id: int, project: str, trace_key: str) -> TraceMark:
    """Hashes of a trace as it is now."""
    spans = [[span_id, digest.hex()] for span_id, digest in sorted(span_digests(con, trace_id).items())]
    content = hashlib.sha256(canonical(spans)).hexdigest()
    return TraceMark(trace_id, key_sha256(project, trace_key), content, len(spans))


def insert_erasure(con: Connection, occasion: Occasion, marked: Sequence[TraceMark]) -> int:
    """Keep the record of an erasure and link it into the chain, in the transaction that erases; returns its id."""
    record: dict[str, Any] = {
        "kind": occasion.kind,
        "scope": occasion.scope,
        "who": occasion.who,
        "reason": occasion.reason,
        "at": occasion.at,
        "traces": [
            {
                "id": f"T{mark.trace_id}",
                "key": mark.key_sha256.hex(),
                "content": mark.content_sha256,
                "spans": mark.spans,
            }
            for mark in marked
        ],
    }
    text = canonical(record).decode()
    uid = secrets.token_hex(8)
    values = {"uid": uid, "kind": occasion.kind, "at": occasion.at, "record": text}
    erasure_id = int(con.execute(INSERT_ERASURE, values).fetchone()["id"])
    append_link(con, kind="erasure", subject=uid, sha256=record_sha256(text), at=occasion.at)
    return erasure_id


def insert_tombstones(con: Connection, erasure_id: int, marked: Iterable[TraceMark]) -> None:
    """Remember traces that are gone."""
    con.insert_rows(_TOMBSTONES, [_TombstoneRow(mark.trace_id, erasure_id, mark.key_sha256) for mark in marked])


def insert_redacted(con: Connection, erasure_id: int, trace_id: int, span_ids: Iterable[str]) -> None:
    """Remember spans whose content is no longer what may have been signed."""
    con.insert_rows(_REDACTED, [_RedactedRow(trace_id, span_id, erasure_id) for span_id in span_ids])


def redacted_spans(con: Connection, trace_id: int) -> frozenset[str]:
    """Span ids of a trace that a later redaction has changed."""
    return frozenset(row["span_id"] for row in con.execute(SELECT_REDACTED, {"trace_id": trace_id}))


def erased_keys(store: Store, project: str, trace_keys: Sequence[str]) -> set[str]:
    """Which of these traces were once taken out of the store on purpose."""
    hashes = {key_sha256(project, key): key for key in trace_keys}
    with store.read() as con:
        rows = con.execute(SELECT_TOMBSTONES, {"hashes": list(hashes)})
        return {hashes[row["key_sha256"]] for row in rows}


def list_erasures(store: Store, limit: int = 50) -> list[Erasure]:
    """Erasures, newest first."""
    with store.read() as con:
        rows = con.execute(SELECT_ERASURES, {"most": limit}).fetchall()
    return [_erasure(row) for row in rows]


def _erasure(row: Any) -> Erasure:
    record = json.loads(row["record"])
    traces = record["traces"]
    return Erasure(
        row["id"],
        row["kind"],
        row["at"],
        record["scope"],
        record["who"],
        record["reason"],
        len(traces),
        sum(trace["spans"] for trace in traces),
    )
