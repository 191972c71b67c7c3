"""The seam to other trace stores: what a connector reads and writes, and how a stretch of time is cut into windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from ...model.traces import SpanBatch
from ..formats.records import RecordError

T = TypeVar("T")
_SHORTEST = timedelta(milliseconds=2)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time that was fetched whole."""

    until: datetime
    """Everything that began before has been fetched."""
    batch: SpanBatch
    errors: list[RecordError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A human verdict on its way to another product, on one span."""

    trace_key: str
    span_id: str
    name: str
    label: str
    score: float | None
    explanation: str
    identifier: str
    """Equal for every version of the same person's answer to the same question, so that a repeat replaces it."""


class Connector(Protocol):
    """One product at one address. A further product is one module with a class of this shape."""

    source: str
    """The product's name, as on the command line."""
    url: str

    def fetch(self, project: str, since: datetime, until: datetime) -> Iterator[Window]:
        """Spans that began in a stretch of time, with their annotations, oldest window first.

        Raises:
            RemoteError: if the product cannot be reached, refuses, or knows no such project.
        """
        ...

    def write_back(self, project: str, judgements: Sequence[Judgement]) -> int:
        """Write verdicts as annotations; returns how many spans the product knows and took.

        Raises:
            RemoteError: if the product cannot be reached or refuses.
        """
        ...


def windows(
    since: datetime, until: datetime, fetch: Callable[[datetime, datetime, int], Sequence[T]], *, most: int = 2_000
) -> Iterator[tuple[datetime, Sequence[T]]]:
    """Cut a stretch of time so that no window holds more than `most` records.

    Args:
        since: Inclusive.
        until: Exclusive.
        fetch: Records that began in [start, end), at most the given number of them.
        most: Records in one window; a window that cannot be cut further may hold more.

    Yields:
        The end of each window and its records, oldest window first.

    Cost: each window that is too full is fetched once more in halves.
    """
    start, width = since, until - since
    while start < until:
        end = min(start + width, until)
        records = fetch(start, end, most)
        if len(records) >= most:
            if end - start > _SHORTEST:
                width = (end - start) / 2
                continue
            records = _all(start, end, fetch, most)
        yield end, records
        start, width = end, width * 2


def _all(
    start: datetime, end: datetime, fetch: Callable[[datetime, datetime, int], Sequence[T]], most: int
) -> Sequence[T]:
    """A burst within one moment: ask for more until fewer come."""
    while True:
        most *= 4
        records = fetch(start, end, most)
        if len(records) < most:
            return records
