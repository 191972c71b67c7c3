"""Signals as stored: cited by span id, so that a later revision cannot move them to another step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from ...model.findings import Evidence, Signal, Suspect, SuspectReport
from ..contract import Connection, Store
from ..fields import from_row, insert_many, upsert_row, values_of
from ..traces.compression import pack, unpack
from ..traces.revisions import step_index, trace_rows

DELETE_SIGNALS = "DELETE FROM signal WHERE trace_id = :trace"
SELECT_SIGNALS = "SELECT * FROM signal WHERE trace_id IN :traces ORDER BY trace_id, position"
FORGET_RULES = "UPDATE trace SET analysed_with = NULL WHERE id IN :traces"
FORGET_PLACES = "UPDATE trace_features SET rules = '' WHERE trace_id IN :traces"
SET_ANALYSED = "UPDATE trace SET analysed_revision = :revision, analysed_with = :rules WHERE id = :trace"
_STALE = "(dirty = 1 OR analysed_revision <> revision OR analysed_with IS DISTINCT FROM :rules)"
SELECT_STALE = f"SELECT id FROM trace WHERE {_STALE} ORDER BY id LIMIT :limit"  # noqa: S608
SELECT_STALE_OF = f"SELECT id FROM trace WHERE id IN :traces AND {_STALE} ORDER BY id LIMIT :limit"  # noqa: S608
SELECT_ALL_SUSPECTS = "SELECT trace_id, key, report FROM suspect_cache ORDER BY trace_id"
SELECT_SUSPECTS = "SELECT report FROM suspect_cache WHERE trace_id = :trace AND key = :key"
_FORM = "by name "
"""Part of a kept report's key, so that one in an older form is worked out anew."""


def traces_to_analyse(store: Store, rules: str, limit: int, trace_ids: Sequence[int] | None = None) -> list[int]:
    """Traces (of these, or of all) whose signals are missing or were found by other rules, oldest first."""
    with store.read() as con:
        statement = SELECT_STALE if trace_ids is None else SELECT_STALE_OF
        rows = con.execute(statement, {"traces": trace_ids, "rules": rules, "limit": limit})
        return [row["id"] for row in rows]


def save_signals(
    con: Connection, trace_id: int, revision: int, rules: str, span_ids: Sequence[str], signals: Sequence[Signal]
) -> None:
    """Replace the signals of a trace, inside the caller's transaction; `span_ids` of its steps, in order."""
    con.execute(DELETE_SIGNALS, {"trace": trace_id})
    rows = [
        values_of(
            found,
            leave_out=("step",),
            trace_id=trace_id,
            position=position,
            span_id=None if found.step is None else span_ids[found.step],
            evidence=orjson.dumps([_cited(entry, span_ids) for entry in found.evidence]).decode(),
        )
        for position, found in enumerate(signals)
    ]
    insert_many(con, "signal", rows)
    con.execute(SET_ANALYSED, {"revision": revision, "rules": rules, "trace": trace_id})


def look_again(con: Connection, trace_ids: Sequence[int]) -> None:
    """Have these traces analysed anew, and then placed in failure modes anew, as if other rules had found theirs."""
    con.execute(FORGET_RULES, {"traces": list(trace_ids)})
    con.execute(FORGET_PLACES, {"traces": list(trace_ids)})


def load_signals(store: Store, trace_ids: Sequence[int]) -> dict[int, tuple[Signal, ...]]:
    """Signals by trace, in the order they were found. Evidence whose span is no step any more is left out."""
    found: dict[int, list[Signal]] = {trace_id: [] for trace_id in trace_ids}
    with store.read() as con:
        rows = con.execute(SELECT_SIGNALS, {"traces": trace_ids}).fetchall()
        wanted = sorted({row["trace_id"] for row in rows})
        index = {row["id"]: step_index(row) for row in trace_rows(con, wanted)}
    for row in rows:
        found[row["trace_id"]].append(_signal(row, index[row["trace_id"]]))
    return {trace_id: tuple(signals) for trace_id, signals in found.items()}


def _signal(row: Any, index: Mapping[str, int]) -> Signal:
    kept = [_by_name(entry) for entry in orjson.loads(row["evidence"])]
    evidence = tuple(_evidence(entry, index[entry["span_id"]]) for entry in kept if entry["span_id"] in index)
    return from_row(Signal, row, step=index.get(row["span_id"]), evidence=evidence)


def _cited(entry: Evidence, span_ids: Sequence[str]) -> dict[str, Any]:
    return values_of(entry, leave_out=("step",), span_id=span_ids[entry.step])


def _by_name(entry: dict[str, Any] | list[Any]) -> dict[str, Any]:
    # Older versions kept three parts by their place.
    return dict(zip(("span_id", "quote", "path"), entry, strict=True)) if isinstance(entry, list) else entry


def _evidence(entry: Mapping[str, Any], step: int) -> Evidence:
    return Evidence(step=step, **{name: value for name, value in entry.items() if name != "span_id"})


def save_suspects(store: Store, trace_id: int, key: str, report: SuspectReport) -> None:
    """Keep a report; `key` names all that it was computed from."""
    suspects = [
        values_of(entry, reasons=list(entry.reasons), evidence=[values_of(cited) for cited in entry.evidence])
        for entry in report.suspects
    ]
    record = pack(values_of(report, suspects=suspects))
    with store.write() as con:
        row = {"trace_id": trace_id, "key": _FORM + key, "report": record}
        upsert_row(con, "suspect_cache", row, key=("trace_id",))


def load_suspects(store: Store, trace_id: int, key: str) -> SuspectReport | None:
    """The kept report, if it was computed from the same."""
    with store.read() as con:
        row = con.execute(SELECT_SUSPECTS, {"trace": trace_id, "key": _FORM + key}).fetchone()
    return None if row is None else _report(row["report"])


def all_suspects(store: Store) -> list[tuple[int, SuspectReport]]:
    """The report last kept of each run that was explained, by trace; those of a former form are left out."""
    with store.read() as con:
        rows = con.execute(SELECT_ALL_SUSPECTS).fetchall()
    return [(row["trace_id"], _report(row["report"])) for row in rows if row["key"].startswith(_FORM)]


def _report(packed: bytes) -> SuspectReport:
    record: Any = unpack(packed)
    return from_row(SuspectReport, record, suspects=tuple(_suspect(entry) for entry in record["suspects"]))


def _suspect(entry: Mapping[str, Any]) -> Suspect:
    evidence = tuple(from_row(Evidence, cited) for cited in entry["evidence"])
    return from_row(Suspect, entry, reasons=tuple(entry["reasons"]), evidence=evidence)
