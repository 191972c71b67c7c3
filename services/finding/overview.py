"""What a person sees first: what is failing, what waits for people, what is new."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.query import parse_query
from ...model.reviews import ItemState, ReviewItem
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.search.lines import count_traces
from ..reviewing.asking import list_reviews
from ..understanding.analysing import analyse
from .listing import list_traces
from .top_failures import Finding, top_findings

_LOOKED_AT = 500
"""Newest runs whose signals are counted; older ones say little about what is failing now."""
_ANALYSED_AT_ONCE = 200
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of a store in three short lists."""

    total: int
    """Traces in the store."""
    looked_at: int
    findings: tuple[Finding, ...]
    waiting: tuple[ReviewItem, ...]
    waiting_total: int
    newest: tuple[TraceSummary, ...]
    since_yesterday: int
    """Runs that began in the last 24 hours."""


def overview(store: Store) -> Overview:
    """What is failing in the newest 500 runs, the review items that wait, and the newest runs.

    Signals that are missing are found first, for at most 200 runs, so that the answer comes soon.
    """
    if not store.read_only:
        analyse(store, limit=_ANALYSED_AT_ONCE)
    listing = list_traces(store, limit=_LOOKED_AT)
    waiting = list_reviews(store, state=ItemState.OPEN, limit=1_000)
    return Overview(
        total=listing.total,
        looked_at=len(listing.traces),
        findings=tuple(top_findings(store, [trace.id for trace in listing.traces], limit=8)),
        waiting=tuple(waiting[:_SHOWN]),
        waiting_total=len(waiting),
        newest=listing.traces[:_SHOWN],
        since_yesterday=count_traces(store, parse_query("since:24h")),
    )
