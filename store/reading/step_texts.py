"""The steps of a trace in words, as the faces put them: derived like signals, and kept per revision and wording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from ..contract import Connection, Store
from ..rows import Table, overwrite
from ..traces.compression import pack, unpack

SELECT = "SELECT steps FROM told_steps WHERE trace_id = :trace_id AND revision = :revision AND form = :form"


class ToldRow(NamedTuple):
    """The steps of a trace in words, as they are written."""

    trace_id: int
    revision: int
    form: int
    steps: bytes


TOLD_STEPS = Table("told_steps", ToldRow, overwrite(ToldRow, key=("trace_id",)))


def save_told_steps(
    con: Connection, trace_id: int, revision: int, form: int, steps: Sequence[Sequence[object]]
) -> None:
    """Keep a row a step, JSON-able, inside the caller's transaction; replaces what was kept of the trace."""
    con.insert_rows(TOLD_STEPS, [ToldRow(trace_id, revision, form, pack([list(step) for step in steps]))])


def load_told_steps(store: Store, trace_id: int, revision: int, form: int) -> list[list[Any]] | None:
    """The rows kept for this revision in this wording; None where there are none."""
    with store.read() as con:
        row = con.execute(SELECT, {"trace_id": trace_id, "revision": revision, "form": form}).fetchone()
    return None if row is None else cast(list[list[Any]], unpack(row["steps"]))
