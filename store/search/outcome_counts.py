"""How runs ended, counted by a name they share: their task, their version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from ...model.query import Query
from ...model.traces import Outcome, OutcomeSource
from ..contract import Store
from .lines import search

GroupedBy = Literal["task", "version", "project", "environment", "user"]
GROUPINGS: tuple[GroupedBy, ...] = get_args(GroupedBy)
_ALL = 1_000_000
SELECT_OUTCOMES = """
SELECT t.id, t.{column} AS value, t.outcome, t.outcome_source FROM trace t
WHERE t.id IN :ids ORDER BY t.id
"""
SELECT_ASKED = """
SELECT id, substr(input, 1, 200) AS input FROM trace
WHERE id IN :ids AND task_declared = 0 AND input IS NOT NULL
"""


class EndedRun(NamedTuple):
    """One run: what it is counted under (None where it names none) and how it ended."""

    trace_id: int
    value: str | None
    outcome: Outcome


def ended_runs(store: Store, query: Query, by: GroupedBy, verdicts: Mapping[int, str]) -> Iterator[EndedRun]:
    """Every run that holds all of `query`, oldest id first.

    Args:
        store: Where.
        query: The parsed line; its words count as words, not by meaning.
        by: What the runs are counted under.
        verdicts: Confirmed verdict label by trace. Pass and fail are the outcome, whatever the row says.

    Cost: one search, and a row each.
    """
    assert by in GROUPINGS
    ids = [hit.trace_id for hit in search(store, query, limit=_ALL, verdicts=verdicts)]
    with store.read() as con:
        for row in con.execute(SELECT_OUTCOMES.format(column=by), {"ids": ids}):
            outcome = _outcome(verdicts.get(row["id"]), row["outcome"], row["outcome_source"])
            yield EndedRun(row["id"], row["value"], outcome)


def asked_of(store: Store, trace_ids: Sequence[int]) -> dict[int, str]:
    """How the input of runs begins whose task is only a fingerprint of it."""
    with store.read() as con:
        return {row["id"]: row["input"] for row in con.execute(SELECT_ASKED, {"ids": trace_ids})}


def _outcome(verdict: str | None, told: str, source: str) -> Outcome:
    """A row that ascribes its outcome to a verdict which does not count is no proof."""
    if verdict in (Outcome.PASS, Outcome.FAIL):
        return Outcome(verdict)
    unproven = verdict is None and source == OutcomeSource.VERDICT
    return Outcome.UNKNOWN if unproven else Outcome(told)
