"""OpenTelemetry spans that a tool writes as rows of its own: gathered into batches and read by their conventions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ...model.errors import BadInputError
from ...model.traces import JsonValue
from .fields import mapping
from .records import ReadItem, Record, RecordError, Source

if TYPE_CHECKING:
    from ..otlp.raw import RawSpan

_FLUSH_ROWS = 2_000


def read_rows(
    source: Source,
    records: Iterator[Record | RecordError],
    span_of: Callable[[dict[str, JsonValue], int], RawSpan | None],
) -> Iterator[ReadItem]:
    """Batches of up to a few thousand spans.

    Args:
        source: The file, for errors.
        records: Its rows.
        span_of: Makes the span of a row and its number; None for a row that is none.
    """
    from ..conventions.registry import to_batch

    rows: list[RawSpan] = []
    for record in records:
        if isinstance(record, RecordError):
            yield record
            continue
        try:
            span = span_of(mapping(record.value), len(rows))
        except BadInputError as err:
            yield source.error(record.where, str(err))
            continue
        if span is not None:
            rows.append(span)
        if len(rows) >= _FLUSH_ROWS:
            yield to_batch(rows)
            rows = []
    if rows:
        yield to_batch(rows)
