"""Logfire records: what its query API and web page give of the table `records`, by rows, by columns or as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....model.text.jsontext import as_text
from ....model.traces import JsonValue
from ..fields import mapping, optional_text, required_text, sequence, time_ns, unpacked
from ..head import Head
from ..judgements import first_of
from ..raw_rows import read_rows
from ..records import ReadItem, Record, RecordError, Source, json_records

if TYPE_CHECKING:
    from ...otlp.raw import RawSpan

_OURS = {"span_name", "otel_scope_name", "otel_status_code", "start_timestamp", "is_exception", "otel_events"}
_STATUS = {"OK": 1, "ERROR": 2, "1": 1, "2": 2}
_LEVELS = {"error", "fatal", "17", "21"}


def sniff(head: Head) -> bool:
    """Whether the first record is a row of `records`, or a result with its columns or rows."""
    first = head.first
    row = mapping(next(iter(sequence(first.get("rows"))), None)) or first
    names = {as_text(mapping(column).get("name")) for column in sequence(first.get("columns"))}
    known = names | row.keys()
    return {"trace_id", "span_id"} <= known and len(_OURS & known) > 1


def read(source: Source) -> Iterator[ReadItem]:
    """Batches of up to a few thousand rows."""
    return read_rows(source, _rows(source), _span)


def _rows(source: Source) -> Iterator[Record | RecordError]:
    """Rows, also of a result that holds them or its columns."""
    for record in json_records(source):
        value = mapping(record.value) if isinstance(record, Record) else {}
        columns = [mapping(column) for column in sequence(value.get("columns"))]
        if sequence(value.get("rows")):
            yield from (Record(f"rows[{index}]", row) for index, row in enumerate(sequence(value["rows"])))
        elif columns and all("values" in column for column in columns):
            names = [as_text(column.get("name")) for column in columns]
            cells = zip(*(sequence(column["values"]) for column in columns), strict=False)
            for index, row in enumerate(cells):
                yield Record(f"row {index}", dict(zip(names, row, strict=False)))
        else:
            yield record


def _span(raw: dict[str, JsonValue], number: int) -> RawSpan:
    from ...otlp.raw import RawEvent, RawSpan

    value = unpacked(raw)
    attributes = dict(mapping(value.get("attributes")))
    if kind := optional_text(value.get("kind")):
        attributes.setdefault("logfire.span_type", kind)
    if message := optional_text(value.get("message")):
        attributes.setdefault("logfire.msg", message)
    if value.get("tags"):
        attributes.setdefault("logfire.tags", value["tags"])
    code = _STATUS.get(as_text(value.get("otel_status_code")).upper(), 0)
    is_error = value.get("is_exception") is True or as_text(value.get("level")).lower() in _LEVELS
    if is_error and not code:
        code = 2
    if kind := optional_text(value.get("exception_type")):
        attributes.setdefault("error.type", kind)
    events = [mapping(event) for event in sequence(value.get("otel_events"))]
    resource = dict(mapping(value.get("otel_resource_attributes")))
    if service := optional_text(value.get("service_name")):
        resource.setdefault("service.name", service)
    return RawSpan(
        trace_id=required_text(value, "trace_id").lower(),
        span_id=required_text(value, "span_id").lower(),
        parent_span_id=optional_text(value.get("parent_span_id")),
        name=optional_text(value.get("span_name")) or message or "span",
        start_ns=time_ns(value.get("start_timestamp")),
        end_ns=time_ns(value.get("end_timestamp")),
        status_code=code,
        status_message=as_text(first_of(value, "otel_status_message", "exception_message")),
        attributes=attributes,
        events=[
            RawEvent(
                as_text(first_of(event, "event_name", "name")),
                time_ns(first_of(event, "event_timestamp", "timestamp")) or 0,
                mapping(first_of(event, "attributes", "event_attributes")),
            )
            for event in events
        ],
        scope=as_text(value.get("otel_scope_name")),
        resource=resource,
        sequence=number,
    )
