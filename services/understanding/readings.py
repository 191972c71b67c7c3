"""Traces as stories, each read as a turn of its conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...analysis.reading import Reading, read
from ...model.conversations import said_before
from ...store.contract import Store
from ...store.reading.conversations import earlier_turns
from ...store.reading.summaries import traces_in_turn

_BATCH = 16
"""Traces whose earlier turns are read together."""


def readings_of(store: Store, trace_ids: Sequence[int]) -> Iterator[Reading]:
    """Each trace in the order asked for, with what was said and shown in the earlier turns of its session.

    Cost: one reading of each trace; for those with a session up to sixteen more, shared by neighbours.
    """
    for start in range(0, len(trace_ids), _BATCH):
        chunk = trace_ids[start : start + _BATCH]
        earlier = earlier_turns(store, chunk)
        for trace in traces_in_turn(store, chunk):
            yield read(trace, earlier=said_before(earlier.get(trace.summary.id, ())))
