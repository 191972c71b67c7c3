"""Which vectors come near, in SQLite: by sqlite-vec where it loads, else by numpy in memory, with the same answer."""

from __future__ import annotations

from typing import Any, cast

from ..caches import Caches, Slot
from ..contract import Connection
from ..generations import VECTORS, generation
from .driver import vector_extension

NEAREST_OF_PROJECT = """
SELECT id FROM embedding WHERE model = :model AND project = :project
ORDER BY vec_distance_hamming(vec_bit(bits), vec_bit(:bits)), id DESC LIMIT :most
"""
NEAREST_OF_ALL = """
SELECT id FROM embedding NOT INDEXED WHERE model = :model
ORDER BY vec_distance_hamming(vec_bit(bits), vec_bit(:bits)), id DESC LIMIT :most
"""
COUNT_VECTORS = "SELECT count(*) AS vectors FROM embedding"
SELECT_BITS = "SELECT id, bits FROM embedding WHERE model = :model AND (:project IS NULL OR project = :project)"

_BITS: Slot[dict[tuple[str, str | None], tuple[Any, Any, Any]]] = Slot("bits of vectors", dict)


class SqliteVectors:
    """`store.contract.VectorScan` of a file."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches

    def nearest(self, con: Connection, model: str, bits: bytes, most: int, project: str | None, /) -> list[int]:
        if vector_extension() is None:
            return self._in_memory(con, model, bits, most, project)
        statement = NEAREST_OF_ALL if project is None else NEAREST_OF_PROJECT
        values = {"model": model, "project": project, "bits": bits, "most": most}
        return [row["id"] for row in con.execute(statement, values)]

    def _in_memory(self, con: Connection, model: str, bits: bytes, most: int, project: str | None) -> list[int]:
        import numpy as np

        ids, matrix = self._bit_matrix(con, model, project, len(bits))
        distances = np.bitwise_count(matrix ^ np.frombuffer(bits, np.uint8)).sum(axis=1, dtype=np.int32)
        return cast(list[int], ids[np.lexsort((-ids, distances))[:most]].tolist())

    def _bit_matrix(self, con: Connection, model: str, project: str | None, width: int) -> tuple[Any, Any]:
        """Ids and bits of a project's vectors, kept in memory until the table changes."""
        import numpy as np

        state = (con.execute(COUNT_VECTORS).fetchone()["vectors"], generation(con, VECTORS))
        kept = self._caches.get(_BITS)
        known = kept.get((model, project))
        if known is None or known[0] != state:
            rows = con.execute(SELECT_BITS, {"model": model, "project": project}).fetchall()
            ids = np.array([row["id"] for row in rows], np.int64)
            matrix = np.frombuffer(b"".join(row["bits"] for row in rows), np.uint8).reshape(len(rows), width)
            known = kept[model, project] = (state, ids, matrix)
        return known[1], known[2]
