"""Vectors of confirmed lessons by the hash of what was embedded, so that no process embeds them all again.

Drafts have none here: what is taken out of a draft must not live on in a vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..contract import Store
from ..fields import insert_many

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

MOST = 20_000
"""Vectors that are kept; beyond, all are made anew as they are asked for."""
SELECT_VECTORS = "SELECT digest, vector FROM lesson_vector WHERE model = :model AND digest IN :digests"
COUNT = "SELECT count(*) AS kept FROM lesson_vector"
DELETE_ALL = "DELETE FROM lesson_vector"
_KEEP = "ON CONFLICT(digest, model) DO NOTHING"


def kept_vectors(store: Store, model: str, digests: Sequence[str]) -> dict[str, Vector]:
    """By digest, the vectors of this model that are kept. Cost: one query."""
    import numpy as np

    with store.read() as con:
        rows = con.execute(SELECT_VECTORS, {"model": model, "digests": list(digests)}).fetchall()
    return {row["digest"]: np.frombuffer(row["vector"], "<f2").astype(np.float32) for row in rows}


def keep_vectors(store: Store, model: str, vectors: Mapping[str, Vector]) -> None:
    """Keep vectors by digest; nothing where the store is read-only or somebody else is writing."""
    if store.read_only or not vectors:
        return
    rows = [
        {"digest": digest, "model": model, "vector": vector.astype("<f2").tobytes()}
        for digest, vector in vectors.items()
    ]
    with store.write_if_free() as con:
        if con is None:
            return
        if con.execute(COUNT).fetchone()["kept"] + len(rows) > MOST:
            con.execute(DELETE_ALL)
        insert_many(con, "lesson_vector", rows, _KEEP)
