"""What a run is like, as a sparse vector: failure signals, calls and their order, errors, request and answer.

Words are hashed, so a vector holds no text. How much a feature counts is decided later, by how rare it is among all
runs of the project (`Background`): what every run does says nothing about a failure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ...model.findings import Signal
from ..reading import Act, Reading
from .words import words_of

DIMENSIONS = 8_192
"""Buckets of the hash; a run fills about 60 of them."""
_SIGNAL, _CALL, _ERROR, _REQUEST, _ANSWER = 1.0, 1.5, 1.5, 0.5, 1.0
"""Weights, chosen on the example agent with seeds that the benchmark does not report (benchmarks/README.md)."""
_MOST_CALLS = 400

Floats = NDArray[np.float32]


class Features(NamedTuple):
    """A sparse vector of length 1: bucket numbers, rising, and their values."""

    buckets: NDArray[np.uint16]
    values: Floats

    def pack(self) -> bytes:
        """Four bytes a bucket."""
        return self.buckets.astype("<u2").tobytes() + self.values.astype("<f2").tobytes()


def unpack_features(data: bytes) -> Features:
    """The vector that `Features.pack` wrote."""
    half = len(data) // 2
    buckets = np.frombuffer(data[:half], "<u2").astype(np.uint16)
    return Features(buckets, np.frombuffer(data[half:], "<f2").astype(np.float32))


def pack_total(total: Floats) -> bytes:
    """A dense sum of vectors without its empty buckets: six bytes a filled one."""
    buckets = np.flatnonzero(total)
    return buckets.astype("<u2").tobytes() + total[buckets].astype("<f4").tobytes()


def unpack_total(data: bytes | None) -> Floats:
    """The sum that `pack_total` wrote; of none, zeros."""
    total = np.zeros(DIMENSIONS, np.float32)
    filled = len(data or b"") // 6
    if data:
        total[np.frombuffer(data, "<u2", filled)] = np.frombuffer(data, "<f4", filled, 2 * filled)
    return total


def features_of(reading: Reading, signals: Sequence[Signal]) -> Features:
    """The vector of one run.

    Args:
        reading: The run.
        signals: What was found in it; only failure signals count.

    Cost: linear in the first input, the final answer and the calls.
    """
    buckets: dict[int, float] = {}

    def add(room: str, keys: Iterable[Hashable], weight: float) -> None:
        for key, count in Counter(keys).items():
            bucket = crc32(f"{room} {key}".encode("utf-8", "surrogatepass")) % DIMENSIONS
            buckets[bucket] = buckets.get(bucket, 0.0) + weight * (1.0 + math.log(count))

    calls = [_call(act) for act in reading.acts[:_MOST_CALLS]]
    add("signal", {signal.signal for signal in signals if signal.failure}, _SIGNAL)
    add("call", set(calls), _CALL)
    add("then", zip(["^", *calls], [*calls, "$"], strict=True), _CALL)
    errors = {normalised_error(act.failure) for act in reading.acts[:_MOST_CALLS] if act.failure}
    add("error", (word for error in sorted(errors) for word in words_of(error)), _ERROR)
    add("request", words_of(reading.trace.summary.input), _REQUEST)
    add("answer", words_of(reading.trace.summary.output), _ANSWER)
    order = sorted(buckets)
    values = np.array([buckets[bucket] for bucket in order], np.float32)
    return Features(np.array(order, np.uint16), values / max(float(np.linalg.norm(values)), 1e-9))


def _call(act: Act) -> str:
    return f"{act.tool}!" if act.failure or act.declared_failure else act.tool


def unpack_background(runs: int, data: bytes) -> Background:
    """The counts that `Background.pack` wrote."""
    return Background(runs, np.frombuffer(data, "<u4").astype(np.uint32))


class Background:
    """In how many runs of a project each feature occurs.

    Attributes:
        runs: How many runs were counted.
        counts: Runs by bucket.
    """

    def __init__(self, runs: int = 0, counts: NDArray[np.uint32] | None = None) -> None:
        self.runs = runs
        self.counts = np.zeros(DIMENSIONS, np.uint32) if counts is None else counts

    def add(self, features: Features) -> None:
        """Count one more run."""
        self.runs += 1
        self.counts[features.buckets] += 1

    def remove(self, features: Features) -> None:
        """Take a run out that was counted before."""
        self.runs = max(self.runs - 1, 0)
        self.counts[features.buckets] -= np.minimum(self.counts[features.buckets], 1).astype(np.uint32)

    def pack(self) -> bytes:
        """The counts, four bytes a bucket."""
        return self.counts.astype("<u4").tobytes()

    def rarity(self) -> Floats:
        """How much each bucket counts: the logarithm of its inverse document frequency."""
        rarity: Floats = np.log((self.runs + 1.0) / (self.counts + 0.5)).clip(min=0.0).astype(np.float32)
        return rarity


_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "#"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE), "#"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[/\\][\w.+-]+){2,}"), "#"),
    (re.compile(r"'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"|`[^`\n]{0,200}`"), "#"),
    (re.compile(r"\S*\d\S*"), "#"),
    (re.compile(r"(?:#\W*){2,}"), "# "),
)
_ERROR_WIDTH = 120


def normalised_error(text: str) -> str:
    """The kind of an error: its first telling line without names, numbers, paths and quoted values.

    >>> normalised_error("Order 'R-1042' not found in /var/db/shop after 3 tries")
    'order # not found in # after # tries'
    """
    line = next((line for line in text.strip().splitlines()[::-1] if line.strip()), "") if _is_traceback(text) else text
    line = line.strip().splitlines()[0] if line.strip() else ""
    for pattern, mark in _MASKS:
        line = pattern.sub(mark, line[:1_000])
    return " ".join(line.lower().split())[:_ERROR_WIDTH]


def _is_traceback(text: str) -> bool:
    return text.lstrip().startswith("Traceback (")
