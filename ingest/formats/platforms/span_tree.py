"""Nested span trees, as Patronus exports them: OpenTelemetry spans with OpenInference attributes and their children."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ....model.errors import BadInputError
from ....model.text.jsontext import as_text
from ....model.traces import JsonValue, SpanBatch
from ..fields import mapping, optional_text, required_text, sequence, time_ns
from ..head import Head
from ..records import ReadItem, Record, Source, each_record

if TYPE_CHECKING:
    from ...otlp.raw import RawEvent, RawSpan

_DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")
_STATUS = {"ok": 1, "error": 2}


def sniff(head: Head) -> bool:
    """Whether the first record has a list of spans with `span_attributes`."""
    spans = sequence(head.first.get("spans"))
    return bool(spans) and "span_attributes" in mapping(spans[0])


def read(source: Source) -> Iterator[ReadItem]:
    """One batch per tree."""
    return each_record(source, lambda record: _tree(record, source))


def _tree(record: Record, source: Source) -> SpanBatch:
    from ...conventions.registry import to_batch

    tree = mapping(record.value)
    trace_id = required_text(tree, "trace_id")
    roots = tree.get("spans")
    if not isinstance(roots, list):
        raise BadInputError("Field 'spans' is missing or no list.")
    source.limits.check_size(record.size, where=record.where)
    spans: list[RawSpan] = []
    stack: list[tuple[JsonValue, str | None]] = [(span, None) for span in reversed(roots)]
    while stack:
        value, parent = stack.pop()
        span = _span(value, trace_id, parent, len(spans))
        spans.append(span)
        source.limits.check_steps(len(spans), where=record.where)
        stack.extend((child, span.span_id) for child in reversed(sequence(mapping(value).get("child_spans"))))
    return to_batch(spans, [])


def _span(value: JsonValue, trace_id: str, parent: str | None, sequence_number: int) -> RawSpan:
    from ...otlp.raw import RawSpan

    if not isinstance(value, dict):
        raise BadInputError("A span is an object.", where=f"span {sequence_number}")
    start = time_ns(value.get("timestamp") or value.get("start_time"))
    length = duration_ns(value.get("duration"))
    attributes = dict(mapping(value.get("span_attributes")))
    for key, found in _logged_call(value).items():
        attributes.setdefault(key, found)
    return RawSpan(
        trace_id=trace_id,
        span_id=required_text(value, "span_id", where=f"span {sequence_number}"),
        parent_span_id=optional_text(value.get("parent_span_id")) or parent,
        name=as_text(value.get("span_name")) or "span",
        start_ns=start,
        end_ns=start + length if start is not None and length is not None else None,
        status_code=_STATUS.get(as_text(value.get("status_code")).lower(), 0),
        status_message=as_text(value.get("status_message")),
        attributes=attributes,
        events=[_event(mapping(event)) for event in sequence(value.get("events"))],
        scope=as_text(value.get("scope_name")),
        resource=dict(mapping(value.get("resource_attributes"))),
        sequence=sequence_number,
    )


def _event(value: Mapping[str, JsonValue]) -> RawEvent:
    from ...otlp.raw import RawEvent

    fields = {key.lower(): item for key, item in value.items()}
    return RawEvent(
        as_text(fields.get("name")), time_ns(fields.get("timestamp")) or 0, mapping(fields.get("attributes"))
    )


def _logged_call(span: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Arguments and result of a traced function, which come as a log record beside the span."""
    for log in sequence(span.get("logs")):
        body = mapping(mapping(log).get("body"))
        if "function.name" in body:
            found = {"input.value": body.get("function.arguments"), "output.value": body.get("function.output")}
            return {key: item for key, item in found.items() if item not in (None, {}, "", "<null>")}
    return {}


def duration_ns(value: JsonValue) -> int | None:
    """Nanoseconds of an ISO 8601 duration such as `PT1M48.7S`, None where it is none.

    >>> duration_ns("PT1M0.5S")
    60500000000
    """
    match = _DURATION.match(value) if isinstance(value, str) and len(value) <= 64 else None
    if match is None:
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups()[:3])
    return ((days * 24 + hours) * 60 + minutes) * 60_000_000_000 + round(float(match[4] or 0) * 1_000_000_000)
