"""Signals as stored: cited by span id, so that a later revision cannot move them to another step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ...model.findings import CauseClass, Evidence, Signal, Suspect, SuspectReport
from ..contract import Connection, Store
from ..traces.compression import pack, unpack
from ..traces.contents import marks
from ..traces.revisions import step_index, trace_rows

_CHUNK = 900

DELETE_SIGNALS = "DELETE FROM signal WHERE trace_id = ?"
INSERT_SIGNAL = """
INSERT INTO signal(trace_id, position, signal, span_id, failure, strength, reason, evidence)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
SELECT_SIGNALS = "SELECT * FROM signal WHERE trace_id IN ({marks}) ORDER BY trace_id, position"
SET_ANALYSED = "UPDATE trace SET analysed_revision = ?, analysed_with = ? WHERE id = ?"
SELECT_STALE = """
SELECT id FROM trace WHERE dirty = 1 OR analysed_revision <> revision OR analysed_with IS NOT ? ORDER BY id LIMIT ?
"""
SELECT_STALE_OF = """
SELECT id FROM trace
WHERE id IN ({marks}) AND (dirty = 1 OR analysed_revision <> revision OR analysed_with IS NOT ?) ORDER BY id
"""
UPSERT_SUSPECTS = """
INSERT INTO suspect_cache(trace_id, key, report) VALUES (?, ?, ?)
ON CONFLICT(trace_id) DO UPDATE SET key = excluded.key, report = excluded.report
"""


def traces_to_analyse(store: Store, rules: str, limit: int, trace_ids: Sequence[int] | None = None) -> list[int]:
    """Traces (of these, or of all) whose signals are missing or were found by other rules, oldest first."""
    with store.read() as con:
        if trace_ids is None:
            return [row[0] for row in con.execute(SELECT_STALE, (rules, limit))]
        found: list[int] = []
        for start in range(0, len(trace_ids), _CHUNK):
            chunk = list(trace_ids[start : start + _CHUNK])
            found += [row[0] for row in con.execute(SELECT_STALE_OF.format(marks=marks(len(chunk))), (*chunk, rules))]
        return found[:limit]


def save_signals(
    con: Connection, trace_id: int, revision: int, rules: str, span_ids: Sequence[str], signals: Sequence[Signal]
) -> None:
    """Replace the signals of a trace, inside the caller's transaction; `span_ids` of its steps, in order."""
    con.execute(DELETE_SIGNALS, (trace_id,))
    con.executemany(
        INSERT_SIGNAL,
        [
            (
                trace_id,
                position,
                s.signal,
                None if s.step is None else span_ids[s.step],
                int(s.failure),
                s.strength,
                s.reason,
                orjson.dumps([[span_ids[e.step], e.quote, e.path] for e in s.evidence]).decode(),
            )
            for position, s in enumerate(signals)
        ],
    )
    con.execute(SET_ANALYSED, (revision, rules, trace_id))


def load_signals(store: Store, trace_ids: Sequence[int]) -> dict[int, tuple[Signal, ...]]:
    """Signals by trace, in the order they were found. Evidence whose span is no step any more is left out."""
    found: dict[int, list[Signal]] = {trace_id: [] for trace_id in trace_ids}
    with store.read() as con:
        for start in range(0, len(trace_ids), _CHUNK):
            chunk = list(trace_ids[start : start + _CHUNK])
            rows = con.execute(SELECT_SIGNALS.format(marks=marks(len(chunk))), chunk).fetchall()
            wanted = sorted({row["trace_id"] for row in rows})
            index = {row["id"]: step_index(row) for row in trace_rows(con, wanted)}
            for row in rows:
                found[row["trace_id"]].append(_signal(row, index[row["trace_id"]]))
    return {trace_id: tuple(signals) for trace_id, signals in found.items()}


def _signal(row: Any, index: Mapping[str, int]) -> Signal:
    evidence = tuple(
        Evidence(index[span_id], quote, path)
        for span_id, quote, path in orjson.loads(row["evidence"])
        if span_id in index
    )
    return Signal(
        row["signal"], index.get(row["span_id"]), bool(row["failure"]), row["reason"], evidence, row["strength"]
    )


def save_suspects(store: Store, trace_id: int, key: str, report: SuspectReport) -> None:
    """Keep a report; `key` names all that it was computed from."""
    record = {
        "enough": report.enough_evidence,
        "note": report.note,
        "suspects": [
            [s.step, s.agent, s.cause.value, s.score, list(s.reasons), [[e.step, e.quote, e.path] for e in s.evidence]]
            for s in report.suspects
        ],
    }
    with store.write() as con:
        con.execute(UPSERT_SUSPECTS, (trace_id, key, pack(record)))


def load_suspects(store: Store, trace_id: int, key: str) -> SuspectReport | None:
    """The kept report, if it was computed from the same."""
    with store.read() as con:
        row = con.execute("SELECT key, report FROM suspect_cache WHERE trace_id = ?", (trace_id,)).fetchone()
    if row is None or row["key"] != key:
        return None
    record: Any = unpack(row["report"])
    suspects = tuple(
        Suspect(step, agent, CauseClass(cause), score, tuple(reasons), tuple(Evidence(*e) for e in evidence))
        for step, agent, cause, score, reasons, evidence in record["suspects"]
    )
    return SuspectReport(record["enough"], suspects, record["note"])
