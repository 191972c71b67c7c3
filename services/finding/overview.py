"""What a person sees first, in parts that wait for nothing: the newest runs, what waits for people, what is failing."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.query import parse_query
from ...model.reviews import ItemState, ReviewItem
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.reading.trace_ids import newest_trace_ids, store_size
from ...store.reviews.items import count_items
from ...store.search.lines import count_traces
from ...store.traces.revisions import refresh
from ..reviewing.asking import list_reviews
from .listing import list_traces
from .top_failures import Finding, top_findings

LOOKED_AT = 500
"""Newest runs whose signals are counted; older ones say little about what is failing now."""
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest runs of a store."""

    total: int
    """Traces in the store."""
    runs: tuple[TraceSummary, ...]
    since_yesterday: int
    """Runs that began in the last 24 hours."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Review items that wait, most urgent first."""

    items: tuple[ReviewItem, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Failing:
    """What rules found in the newest runs, as far as these have been looked at."""

    looked_at: int
    findings: tuple[Finding, ...]


def newest_runs(store: Store) -> Newest:
    """The newest 50 runs.

    Cost: at most 50 runs are assembled first; the others that spans have come for are left to whoever works them off.
    """
    newest = newest_trace_ids(store, _SHOWN)
    refresh(store, newest)
    size = store_size(store)
    if size.waiting:
        # What is not assembled has no time yet, so the order is that of arrival.
        runs = get_summaries(store, newest)
    else:
        runs = list(list_traces(store, limit=_SHOWN).traces)
    return Newest(size.traces, tuple(runs), count_traces(store, parse_query("since:24h")))


def waiting_items(store: Store) -> Waiting:
    """The 50 most urgent items, and how many wait in all."""
    with store.read() as con:
        total = count_items(con).get(ItemState.OPEN, 0)
    return Waiting(tuple(list_reviews(store, state=ItemState.OPEN, limit=_SHOWN)), total)


def failing_now(store: Store) -> Failing:
    """The commonest failure signals of the newest 500 runs. Nothing is analysed for it."""
    newest = newest_trace_ids(store, LOOKED_AT)
    return Failing(len(newest), tuple(top_findings(store, newest, limit=8)))
