"""What an assistant or a person noticed in a run, with words that stand in a step."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.text.secrets import without_secrets
from ..contract import Connection, Store
from ..fields import from_row, insert_numbered, values_of

SELECT_OBSERVATIONS = "SELECT * FROM observation WHERE {where} ORDER BY id DESC LIMIT :limit"


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
    """Keep an observation; returns its number."""
    words = {name: without_secrets(getattr(observation, name)) for name in ("quote", "label", "note")}
    return insert_numbered(con, "observation", values_of(observation, leave_out=("id",), **words))


def list_observations(store: Store, *, mode_id: int | None = None, limit: int = 50) -> list[Observation]:
    """Observations, newest first; of one mode, or all."""
    statement = SELECT_OBSERVATIONS.format(where="1 = 1" if mode_id is None else "mode_id = :mode")
    with store.read() as con:
        return [from_row(Observation, row) for row in con.execute(statement, {"mode": mode_id, "limit": limit})]
