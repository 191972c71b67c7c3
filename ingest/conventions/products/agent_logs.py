"""Coding agents that tell of a session in log records: what their readers share.

One record is one fact of a step: the step's id is derived from the session and the call, so that records of one step
meet in whatever request they come, and so that a step that spans also tell of can be folded as their double.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b

from ....model.traces import JsonValue, Span, StepKind
from ...otlp.raw import RawLog
from ..base import identity_of
from ..values import number_of, text_of

_MILLISECOND = 1_000_000
_LONGEST_MS = 7 * 24 * 3600 * 1000


def derived_id(*names: object) -> str:
    """A span id made of names, the same each time."""
    return blake2b("\x1f".join(map(str, names)).encode("utf-8", "replace"), digest_size=8).hexdigest()


def is_false(value: JsonValue) -> bool:
    """A flag that old senders write as text."""
    return value is False or value == "false"


def time_of(record: RawLog) -> int | None:
    """When the event happened, Unix nanoseconds."""
    said = text_of(record.attributes.get("event.timestamp"))
    if said:
        try:
            moment = datetime.fromisoformat(said.replace("Z", "+00:00"))
            return int(moment.timestamp() * 1000) * _MILLISECOND
        except (ValueError, OverflowError, OSError):
            pass
    return record.time_ns


def step_of(record: RawLog, trace_key: str, span_id: str, kind: StepKind, name: str) -> Span:
    """A step told by a record: it ended when the record was made and took `duration_ms`."""
    span = Span(trace_key, span_id, name, kind, sequence=record.sequence)
    identity_of(span, record.attributes, record.resource)
    span.ended_at_ns = time_of(record)
    duration = min(max(number_of(record.attributes.get("duration_ms")) or 0, 0), _LONGEST_MS)
    if span.ended_at_ns is not None:
        span.started_at_ns = max(span.ended_at_ns - int(duration * _MILLISECOND), 0)
    return span
