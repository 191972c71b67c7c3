"""Written by `benchmarks/measured.py`: set → signal → (right, findings)."""

from __future__ import annotations

from collections.abc import Mapping

FITTED: frozenset[str] = frozenset()
COUNTS: Mapping[str, Mapping[str, tuple[int, int]]] = {}
