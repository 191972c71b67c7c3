"""Answer a search line with summaries, and say why when there are none."""

from __future__ import annotations

from dataclasses import dataclass

from ..store.connection import Store
from ..store.models import TraceSummary
from ..store.outcomes import verdict_labels
from ..store.query import parse_query
from ..store.revisions import refresh
from ..store.search import Hit, count_traces, explain_empty, search
from ..store.traces import get_summaries


@dataclass(frozen=True, slots=True)
class Listing:
    """Found traces with the place of the best match in each."""

    traces: tuple[TraceSummary, ...]
    hits: tuple[Hit, ...]
    total: int
    """How many the query finds in all."""
    why_empty: tuple[str, ...] = ()


def list_traces(store: Store, line: str = "", *, limit: int = 50, offset: int = 0) -> Listing:
    """Traces that hold every word and filter of `line`, best or newest first.

    Raises:
        QueryError: if the line cannot be read; points at the word.
    """
    query = parse_query(line)
    refresh(store)
    judged = any(part.field in ("verdict", "outcome") for part in query.filters)
    verdicts = verdict_labels(store) if judged else None
    hits = search(store, query, limit=limit, offset=offset, verdicts=verdicts)
    summaries = get_summaries(store, [hit.trace_id for hit in hits])
    whole = not offset and len(hits) < limit
    total = len(hits) if whole else count_traces(store, query, verdicts)
    why_empty = () if hits or offset else tuple(explain_empty(store, query, verdicts))
    return Listing(tuple(summaries), tuple(hits), total, why_empty)
