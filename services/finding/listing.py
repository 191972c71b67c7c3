"""Answer a search line with summaries, and say why when there are none."""

from __future__ import annotations

from dataclasses import dataclass

from ...model.query import Query, parse_query
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.reading.summaries import get_summaries
from ...store.reviews.outcomes import verdict_labels
from ...store.search.ids import looks_like_id, near_ids, traces_named
from ...store.search.lines import Hit, count_traces, explain_empty, only_matching, search
from ...store.traces.revisions import refresh
from ..embedding.choose import available, embedder, has_vectors
from ..embedding.protocol import INSTALL
from ..embedding.work import embed_pending
from .meaning import search_by_meaning

_AT_ONCE = 300
"""Runs that a search for a signal may look at first; some milliseconds each."""
_WAITING = "some runs wait to be looked at for signals; `retrospan signals --all` does it"


@dataclass(frozen=True, slots=True)
class Listing:
    """Found traces with the place of the best match in each."""

    traces: tuple[TraceSummary, ...]
    hits: tuple[Hit, ...]
    total: int
    """How many the query finds in all."""
    why_empty: tuple[str, ...] = ()
    how: str = ""
    """For a query with words: whether meaning counted, and what would make it count. For one with a signal: whether
    runs are left that nobody has looked at."""


def list_traces(
    store: Store,
    line: str = "",
    *,
    limit: int = 50,
    offset: int = 0,
    embed_first: int = 0,
    by_meaning: bool = True,
) -> Listing:
    """Traces that a search line finds, best or newest first.

    Filters, quoted phrases and exclusions must hold. Other words must all stand in the trace, or, where traces have
    vectors, be alike to it in meaning.

    Args:
        store: Where.
        line: As people type it.
        limit: At most so many.
        offset: Skip so many.
        embed_first: Give up to so many traces their vectors before a query with words; for processes that live on.
        by_meaning: Whether runs count that are only alike in meaning; not where what is found is counted or changed.

    Raises:
        QueryError: if the line cannot be read; points at the word.
    """
    query = parse_query(line)
    refresh(store)
    waiting = any(part.field == "signal" for part in query.filters) and _are_waiting(store)
    judged = any(part.field in ("verdict", "outcome") for part in query.filters)
    verdicts = verdict_labels(store) if judged else None
    hits, total, how = _find(store, query, limit, offset, verdicts, embed_first, by_meaning)
    summaries = get_summaries(store, [hit.trace_id for hit in hits])
    why_empty = () if hits or offset else (*_no_such_id(store, query), *explain_empty(store, query, verdicts))
    if waiting:
        why_empty = (*why_empty, _WAITING) if why_empty else ()
        how = f"{how}; {_WAITING}" if how else f"so far: {_WAITING}"
    return Listing(tuple(summaries), tuple(hits), total, why_empty, how)


def _are_waiting(store: Store) -> bool:
    """Find the signals of runs that have none yet, or by other rules; True where more of them are left."""
    # Analysis takes a while to import, and most lines ask for no signal.
    from ...store.findings.signals import traces_to_analyse
    from ..understanding.analysing import analyse, rules_of

    analyse(store, limit=_AT_ONCE)
    return bool(traces_to_analyse(store, rules_of(store), 1))


def _no_such_id(store: Store, query: Query) -> tuple[str, ...]:
    """That an id does not exist, and which are like it by their letters; nothing for words."""
    asked = [str(part.value) for part in query.filters if part.field in ("run", "session") and not part.negated]
    term = _only_term(query)
    asked += [term] if term is not None and looks_like_id(term) else []
    lines = []
    for text in asked:
        near = ", ".join(near_ids(store, text)) if "*" not in text else ""
        lines.append(f"No run or session has the id {text!r}{f'; ids like it: {near}' if near else ''}.")
    return tuple(lines)


def _only_term(query: Query) -> str | None:
    """The one word or phrase that a line asks for."""
    wanted = [term.text for term in query.terms if not term.negated]
    return wanted[0] if len(wanted) == 1 else None


def _by_id(
    store: Store, query: Query, limit: int, offset: int, verdicts: dict[int, str] | None
) -> tuple[list[Hit], int, str] | None:
    """The runs that the one word of a line is the id of; None where it is no id here."""
    term = _only_term(query)
    named = traces_named(store, term) if term is not None else None
    if named is None:
        return None
    rest = Query(query.line, tuple(part for part in query.terms if part.negated), query.filters)
    kept = only_matching(store, rest, named.trace_ids, verdicts)
    ids = [trace_id for trace_id in named.trace_ids if trace_id in kept]
    return [Hit(trace_id, None, None, 1.0) for trace_id in ids[offset : offset + limit]], len(ids), named.how


def _find(
    store: Store,
    query: Query,
    limit: int,
    offset: int,
    verdicts: dict[int, str] | None,
    embed_first: int,
    by_meaning: bool,
) -> tuple[list[Hit], int, str]:
    if (found_by_id := _by_id(store, query, limit, offset, verdicts)) is not None:
        return found_by_id
    means_one_thing = (term := _only_term(query)) is not None and looks_like_id(term)
    if (
        by_meaning
        and not means_one_thing
        and query.loose_words
        and (has_vectors(store) or (embed_first and available()))
    ):
        model = embedder()
        assert model is not None
        if embed_first and not store.read_only:
            embed_pending(store, model, limit=embed_first)
        found = search_by_meaning(store, model, query, limit=limit, offset=offset, verdicts=verdicts)
        return found.hits, found.total, "by words and meaning"
    hits = search(store, query, limit=limit, offset=offset, verdicts=verdicts)
    whole = not offset and len(hits) < limit
    total = len(hits) if whole else count_traces(store, query, verdicts)
    how = ""
    if means_one_thing:
        how = "by words, since no run or session has this id"
    elif query.loose_words:
        how = "by words only; for meaning run `retrospan embed`" if available() else f"by words only; {INSTALL}"
    return hits, total, how
