"""Vectors: the nearest by their bits, rescored; of one project, of one model; replaced with their trace."""

from __future__ import annotations

import numpy as np
import pytest
from conversations import Builder, says
from numpy.typing import NDArray
from retrospan.store.contract import Store
from retrospan.store.search.vectors import (
    NewVector,
    any_vector,
    likeness_of,
    nearest_traces,
    save_vectors,
    traces_to_embed,
)


def unit(*numbers: float) -> NDArray[np.float32]:
    vector = np.array(numbers, np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


QUERY = unit(1, 1, 1, 1, 1, 1, 1, 1)
NEAR, HALF, FAR = unit(1, 1, 1, 1, 1, 1, 1, -1), unit(1, 1, 1, 1, -1, -1, -1, 1), -QUERY


@pytest.fixture
def kept(store: Store, traces: Builder) -> Store:
    for number in range(3):
        traces.add(says("user", f"run {number}"))
    rows = [
        (NewVector(1, "", "p", 1), FAR),
        (NewVector(1, "step", "p", 1), NEAR),
        (NewVector(2, "", "q", 1), HALF),
        (NewVector(3, "", "p", 1), HALF),
    ]
    save_vectors(store, "m", [row for row, _ in rows], np.stack([vector for _, vector in rows]))
    return store


def test_the_most_alike_vector_of_a_trace_speaks_for_it(kept: Store) -> None:
    found = nearest_traces(kept, "m", QUERY, limit=9)
    assert list(found) == [1, 3, 2]
    assert (found[1].span_id, found[3].span_id) == ("step", None)
    assert found[1].cosine == pytest.approx(0.75, abs=0.01)


def test_only_vectors_of_the_project_and_model_asked_for_count(kept: Store) -> None:
    assert list(nearest_traces(kept, "m", QUERY, limit=9, project="q")) == [2]
    assert list(nearest_traces(kept, "m", QUERY, limit=1, project="p")) == [1]
    assert nearest_traces(kept, "m", QUERY, limit=9, project="none") == {}
    assert nearest_traces(kept, "other", QUERY, limit=9) == {}
    assert (any_vector(kept, "m"), any_vector(kept, "other")) == (True, False)


def test_the_bit_scan_gives_the_fewest_differing_bits_first_and_later_rows_before_earlier(kept: Store) -> None:
    bits = np.packbits(QUERY > 0).tobytes()
    with kept.read() as con:
        ids = kept.vectors.nearest(con, "m", bits, 9, None)
        rows = {row["id"]: row["trace_id"] for row in con.execute("SELECT id, trace_id FROM embedding")}
        assert [rows[i] for i in ids] == [1, 3, 2, 1]
        assert kept.vectors.nearest(con, "m", bits, 2, None) == ids[:2]


def test_the_likeness_of_named_traces_leaves_out_those_without_a_vector(kept: Store) -> None:
    found = likeness_of(kept, "m", QUERY, [3, 1, 77])
    assert (set(found), found[1].span_id) == ({1, 3}, "step")
    assert likeness_of(kept, "m", QUERY, []) == {}


def test_new_vectors_of_a_trace_replace_its_former_ones(kept: Store) -> None:
    save_vectors(kept, "m", [NewVector(1, "", "p", 2)], FAR[None])
    assert list(nearest_traces(kept, "m", QUERY, limit=2)) == [3, 2]
    assert likeness_of(kept, "m", QUERY, [1])[1].cosine == pytest.approx(-1, abs=0.01)


def test_only_analysed_traces_wait_for_vectors(kept: Store) -> None:
    assert traces_to_embed(kept, "m", 9) == []
    with kept.write() as con:
        con.execute("UPDATE trace SET dirty = 0, revision = 1, analysed_revision = 1 WHERE id IN :ids", {"ids": [2, 3]})
    assert traces_to_embed(kept, "m", 9) == []
    assert traces_to_embed(kept, "other", 9) == [3, 2]
    with kept.write() as con:
        con.execute("UPDATE trace SET revision = 2, analysed_revision = 2 WHERE id = :id", {"id": 2})
    assert traces_to_embed(kept, "m", 9) == [2]
