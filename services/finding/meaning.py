"""Search by words and meaning together: candidates from both, one score.

The score is the cosine of meaning plus a share for the words that are really there; quoted phrases, exclusions and
filters must hold in any case. Rank fusion was measured and is worse here (benchmarks/README.md, Search).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Mapping
from typing import NamedTuple

from ...model.query import Query
from ...model.text.stop_words import STOP_WORDS
from ...store.contract import Store
from ...store.search.lines import Hit, only_matching, search_any_word
from ...store.search.vectors import Likeness, likeness_of, nearest_traces
from ..embedding.protocol import Embedder

WORD_SHARE = 0.2
"""How much full agreement in words adds to a cosine; chosen by measurement."""
_CODE_SHARE = 1.0
"""The same for a query with an id or number in it: whoever types `R-2041` means that very thing."""
_CODE = re.compile(r"[\d_]|\w\.\w")
_WORDS_TELL = 0.3
"""Share of the words from which the place where they stand is shown rather than the one that is alike."""
_CANDIDATES = 200
"""Taken from words and from meaning each."""
_LEAST_ALIKE = 0.25
"""Cosine below which a trace that shares no word with the query is not worth showing; chosen by measurement."""


class MeaningHits(NamedTuple):
    """A page of hits, and how many candidates there were in all."""

    hits: list[Hit]
    total: int


def search_by_meaning(
    store: Store,
    model: Embedder,
    query: Query,
    *,
    limit: int,
    offset: int = 0,
    verdicts: Mapping[int, str] | None = None,
    word_share: float = WORD_SHARE,
) -> MeaningHits:
    """Traces alike in meaning or words to the loose words of `query`, best first.

    Args:
        store: Where.
        model: Embeds the query; its vectors must have been kept before.
        query: With at least one loose word.
        limit: At most so many hits.
        offset: Skip so many.
        verdicts: Confirmed verdict label by trace, for `verdict:` filters.
        word_share: Weight of the words; for measurement.

    Cost: one embedding, one pass over the sign bits, one full-text query, at most 400 exact comparisons.
    """
    words = [word for word in query.loose_words if word.lower() not in STOP_WORDS] or list(query.loose_words)
    strict = query.strict()
    vector = model.embed([" ".join(query.loose_words)])[0]
    project = next((str(f.value) for f in query.filters if f.field == "project" and not f.negated), None)
    near = nearest_traces(store, model.model_id, vector, limit=_CANDIDATES, project=project)
    found = {hit.trace_id: hit for hit in search_any_word(store, strict, words, limit=_CANDIDATES, verdicts=verdicts)}
    allowed = only_matching(store, strict, sorted(near), verdicts) | found.keys()
    likeness = likeness_of(store, model.model_id, vector, sorted(allowed))
    shares = _word_shares(found)
    repeated = {body for body, hits in Counter(hit.body_id for hit in found.values()).items() if hits > len(found) // 2}
    if any(_CODE.search(word) for word in words):
        word_share = max(word_share, _CODE_SHARE)
    scored = [
        _hit(trace_id, found.get(trace_id), likeness, shares, word_share, repeated if len(found) > 2 else ())
        for trace_id in allowed
        if trace_id in found or likeness[trace_id].cosine >= _LEAST_ALIKE
    ]
    scored.sort(key=lambda hit: (-hit.score, -hit.trace_id))
    return MeaningHits(scored[offset : offset + limit], len(scored))


def _word_shares(found: Mapping[int, Hit]) -> dict[int, float]:
    """BM25 of each trace over the best one's, 0 to 1."""
    best = max((hit.score for hit in found.values()), default=0.0)
    return {trace_id: max(hit.score, 0.0) / best if best > 0 else 0.0 for trace_id, hit in found.items()}


def _hit(
    trace_id: int,
    by_words: Hit | None,
    likeness: Mapping[int, Likeness],
    shares: Mapping[int, float],
    word_share: float,
    repeated: Container[int | None],
) -> Hit:
    """One trace's score, and where its words stand; where it is alike, if most hits show the same text for words."""
    alike = likeness.get(trace_id, Likeness(0.0, None))
    share = shares.get(trace_id, 0.0)
    score = alike.cosine + word_share * share
    if by_words is not None and share >= _WORDS_TELL and by_words.body_id not in repeated:
        return by_words._replace(score=score)
    return Hit(trace_id, alike.span_id, None, score)
