"""OTLP request bodies, protobuf or JSON, as raw spans and log records."""

from __future__ import annotations

import re
from typing import TypeVar

from ...model.errors import BadInputError
from . import json_form, protobuf_form
from .raw import DEFAULT_BOUNDS, Bounds, RawLog, RawSpan

_Record = TypeVar("_Record", RawSpan, RawLog)
_OBJECT = re.compile(rb"\s*\{\s*[\"}]")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


def decode_traces(
    body: bytes, content_type: str, rejected: list[str] | None = None, bounds: Bounds = DEFAULT_BOUNDS
) -> list[RawSpan]:
    """The spans of an `/v1/traces` body, decompressed.

    Args:
        body: The request as sent, or one line of a collector's file.
        content_type: `application/x-protobuf` or `application/json`, parameters allowed; "" tells by the first byte.
        rejected: Takes a line for each span that has no valid ids; without it such a span fails the request.
        bounds: What is cut.

    Raises:
        BadInputError: if the body is no such request; `where` names the place.

    Cost: about 10 µs a span of 12 attributes.
    """
    read = json_form.read_spans if _is_json(body, content_type) else protobuf_form.read_spans
    found = []
    for span in read(body, bounds):
        if len(span.trace_id) != 32 or span.trace_id == _NO_TRACE:
            _reject(f"span {span.sequence} has no valid trace id (16 bytes, not all zero).", span, rejected)
        elif len(span.span_id) != 16 or span.span_id == _NO_SPAN:
            _reject(f"span {span.sequence} has no valid span id (8 bytes, not all zero).", span, rejected)
        else:
            if span.parent_span_id is not None and (
                len(span.parent_span_id) != 16 or span.parent_span_id in (_NO_SPAN, span.span_id)
            ):
                span.parent_span_id = None
            found.append(span)
    return found


def decode_logs(body: bytes, content_type: str, bounds: Bounds = DEFAULT_BOUNDS) -> list[RawLog]:
    """The log records of an `/v1/logs` body, decompressed. Ids that are not valid come back empty.

    Args:
        body: The request as sent, or one line of a collector's file.
        content_type: As for `decode_traces`.
        bounds: What is cut.

    Raises:
        BadInputError: if the body is no such request; `where` names the place.
    """
    read = json_form.read_logs if _is_json(body, content_type) else protobuf_form.read_logs
    return list(map(_with_valid_ids, read(body, bounds)))


def _with_valid_ids(record: RawLog) -> RawLog:
    if len(record.trace_id) != 32 or record.trace_id == _NO_TRACE:
        record.trace_id = record.span_id = ""
    elif len(record.span_id) != 16 or record.span_id == _NO_SPAN:
        record.span_id = ""
    return record


def _reject(reason: str, span: RawSpan, rejected: list[str] | None) -> None:
    if rejected is None:
        raise BadInputError(f"Cannot place this: {reason}", where=f"span {span.sequence}")
    rejected.append(reason)


def _is_json(body: bytes, content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if not kind:
        return _OBJECT.match(body) is not None and body.rstrip().endswith(b"}")
    if kind == "application/json":
        return True
    if kind in ("application/x-protobuf", "application/protobuf", "application/octet-stream"):
        return False
    raise BadInputError(
        f"OTLP has no content type {kind!r} (known: application/x-protobuf, application/json).", where="content-type"
    )
