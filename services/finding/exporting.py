"""Whole views, some hundred runs at a time, so that a large store leaves in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...model.questions import QuestionLimits
from ...store.contract import Store
from ...store.view_pages import BY_RUN, LAST_RUN, WHOLE, page_of_view, whole_view
from .asking import ask

_RUNS = 500
_LIMITS = QuestionLimits(rows=10_000_000, cell=10_000_000, size=1_000_000_000, seconds=120.0)

Chunk = tuple[int, int, Sequence[Sequence[Any]]]
"""Runs done, runs in all, rows."""


def exported_views(store: Store) -> tuple[str, ...]:
    """The views that can be written out."""
    known = store.question_views()
    return tuple(name for name in (*BY_RUN, *WHOLE) if name in known)


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
    def rows(question: str) -> Sequence[Sequence[Any]]:
        return ask(store, question, projects=projects, limits=_LIMITS).answer.rows

    if view in WHOLE:
        yield 1, 1, rows(whole_view(view))
        return
    ((last,),) = rows(LAST_RUN)
    for start in range(0, last, _RUNS):
        end = min(start + _RUNS, last)
        yield end, last, rows(page_of_view(view, start, end))
