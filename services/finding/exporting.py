"""Whole views, some hundred runs at a time, so that a large store leaves in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...model.questions import QuestionLimits
from ...store.contract import Store
from .asking import ask

_RUNS = 500
_LIMITS = QuestionLimits(rows=10_000_000, cell=10_000_000, size=1_000_000_000, seconds=120.0)
_BY_RUN = {
    "runs": "run",
    "steps": "run, step",
    "calls": "run, call",
    "edges": "run, call",
    "messages": "run, step, position",
    "documents": "run, step, rank",
    "signals": "run, step",
    "scores": "run, name",
}
"""Views that are read some runs at a time, and the order of their rows."""
_WHOLE = ("modes", "reviews", "verdicts", "suspects", "lessons")

Chunk = tuple[int, int, Sequence[Sequence[Any]]]
"""Runs done, runs in all, rows."""


def exported_views(store: Store) -> tuple[str, ...]:
    """The views that can be written out."""
    known = store.question_views()
    return tuple(name for name in (*_BY_RUN, *_WHOLE) if name in known)


def export_view(
    store: Store, view: str, *, projects: Sequence[str] | None = None
) -> tuple[tuple[str, ...], Iterator[Chunk]]:
    """The columns of a view, and its rows a piece at a time.

    Args:
        store: Where.
        view: One of `exported_views`.
        projects: The runs of these alone.
    """
    return tuple(store.question_views()[view]), _chunks(store, view, projects)


def _chunks(store: Store, view: str, projects: Sequence[str] | None) -> Iterator[Chunk]:
    def rows(sql: str) -> Sequence[Sequence[Any]]:
        return ask(store, sql, projects=projects, limits=_LIMITS).answer.rows

    if view in _WHOLE:
        yield 1, 1, rows(f"SELECT * FROM {view}")  # noqa: S608 - one of our views
        return
    ((last,),) = rows("SELECT coalesce(max(run), 0) FROM runs")
    for start in range(0, last, _RUNS):
        end = min(start + _RUNS, last)
        found = rows(f"SELECT * FROM {view} WHERE run > {start} AND run <= {end} ORDER BY {_BY_RUN[view]}")  # noqa: S608
        yield end, last, found
