"""OTLP records as plain values: what both encodings decode to and every convention module reads."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

from ...store.models import JsonValue
from ..limits import DEFAULT_LIMITS

MAX_DEPTH = DEFAULT_LIMITS.depth
"""Levels of nested attribute values; deeper ones become a note."""
SHORT_TEXT = DEFAULT_LIMITS.attribute_bytes // 4
"""Characters that are within the limit in any encoding."""
TOO_DEEP = f"[cut: nested deeper than {MAX_DEPTH} levels]"


@dataclass(slots=True)
class RawEvent:
    """A span event. `time_ns` is Unix nanoseconds."""

    name: str
    time_ns: int
    attributes: dict[str, JsonValue]


@dataclass(slots=True)
class RawSpan:
    """One OTLP span. Ids are lower-case hex; times are Unix nanoseconds, None where the sender gave 0."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    start_ns: int | None
    end_ns: int | None
    status_code: int
    """0 unset, 1 ok, 2 error."""
    status_message: str
    attributes: dict[str, JsonValue]
    events: list[RawEvent]
    scope: str
    """Name of the instrumentation scope."""
    resource: dict[str, JsonValue]
    """Attributes of the resource, shared by all its spans."""
    sequence: int = 0
    """Order within the request."""


@dataclass(slots=True)
class RawLog:
    """One OTLP log record; ids are empty where it points at no span."""

    trace_id: str
    span_id: str
    event_name: str
    body: JsonValue
    time_ns: int | None
    attributes: dict[str, JsonValue]
    scope: str
    resource: dict[str, JsonValue]
    sequence: int = 0


def cut_text(text: str) -> str:
    """`text`, or its first mebibyte and a note of what was cut."""
    return text if len(text) <= SHORT_TEXT else DEFAULT_LIMITS.cut(text)


def cut_bytes(data: bytes) -> str:
    """Bytes as base64, cut like text."""
    return cut_text(base64.b64encode(data).decode())


def plain_float(number: float) -> float | str:
    """A number as JSON can hold it: not-a-number and infinity become their names."""
    return number if math.isfinite(number) else str(number)
