"""Whether there are new verdicts since one last looked: a count is cheaper than reading them."""

from __future__ import annotations

from typing import NamedTuple

from ..contract import Store

COUNT_VERDICTS = "SELECT count(*) AS verdicts, max(id) AS newest FROM verdict"


class VerdictCount(NamedTuple):
    """How many verdicts there are, valid or not."""

    verdicts: int
    newest: int | None
    """The highest id."""


def count_verdicts(store: Store) -> VerdictCount:
    """Count the verdicts."""
    with store.read() as con:
        row = con.execute(COUNT_VERDICTS).fetchone()
    return VerdictCount(row["verdicts"], row["newest"])
