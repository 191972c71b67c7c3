"""Vectors by trace and step: kept, scanned by their sign bits, which is the engine's work, and rescored exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..contract import Store
from ..generations import VECTORS, next_generation
from ..rows import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_RESCORED = 200
"""Candidates of the bit scan that are compared exactly, at least."""

SELECT_PENDING = """
SELECT t.id FROM trace t LEFT JOIN embedding e ON e.trace_id = t.id AND e.span_id = '' AND e.model = :model
WHERE t.dirty = 0 AND t.analysed_revision = t.revision AND (e.revision IS NULL OR e.revision <> t.revision)
ORDER BY t.id DESC LIMIT :most
"""
SELECT_ANY = "SELECT 1 FROM embedding WHERE model = :model LIMIT 1"
DELETE_OF_TRACES = "DELETE FROM embedding WHERE trace_id IN :ids"
SELECT_VECTORS = "SELECT trace_id, span_id, vector FROM embedding WHERE id IN :ids"
SELECT_OF_TRACES = "SELECT trace_id, span_id, vector FROM embedding WHERE trace_id IN :ids AND model || '' = :model"
"""The empty text keeps planners from the index by model, which is all vectors there are."""
SELECT_WHOLE = """
SELECT e.trace_id, e.vector FROM embedding e JOIN trace t ON t.id = e.trace_id AND t.revision = e.revision
WHERE e.trace_id IN :ids AND e.span_id = '' AND e.model || '' = :model
"""


class _VectorRow(NamedTuple):
    """A vector as it is written."""

    trace_id: int
    span_id: str
    project: str
    model: str
    revision: int
    bits: bytes
    """A bit a number: its sign."""
    vector: bytes
    """float16, little-endian."""


_EMBEDDINGS = Table("embedding", _VectorRow)


class Likeness(NamedTuple):
    """How like a trace is to a query, by its most alike vector."""

    cosine: float
    span_id: str | None
    """The step whose vector it was; None for the trace as a whole."""


@dataclass(frozen=True, slots=True)
class NewVector:
    """A vector to keep."""

    trace_id: int
    span_id: str
    """Empty for the trace as a whole."""
    project: str
    revision: int


def traces_to_embed(store: Store, model: str, limit: int) -> list[int]:
    """Analysed traces without a vector of their newest revision, newest first."""
    with store.read() as con:
        return [row["id"] for row in con.execute(SELECT_PENDING, {"model": model, "most": limit})]


def any_vector(store: Store, model: str) -> bool:
    """Whether any trace has a vector of this model; cheap, as every search asks it."""
    with store.read() as con:
        return con.execute(SELECT_ANY, {"model": model}).fetchone() is not None


def save_vectors(store: Store, model: str, kept: Sequence[NewVector], vectors: Vectors) -> None:
    """Replace the vectors of these traces.

    Args:
        store: Where.
        model: The embedder's id.
        kept: What each row of `vectors` stands for.
        vectors: Unit vectors, one row each.
    """
    import numpy as np

    bits = np.packbits(vectors > 0, axis=1)
    halves = vectors.astype("<f2")
    rows = [
        _VectorRow(v.trace_id, v.span_id, v.project, model, v.revision, bits[i].tobytes(), halves[i].tobytes())
        for i, v in enumerate(kept)
    ]
    with store.write() as con:
        con.execute(DELETE_OF_TRACES, {"ids": {v.trace_id for v in kept}})
        con.insert_rows(_EMBEDDINGS, rows)
        next_generation(con, VECTORS)


def nearest_traces(
    store: Store, model: str, query: Vectors, *, limit: int, project: str | None = None
) -> dict[int, Likeness]:
    """The traces most alike to `query`, a unit vector.

    Cost: one pass over the bits of the project (48 bytes a vector), then at least 200 exact comparisons.
    """
    import numpy as np

    bits = np.packbits(query > 0).tobytes()
    with store.read() as con:
        ids = store.vectors.nearest(con, model, bits, max(limit * 3, _RESCORED), project or None)
        rows = con.execute(SELECT_VECTORS, {"ids": ids}).fetchall()
    likeness = _best(rows, query)
    ranked = sorted(likeness.items(), key=lambda entry: (-entry[1].cosine, -entry[0]))
    return dict(ranked[:limit])


def likeness_of(store: Store, model: str, query: Vectors, trace_ids: Sequence[int]) -> dict[int, Likeness]:
    """The likeness of these traces to `query`; those without a vector are left out."""
    with store.read() as con:
        rows = con.execute(SELECT_OF_TRACES, {"ids": trace_ids, "model": model}).fetchall()
    return _best(rows, query)


def vectors_of(store: Store, model: str, trace_ids: Sequence[int]) -> dict[int, Vectors]:
    """The vectors of these traces as a whole, of their newest revision; those without one are left out."""
    import numpy as np

    with store.read() as con:
        rows = con.execute(SELECT_WHOLE, {"ids": trace_ids, "model": model}).fetchall()
    return {row["trace_id"]: np.frombuffer(row["vector"], "<f2").astype(np.float32) for row in rows}


def _best(rows: Sequence[Any], query: Vectors) -> dict[int, Likeness]:
    import numpy as np

    if not rows:
        return {}
    matrix = np.frombuffer(b"".join(row["vector"] for row in rows), "<f2").reshape(len(rows), -1).astype(np.float32)
    # Not `@`: its BLAS wakes a thread a core for this little, and they spin on after it.
    cosines = np.einsum("ij,j->i", matrix, query).tolist()
    best: dict[int, Likeness] = {}
    for row, cosine in zip(rows, cosines, strict=True):
        known = best.get(row["trace_id"])
        if known is None or cosine > known.cosine:
            best[row["trace_id"]] = Likeness(cosine, row["span_id"] or None)
    return best
