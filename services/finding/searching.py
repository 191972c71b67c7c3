"""Search as a face asks for it: a page of hits with best step and snippet, how many there are, and why none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...model.query import Query, parse_query
from ...model.text.snippets import snippet
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.reviews.outcomes import verdict_labels
from ...store.search.lines import contents_of, facet_counts, load_texts
from ...store.traces.revisions import step_index, trace_rows
from ..understanding.analysing import analyse
from .listing import Listing, list_traces

_SNIPPET = 170
_LOOKED_AT = 4
"""Contents of a step that is alike in meaning, of which the one with most of the words is shown."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One trace found, with the best matching place where the query has words."""

    trace: TraceSummary
    step: int | None
    snippet: str
    """Raw trace text; empty without words in the query."""


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of an answer."""

    hits: tuple[SearchHit, ...]
    total: int
    offset: int
    facets: Mapping[str, Sequence[tuple[str, int]]]
    """How all found traces spread; only on the first page."""
    reasons: tuple[str, ...] = ()
    """Where nothing was found: what each part of the query finds by itself."""
    how: str = ""
    """For a query with words: whether meaning counted, and what would make it count."""

    @property
    def next_offset(self) -> int | None:
        end = self.offset + len(self.hits)
        return end if self.hits and end < self.total else None


def search_runs(store: Store, line: str, *, limit: int = 10, offset: int = 0) -> SearchPage:
    """Traces that hold every word and filter of a search line.

    Args:
        store: Where.
        line: As people type it: `refund tool:issue_refund outcome:fail since:7d`.
        limit: Hits on the page.
        offset: Hits to skip.

    Raises:
        QueryError: if the line cannot be read.
    """
    listing = list_traces(store, line, limit=limit, offset=offset)
    query = parse_query(line)
    if not listing.hits:
        return SearchPage((), listing.total, offset, {}, listing.why_empty, listing.how)
    analyse(store, [hit.trace_id for hit in listing.hits])
    # Facets are counted by words, and would not add up to what meaning finds.
    counted = offset == 0 and not listing.how.startswith(("by id", "by session", "by words and meaning"))
    facets = facet_counts(store, query, verdict_labels(store)) if counted else {}
    return SearchPage(_hits(store, query, listing), listing.total, offset, facets, how=listing.how)


def _hits(store: Store, query: Query, listing: Listing) -> tuple[SearchHit, ...]:
    summaries = {summary.id: summary for summary in get_summaries(store, [hit.trace_id for hit in listing.hits])}
    with store.read() as con:
        places = {row["id"]: step_index(row) for row in trace_rows(con, list(summaries))}
    terms = [term.text for term in query.terms if not term.negated]
    alike = contents_of(store, [(h.trace_id, h.span_id) for h in listing.hits if h.span_id and h.body_id is None])
    shown = {place: bodies[:_LOOKED_AT] for place, bodies in alike.items()}
    wanted = [body for bodies in shown.values() for body in bodies]
    texts = load_texts(store, wanted + [hit.body_id for hit in listing.hits if hit.body_id is not None])
    hits = []
    for hit in listing.hits:
        if hit.trace_id in summaries:
            step = places[hit.trace_id].get(hit.span_id) if hit.span_id else None
            bodies = [hit.body_id] if hit.body_id is not None else shown.get((hit.trace_id, hit.span_id or ""), [])
            text = max((texts[body] for body in bodies), key=lambda text: _shared_words(text, terms), default="")
            hits.append(SearchHit(summaries[hit.trace_id], step, snippet(text, terms, _SNIPPET) if text else ""))
    return tuple(hits)


def _shared_words(text: str, terms: Sequence[str]) -> int:
    lowered = text.lower()
    return sum(term.lower() in lowered for term in terms)
