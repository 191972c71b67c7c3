"""Vectors that are written again are what the next scan sees."""

from __future__ import annotations

import numpy as np
import pytest
from conversations import Builder, says
from retrospan.store.contract import Store
from retrospan.store.search.vectors import NewVector, nearest_traces, save_vectors


def test_the_scan_in_memory_sees_a_vector_that_took_the_id_of_its_predecessor(
    store: Store, traces: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrospan.store.sqlite.vectors.vector_extension", lambda: None)
    monkeypatch.setattr("retrospan.store.search.vectors._RESCORED", 1)
    for name in ("one", "two", "three", "four"):
        traces.add(says("user", name))
    query = np.ones(8, np.float32)
    near = query * [1, 1, 1, 1, 1, 1, 1, -1]
    kept = [NewVector(trace_id, "", "p", 1) for trace_id in (1, 2, 3, 4)]
    save_vectors(store, "m", kept, np.stack([near, near, near, -query]).astype(np.float32))
    assert list(nearest_traces(store, "m", query, limit=1)) == [3]
    save_vectors(store, "m", [NewVector(4, "", "p", 2)], query[None])
    assert list(nearest_traces(store, "m", query, limit=1)) == [4]
