"""Raw OTLP records written by hand, for conventions as their documentation shows them."""

from __future__ import annotations

import json
from typing import Any

from retrospan.ingest.conventions.registry import to_batch
from retrospan.ingest.otlp.raw import RawEvent, RawLog, RawSpan
from retrospan.model.traces import Span

TRACE = "0af7651916cd43dd8448eb211c80319c"


def raw_span(
    attributes: dict[str, Any],
    *,
    name: str = "span",
    scope: str = "test",
    parent: str | None = None,
    span_id: str = "b7ad6b7169203331",
    status: int = 0,
    message: str = "",
    events: list[RawEvent] | None = None,
    resource: dict[str, Any] | None = None,
) -> RawSpan:
    """One finished span; objects and lists among the attributes become JSON text, as most senders write them."""
    plain = {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in attributes.items()}
    return RawSpan(
        TRACE, span_id, parent, name, 1_000, 2_000, status, message, plain, events or [], scope, resource or {}
    )


def span(attributes: dict[str, Any], **fields: Any) -> Span:
    """The normal form of one span."""
    (found,) = to_batch([raw_span(attributes, **fields)]).spans
    return found


def event(name: str, **attributes: Any) -> RawEvent:
    """A span event; objects and lists become JSON text."""
    return RawEvent(name, 1_500, raw_span(attributes).attributes)


def log(name: str, attributes: dict[str, Any] | None = None, body: Any = None, **fields: Any) -> RawLog:
    """One log record that points at a span unless told otherwise."""
    values = {"trace_id": TRACE, "span_id": "b7ad6b7169203331", "scope": "test", "resource": {}, **fields}
    return RawLog(event_name=name, body=body, time_ns=1_500, attributes=attributes or {}, **values)
