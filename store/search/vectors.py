"""Vectors by trace and step: kept, scanned by their sign bits, rescored exactly.

The scan is done by sqlite-vec where it loads, else by numpy in memory; both give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..caches import Slot
from ..contract import Connection, Store
from ..sqlite.driver import vector_extension
from ..traces.contents import NEXT_GENERATION, SELECT_GENERATION, marks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_CHUNK = 500
_GENERATION = "vector_generation"
"""Raised whenever vectors are written; ids alone do not tell, as SQLite gives those of deleted rows again."""
_RESCORED = 200
"""Candidates of the bit scan that are compared exactly, at least."""

SELECT_PENDING = """
SELECT t.id FROM trace t LEFT JOIN embedding e ON e.trace_id = t.id AND e.span_id = '' AND e.model = ?
WHERE t.dirty = 0 AND t.analysed_revision = t.revision AND (e.revision IS NULL OR e.revision <> t.revision)
ORDER BY t.id DESC LIMIT ?
"""
DELETE_OF_TRACE = "DELETE FROM embedding WHERE trace_id = ?"
INSERT_VECTOR = """
INSERT INTO embedding(trace_id, span_id, project, model, revision, bits, vector) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
NEAREST_BITS = """
SELECT id FROM embedding {how} WHERE model = ? {project}
ORDER BY vec_distance_hamming(vec_bit(bits), vec_bit(?)), id DESC LIMIT ?
"""
SELECT_BITS = "SELECT id, bits FROM embedding WHERE model = ? AND (? IS NULL OR project = ?)"
SELECT_VECTORS = "SELECT trace_id, span_id, vector FROM embedding WHERE id IN ({marks})"
SELECT_OF_TRACES = """
SELECT trace_id, span_id, vector FROM embedding INDEXED BY embedding_by_trace WHERE trace_id IN ({marks}) AND model = ?
"""
"""Left to itself the planner takes the index by model, which is all vectors there are."""


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
        return [row[0] for row in con.execute(SELECT_PENDING, (model, limit))]


def any_vector(store: Store, model: str) -> bool:
    """Whether any trace has a vector of this model; cheap, as every search asks it."""
    with store.read() as con:
        return con.execute("SELECT 1 FROM embedding WHERE model = ? LIMIT 1", (model,)).fetchone() is not None


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
        (v.trace_id, v.span_id, v.project, model, v.revision, bits[i].tobytes(), halves[i].tobytes())
        for i, v in enumerate(kept)
    ]
    with store.write() as con:
        con.executemany(DELETE_OF_TRACE, [(trace_id,) for trace_id in {v.trace_id for v in kept}])
        con.executemany(INSERT_VECTOR, rows)
        con.execute(NEXT_GENERATION, (_GENERATION,))


def nearest_traces(
    store: Store, model: str, query: Vectors, *, limit: int, project: str | None = None
) -> dict[int, Likeness]:
    """The traces most alike to `query`, a unit vector.

    Cost: one pass over the bits of the project (48 bytes a vector), then at least 200 exact comparisons.
    """
    wanted = max(limit * 3, _RESCORED)
    with store.read() as con:
        ids = _nearest_ids(con, store, model, query, wanted, project)
        rows: list[Any] = []
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            rows += con.execute(SELECT_VECTORS.format(marks=marks(len(chunk))), chunk).fetchall()
    likeness = _best(rows, query)
    ranked = sorted(likeness.items(), key=lambda entry: (-entry[1].cosine, -entry[0]))
    return dict(ranked[:limit])


def likeness_of(store: Store, model: str, query: Vectors, trace_ids: Sequence[int]) -> dict[int, Likeness]:
    """The likeness of these traces to `query`; those without a vector are left out."""
    rows: list[Any] = []
    with store.read() as con:
        for start in range(0, len(trace_ids), _CHUNK):
            chunk = trace_ids[start : start + _CHUNK]
            rows += con.execute(SELECT_OF_TRACES.format(marks=marks(len(chunk))), (*chunk, model)).fetchall()
    return _best(rows, query)


def _best(rows: Sequence[Any], query: Vectors) -> dict[int, Likeness]:
    import numpy as np

    if not rows:
        return {}
    trace_ids, span_ids, vectors = zip(*rows, strict=True)
    matrix = np.frombuffer(b"".join(vectors), "<f2").reshape(len(rows), -1).astype(np.float32)
    # Not `@`: its BLAS wakes a thread a core for this little, and they spin on after it.
    cosines = np.einsum("ij,j->i", matrix, query).tolist()
    best: dict[int, int] = {}
    for i, trace_id in enumerate(trace_ids):
        if trace_id not in best or cosines[i] > cosines[best[trace_id]]:
            best[trace_id] = i
    return {trace_id: Likeness(cosines[i], span_ids[i] or None) for trace_id, i in best.items()}


def _nearest_ids(
    con: Connection, store: Store, model: str, query: Vectors, wanted: int, project: str | None
) -> list[int]:
    import numpy as np

    bits = np.packbits(query > 0)
    if vector_extension() is not None:
        how, condition = ("", "AND project = ?") if project else ("NOT INDEXED", "")
        sql = NEAREST_BITS.format(how=how, project=condition)
        values = (model, *((project,) if project else ()), bits.tobytes(), wanted)
        return [row[0] for row in con.execute(sql, values)]
    ids, matrix = _bit_matrix(con, store, model, project)
    distances = np.bitwise_count(matrix ^ bits).sum(axis=1, dtype=np.int32)
    order = np.lexsort((-ids, distances))[:wanted]
    return cast(list[int], ids[order].tolist())


_BITS: Slot[dict[tuple[str, str | None], tuple[Any, Any, Any]]] = Slot("bits of vectors", dict)


def _bit_matrix(con: Connection, store: Store, model: str, project: str | None) -> tuple[Any, Any]:
    """Ids and bits of a project's vectors, kept in memory until the table changes."""
    import numpy as np

    written = con.execute(SELECT_GENERATION, (_GENERATION,)).fetchone()
    state = (con.execute("SELECT count(*) FROM embedding").fetchone()[0], written and written[0])
    kept = store.caches.get(_BITS)
    known = kept.get((model, project))
    if known is None or known[0] != state:
        rows = con.execute(SELECT_BITS, (model, project, project)).fetchall()
        ids = np.array([row[0] for row in rows], np.int64)
        matrix = np.frombuffer(b"".join(row[1] for row in rows), np.uint8).reshape(len(rows), -1)
        known = kept[model, project] = (state, ids, matrix)
    return known[1], known[2]
