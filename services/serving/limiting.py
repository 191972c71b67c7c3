"""The one limiter of this product: so many takes a key, from a bucket that refills. For calls of a token and for tries
of a passphrase alike; what is taken and turns out right is given back."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...model.errors import RetrospanError

_KEYS_REMEMBERED = 4_096


class TooMany(RetrospanError):
    """Something is asked for too often.

    Attributes:
        wait_seconds: When the next one is taken.
    """

    def __init__(self, what: str, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(f"Too many {what}. Wait {wait_seconds} seconds and try again.")


class Limiter:
    """At most `most` takes a key at once, and as many again in each `seconds`.

    Keys are kept as hashes, so that none is a secret in memory longer than its call. Safe to share between threads.

    Args:
        most: Size of a key's bucket.
        seconds: How long an empty bucket takes to fill.
        clock: Seconds; for tests.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rate, self._clock = float(most), most / seconds, clock
        self._buckets: dict[bytes, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: str) -> int:
        """Take one from the key's bucket.

        Returns:
            0, or the seconds until there is one where the bucket is empty; then nothing is taken.
        """
        with self._lock:
            left, now = self._left(key)
            enough = left >= 1
            self._buckets[_digest(key)] = (left - 1 if enough else left, now)
            if len(self._buckets) > _KEYS_REMEMBERED:
                # The fullest goes: a flood of other keys does not make one forget how often it was tried.
                del self._buckets[max(self._buckets, key=lambda digest: self._refilled(self._buckets[digest], now))]
            return 0 if enough else math.ceil((1 - left) / self._rate)

    def give_back(self, key: str) -> None:
        """Undo a take."""
        with self._lock:
            left, now = self._left(key)
            self._buckets[_digest(key)] = (min(left + 1, self._most), now)

    def _left(self, key: str) -> tuple[float, float]:
        now = self._clock()
        return self._refilled(self._buckets.pop(_digest(key), (self._most, now)), now), now

    def _refilled(self, bucket: tuple[float, float], now: float) -> float:
        left, then = bucket
        return min(left + (now - then) * self._rate, self._most)


class Turns:
    """One at a time, and a few who wait; whoever comes beyond that is refused at once.

    For work that costs memory: what waits holds a thread, and threads are few.
    """

    def __init__(self, waiting: int) -> None:
        self._room = threading.BoundedSemaphore(waiting + 1)
        self._turn = threading.Lock()

    @contextmanager
    def turn(self, what: str) -> Iterator[None]:
        """Do it in turn.

        Raises:
            TooMany: if too many wait already.
        """
        if not self._room.acquire(blocking=False):
            raise TooMany(what, 5)
        try:
            with self._turn:
                yield
        finally:
            self._room.release()


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
