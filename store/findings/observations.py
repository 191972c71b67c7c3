"""What an assistant or a person noticed in a run, with words that stand in a step."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.text.secrets import without_secrets
from ..contract import Connection, Store

INSERT_OBSERVATION = """
INSERT INTO observation(trace_id, mode_id, span_id, quote, label, note, good, observed_by, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
RETURNING id
"""
SELECT_OBSERVATIONS = "SELECT * FROM observation WHERE {where} ORDER BY id DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing noticed in one step."""

    id: int
    trace_id: int
    mode_id: int
    span_id: str
    quote: str
    """Words that stand in the step, letter for letter."""
    label: str
    """What was noticed, in a few words; equal labels share a mode."""
    note: str
    good: bool
    observed_by: str
    created_at: str

    @property
    def short_id(self) -> str:
        return f"O{self.id}"


def insert_observation(con: Connection, observation: Observation) -> int:
    """Keep an observation, without secrets; returns its number."""
    o = observation
    quote, label, note = map(without_secrets, (o.quote, o.label, o.note))
    values = (o.trace_id, o.mode_id, o.span_id, quote, label, note, int(o.good), o.observed_by, o.created_at)
    return int(con.execute(INSERT_OBSERVATION, values).fetchone()[0])


def list_observations(store: Store, *, mode_id: int | None = None, limit: int = 50) -> list[Observation]:
    """Observations, newest first; of one mode, or all."""
    where, values = ("1 = 1", ()) if mode_id is None else ("mode_id = ?", (mode_id,))
    with store.read() as con:
        return [
            Observation(
                row["id"],
                row["trace_id"],
                row["mode_id"],
                row["span_id"],
                row["quote"],
                row["label"],
                row["note"],
                bool(row["good"]),
                row["observed_by"],
                row["created_at"],
            )
            for row in con.execute(SELECT_OBSERVATIONS.format(where=where), (*values, limit))
        ]
