"""Spans as the console exporter of OpenTelemetry's Python SDK prints them: JSON objects one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from .fields import mapping, optional_text, required_text, sequence, time_ns
from .head import Head
from .raw_rows import read_rows
from .records import ReadItem, Source, json_records

if TYPE_CHECKING:
    from ..otlp.raw import RawSpan

_STATUS = {"OK": 1, "ERROR": 2}


def sniff(head: Head) -> bool:
    """Whether the first record is a printed span: a context with ids, and a kind such as `SpanKind.INTERNAL`."""
    context = mapping(head.first.get("context"))
    return {"trace_id", "span_id"} <= context.keys() and as_text(head.first.get("kind")).startswith("SpanKind.")


def read(source: Source) -> Iterator[ReadItem]:
    """Batches of up to a few thousand spans."""
    return read_rows(source, json_records(source), _span)


def _span(value: dict[str, JsonValue], number: int) -> RawSpan:
    from ..otlp.raw import RawEvent, RawSpan

    context, status = mapping(value.get("context")), mapping(value.get("status"))
    resource = mapping(value.get("resource"))
    return RawSpan(
        trace_id=_hex(required_text(context, "trace_id")),
        span_id=_hex(required_text(context, "span_id")),
        parent_span_id=_hex(optional_text(value.get("parent_id")) or "") or None,
        name=as_text(value.get("name")) or "span",
        start_ns=time_ns(value.get("start_time")),
        end_ns=time_ns(value.get("end_time")),
        status_code=_STATUS.get(as_text(status.get("status_code")).rpartition(".")[2], 0),
        status_message=as_text(status.get("description")),
        attributes=dict(mapping(value.get("attributes"))),
        events=[
            RawEvent(as_text(event.get("name")), time_ns(event.get("timestamp")) or 0, mapping(event.get("attributes")))
            for event in map(mapping, sequence(value.get("events")))
        ],
        scope=as_text(mapping(value.get("instrumentation_scope") or value.get("instrumentation_info")).get("name")),
        resource=dict(mapping(resource.get("attributes")) or resource),
        sequence=number,
    )


def _hex(text: str) -> str:
    return text.removeprefix("0x").lower()
