"""What search by meaning needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors whose inner product is their likeness in meaning."""

    @property
    def model_id(self) -> str:
        """Names the model; vectors of different models are never compared."""

    @property
    def dimensions(self) -> int:
        """Numbers in a vector; a multiple of 8."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length `dimensions` per text, each of length 1. What does not fit the model's window is cut."""


INSTALL = "for meaning: uv pip install 'CHECKOUT[semantic]' (your clone), then retrospan embed"
