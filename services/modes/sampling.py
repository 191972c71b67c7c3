"""A sample of runs to read: most of them unlike each other, the rest drawn at random, none that was judged already."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from ...analysis.modes.clustering import spread_of
from ...analysis.modes.features import unpack_features
from ...model.traces import TraceSummary
from ...store.contract import Store
from ...store.findings.mode_facts import largest_project, observed_traces
from ...store.findings.mode_features import load_features
from ...store.findings.modes import modes_of
from ...store.reading.summaries import get_summaries
from ...store.reviews.outcomes import verdict_labels
from ..finding.listing import list_traces
from ..understanding.analysing import analyse
from .gathering import background_of, update_modes

_NEWEST = 600
"""Runs among which the sample is taken."""
_RANDOM_SHARE = 3
"""One in so many is drawn at random: what is unlike everything is not the only thing worth reading."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Pick:
    """One run to read."""

    trace: TraceSummary
    why: Literal["unlike the others", "at random"]
    modes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """The picks, and what they were taken from."""

    picks: tuple[Pick, ...]
    of: int
    """Runs that were neither judged nor observed before."""


def discovery_sample(store: Store, query: str = "", *, size: int = 12) -> Sample:
    """A diverse sample for somebody who looks for what no signal shows. The same store gives the same sample.

    Args:
        store: Where.
        query: Narrows the runs.
        size: How many.

    Raises:
        QueryError: if the query cannot be read.
    """
    ids = [trace.id for trace in list_traces(store, query, limit=_NEWEST).traces]
    analyse(store, ids, limit=_AT_ONCE)
    update_modes(store, _AT_ONCE, ids)
    seen = verdict_labels(store).keys() | observed_traces(store)
    fresh = [trace_id for trace_id in ids if trace_id not in seen]
    drawn = random.Random(f"{store.id} {fresh[:1]} {len(fresh)}").sample(fresh, min(size // _RANDOM_SHARE, len(fresh)))
    rest = [trace_id for trace_id in fresh if trace_id not in set(drawn)]
    unlike = _unlike(store, rest, drawn, size - len(drawn))
    whys: dict[int, Literal["unlike the others", "at random"]] = dict.fromkeys(unlike, "unlike the others")
    whys |= dict.fromkeys(drawn, "at random")
    with store.read() as con:
        modes = modes_of(con, list(whys))
    summaries = get_summaries(store, list(whys))
    return Sample(tuple(Pick(s, whys[s.id], tuple(modes.get(s.id, ()))) for s in summaries), len(fresh))


def _unlike(store: Store, rest: list[int], drawn: list[int], wanted: int) -> list[int]:
    with store.read() as con:
        packed = load_features(con, [*drawn, *rest])
        rarity = background_of(con, largest_project(con)).rarity()
    ids = [trace_id for trace_id in (*drawn, *rest) if trace_id in packed]
    vectors = [unpack_features(packed[trace_id]) for trace_id in ids]
    if not vectors:
        return rest[:wanted]
    taken = [i for i, trace_id in enumerate(ids) if trace_id in set(drawn)]
    return [ids[i] for i in spread_of(vectors, rarity, taken, wanted)]
