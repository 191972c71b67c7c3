"""Traces as Jaeger's and Zipkin's APIs give them in JSON: the tree, with tags as attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model.errors import BadInputError
from ...model.text.jsontext import as_text
from ...model.traces import JsonValue, SpanBatch
from .fields import mapping, number, optional_text, required_text, sequence
from .head import Head
from .records import ReadItem, Record, Source, each_record, paged_records

if TYPE_CHECKING:
    from ..otlp.raw import RawEvent, RawSpan

_FALSE = ("", "false", "0", None, False)


def sniff_jaeger(head: Head) -> bool:
    """Whether the first record is a trace of Jaeger's API, or a page of them."""
    page = sequence(head.first.get("data"))
    first = mapping(page[0]) if page else head.first
    spans = sequence(first.get("spans"))
    return "traceID" in first and bool(spans) and "operationName" in mapping(spans[0])


def sniff_zipkin(head: Head) -> bool:
    """Whether the first record is a span of Zipkin's v2 API, or the list of those of one trace."""
    record = head.records[0] if head.records else None
    first = mapping(record[0]) if isinstance(record, list) and record else mapping(record)
    is_span = {"traceId", "id"} <= first.keys() and "type" not in first
    return is_span and bool({"localEndpoint", "timestamp", "duration", "kind"} & first.keys()) and "value" not in first


def read_jaeger(source: Source) -> Iterator[ReadItem]:
    """One batch per trace."""
    return each_record(source, lambda record: _jaeger_trace(mapping(record.value)), paged_records)


def read_zipkin(source: Source) -> Iterator[ReadItem]:
    """One batch per span, or per list of them."""
    return each_record(source, _zipkin_spans)


def _jaeger_trace(value: dict[str, JsonValue]) -> SpanBatch:
    from ..conventions.registry import to_batch

    processes = mapping(value.get("processes"))
    spans = [_jaeger_span(mapping(span), processes, index) for index, span in enumerate(sequence(value.get("spans")))]
    if not spans:
        raise BadInputError("The trace has no spans. Export it with them: GET /api/traces/{traceID}.")
    return to_batch(spans, [])


def _jaeger_span(value: dict[str, JsonValue], processes: dict[str, JsonValue], index: int) -> RawSpan:
    from ..otlp.raw import RawEvent

    where = f"spans[{index}]"
    process = mapping(value.get("process") or processes.get(as_text(value.get("processID"))))
    parent = next(
        (
            reference.get("spanID")
            for reference in map(mapping, sequence(value.get("references")))
            if reference.get("refType") == "CHILD_OF"
        ),
        value.get("parentSpanID"),
    )
    events = []
    for log in map(mapping, sequence(value.get("logs"))):
        fields = _tags(log.get("fields"))
        name = as_text(fields.pop("event", None) or fields.pop("message", None)) or "log"
        events.append(RawEvent(name, _micros(log.get("timestamp")) or 0, fields))
    return _raw(
        trace=required_text(value, "traceID", where=where),
        span=required_text(value, "spanID", where=where),
        parent=parent,
        name=value.get("operationName"),
        start=_micros(value.get("startTime")),
        length=_micros(value.get("duration")),
        tags=_tags(value.get("tags")),
        events=events,
        resource={"service.name": process.get("serviceName"), **_tags(process.get("tags"))},
        index=index,
    )


def _zipkin_spans(record: Record) -> SpanBatch:
    from ..conventions.registry import to_batch

    listed = record.value if isinstance(record.value, list) else [record.value]
    return to_batch([_zipkin_span(mapping(value), index) for index, value in enumerate(listed)], [])


def _zipkin_span(value: dict[str, JsonValue], index: int) -> RawSpan:
    from ..otlp.raw import RawEvent

    where = f"spans[{index}]"
    notes = map(mapping, sequence(value.get("annotations")))
    return _raw(
        trace=required_text(value, "traceId", where=where),
        span=required_text(value, "id", where=where),
        parent=value.get("parentId"),
        name=value.get("name"),
        start=_micros(value.get("timestamp")),
        length=_micros(value.get("duration")),
        tags=dict(mapping(value.get("tags"))),
        events=[RawEvent(as_text(note.get("value")), _micros(note.get("timestamp")) or 0, {}) for note in notes],
        resource={"service.name": mapping(value.get("localEndpoint")).get("serviceName")},
        index=index,
    )


def _raw(
    *,
    trace: str,
    span: str,
    parent: JsonValue,
    name: JsonValue,
    start: int | None,
    length: int | None,
    tags: dict[str, JsonValue],
    events: list[RawEvent],
    resource: dict[str, JsonValue],
    index: int,
) -> RawSpan:
    from ..otlp.raw import RawSpan

    failed = tags.pop("error", None) not in _FALSE or tags.get("otel.status_code") == "ERROR"
    above = optional_text(parent)
    return RawSpan(
        trace_id=trace.lower().zfill(32),
        span_id=span.lower().zfill(16),
        parent_span_id=above.lower().zfill(16) if above else None,
        name=as_text(name) or "span",
        start_ns=start,
        end_ns=start + length if start is not None and length is not None else None,
        status_code=2 if failed else 1 if tags.get("otel.status_code") == "OK" else 0,
        status_message=as_text(tags.get("otel.status_description")),
        attributes={key: item for key, item in tags.items() if not key.startswith(("otel.status", "span.kind"))},
        events=events,
        scope=as_text(tags.get("otel.scope.name") or tags.get("otel.library.name")),
        resource={key: item for key, item in resource.items() if item is not None},
        sequence=index,
    )


def _tags(value: JsonValue) -> dict[str, JsonValue]:
    return {as_text(tag.get("key")): tag.get("value") for tag in map(mapping, sequence(value))}


def _micros(value: JsonValue) -> int | None:
    """Nanoseconds of microseconds."""
    found = number(value)
    return None if found is None or not 0 <= found < 1e16 else int(found) * 1_000
