"""OTLP in its JSON encoding.

Our own path: the protobuf library reads hex ids as base64, which OTLP forbids, and is twenty times slower. Ids are hex
of any case (base64 is understood too), 64-bit integers text or numbers, enums numbers or names, unknown fields ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from ...model.errors import BadInputError
from ...model.text.jsontext import fits, parse
from ...model.traces import JsonValue
from .raw import Bounds, RawEvent, RawLog, RawSpan, is_entered, plain_float

_HEX = re.compile(r"(?:[0-9a-fA-F]{16}){1,2}")
_STATUS = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2, "UNSET": 0, "OK": 1, "ERROR": 2}
_SNAKE = re.compile(r"_([a-z])")
_SNAKE_FIELDS = (
    b'"scope_spans"',
    b'"scope_logs"',
    b'"log_records"',
    b'"time_unix_nano"',
    b'"start_time_unix_nano"',
    b'"string_value"',
)
"""Seen in what only some levels of a request spell so."""
_MAX_LEVELS = 256


def read_spans(body: bytes, bounds: Bounds) -> Iterator[RawSpan]:
    """The spans of an export request, ids unchecked.

    Raises:
        BadInputError: if the text is no JSON or no such request; `where` names the place.
    """
    sequence = 0
    for by_resource, where in _all_items(body, "resourceSpans"):
        resource = _resource(by_resource, bounds)
        scopes = "scopeSpans" if "scopeSpans" in by_resource else "instrumentationLibrarySpans"
        for by_scope, place in _items(by_resource, scopes, where):
            scope, about = _scope(by_scope, bounds), _scope_attributes(by_scope, bounds)
            for span, at in _items(by_scope, "spans", place):
                yield _span(span, scope, about, resource, sequence, at, bounds)
                sequence += 1


def read_logs(body: bytes, bounds: Bounds) -> Iterator[RawLog]:
    """The log records of an export request.

    Raises:
        BadInputError: if the text is no JSON or no such request; `where` names the place.
    """
    sequence = 0
    for by_resource, where in _all_items(body, "resourceLogs"):
        resource = _resource(by_resource, bounds)
        for by_scope, place in _items(by_resource, "scopeLogs", where):
            scope = _scope(by_scope, bounds)
            for record, at in _items(by_scope, "logRecords", place):
                yield _log(record, scope, resource, sequence, at, bounds)
                sequence += 1


def attributes_of(pairs: Any, bounds: Bounds) -> dict[str, JsonValue]:
    """The attributes in a list of `{key, value}` pairs, under OTLP's or the protobuf names."""
    return _attributes(_camel(pairs, 0), bounds)


def _all_items(body: bytes, key: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The resources of a request, or of a list of requests, which some writers make of a collector's lines."""
    for number, request in enumerate(requests := _requests(body, key)):
        yield from _items(request, key, f"[{number}]" if len(requests) > 1 else "")


def _requests(body: bytes, key: str) -> list[dict[str, Any]]:
    try:
        value = parse(body)
    except (ValueError, RecursionError) as err:
        raise BadInputError(
            f"This body of {len(body)} bytes is no JSON ({err}). Send OTLP/JSON, or application/x-protobuf.",
            where="request body",
        ) from err
    requests: list[dict[str, Any]] = []
    for request in value if isinstance(value, list) and value else [value]:
        if not isinstance(request, dict):
            raise BadInputError(
                f"An OTLP/JSON request is an object with {key!r}, not {_kind(request)}.", where="request body"
            )
        requests.append(request)
    spelled_otherwise = any(name in body for name in _SNAKE_FIELDS)
    return [_camel(each, 0) if spelled_otherwise or _snake(key) in each else each for each in requests]


def _snake(key: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", key)


def _upper(match: re.Match[str]) -> str:
    return match[1].upper()


def _camel(value: Any, depth: int) -> Any:
    """Field names as OTLP wants them, from a sender that kept the protobuf names."""
    if depth > _MAX_LEVELS:
        return None
    if isinstance(value, dict):
        return {_SNAKE.sub(_upper, key): _camel(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_camel(item, depth + 1) for item in value]
    return value


def _items(holder: dict[str, Any], key: str, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    found = holder.get(key)
    if found is None:
        return
    if not isinstance(found, list):
        raise BadInputError(f"{key!r} must be a list, not {_kind(found)}.", where=where or "request body")
    for index, item in enumerate(found):
        at = f"{where}{'.' if where else ''}{key}[{index}]"
        if not isinstance(item, dict):
            raise BadInputError(f"{at} must be an object, not {_kind(item)}.", where=at)
        yield item, at


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", str: "text", type(None): "null"}.get(type(value), "a scalar")


def _resource(holder: dict[str, Any], bounds: Bounds) -> dict[str, JsonValue]:
    resource = holder.get("resource")
    return _attributes(resource.get("attributes"), bounds) if isinstance(resource, dict) else {}


def _scope(holder: dict[str, Any], bounds: Bounds) -> str:
    scope = holder.get("scope") or holder.get("instrumentationLibrary")
    return _text(scope.get("name"), bounds) if isinstance(scope, dict) else ""


def _scope_attributes(holder: dict[str, Any], bounds: Bounds) -> dict[str, JsonValue]:
    scope = holder.get("scope")
    return _attributes(scope.get("attributes"), bounds) if isinstance(scope, dict) else {}


def _span(
    span: dict[str, Any],
    scope: str,
    about: dict[str, JsonValue],
    resource: dict[str, JsonValue],
    sequence: int,
    where: str,
    bounds: Bounds,
) -> RawSpan:
    status = span.get("status")
    status = status if isinstance(status, dict) else {}
    code = status.get("code", 0)
    return RawSpan(
        _id(span.get("traceId")),
        _id(span.get("spanId")),
        _id(span.get("parentSpanId")) or None,
        _text(span.get("name"), bounds),
        _integer(span.get("startTimeUnixNano"), where) or None,
        _integer(span.get("endTimeUnixNano"), where) or None,
        _STATUS.get(code, 0) if isinstance(code, str) and not code.isdigit() else _integer(code, where),
        _text(status.get("message"), bounds),
        _attributes(span.get("attributes"), bounds),
        [
            RawEvent(
                _text(event.get("name"), bounds),
                _integer(event.get("timeUnixNano"), at),
                _attributes(event.get("attributes"), bounds),
            )
            for event, at in _items(span, "events", where)
        ],
        scope,
        resource,
        sequence,
        about,
        isinstance(flags := span.get("flags"), int) and is_entered(flags),
    )


def _log(
    record: dict[str, Any], scope: str, resource: dict[str, JsonValue], sequence: int, where: str, bounds: Bounds
) -> RawLog:
    time_ns = _integer(record.get("timeUnixNano"), where) or _integer(record.get("observedTimeUnixNano"), where)
    return RawLog(
        _id(record.get("traceId")),
        _id(record.get("spanId")),
        _text(record.get("eventName"), bounds),
        _value(record.get("body"), bounds, 0),
        time_ns or None,
        _attributes(record.get("attributes"), bounds),
        scope,
        resource,
        sequence,
    )


def _text(value: Any, bounds: Bounds) -> str:
    return bounds.text(value) if isinstance(value, str) else ""


def _id(value: Any) -> str:
    """Lower-case hex of an id; what is neither hex nor base64 comes back as no id."""
    if not isinstance(value, str) or not value:
        return ""
    if _HEX.fullmatch(value):
        return value.lower()
    try:
        return base64.b64decode(value, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def _integer(value: Any, where: str) -> int:
    if value is None:
        return 0
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number < 1 << 64:
        raise BadInputError(f"{value!r} at {where} is no unsigned 64-bit integer.", where=where)
    return number


def _attributes(pairs: Any, bounds: Bounds) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    if not isinstance(pairs, list):
        return found
    for pair in pairs:
        if isinstance(pair, dict) and isinstance(key := pair.get("key"), str):
            value = pair.get("value")
            text = value.get("stringValue") if isinstance(value, dict) else None
            if isinstance(text, str):
                bounds.attribute(key, text, found)
            else:
                found[key] = _value(value, bounds, 0)
    return found


def _value(value: Any, bounds: Bounds, depth: int) -> JsonValue:
    if not isinstance(value, dict):
        return None
    for which, item in value.items():
        if item is None:
            # Generated clients write every member of the union, null where it is not the one.
            continue
        if reader := _READERS.get(which):
            return reader(item, bounds)
        if which in ("arrayValue", "kvlistValue"):
            if depth >= bounds.depth:
                return bounds.too_deep
            listed = item.get("values") if isinstance(item, dict) else None
            if not isinstance(listed, list):
                return [] if which == "arrayValue" else {}
            if which == "arrayValue":
                return [_value(one, bounds, depth + 1) for one in listed]
            return {
                pair["key"]: _value(pair.get("value"), bounds, depth + 1)
                for pair in listed
                if isinstance(pair, dict) and isinstance(pair.get("key"), str)
            }
    return None


def _signed(value: Any, bounds: Bounds) -> JsonValue:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return _text(value, bounds)
    return number if fits(number) else bounds.text(str(value))


def _double(value: Any, bounds: Bounds) -> JsonValue:
    try:
        return plain_float(float(value))
    except (TypeError, ValueError, OverflowError):
        return _text(value, bounds)


def _bytes(value: Any, bounds: Bounds) -> JsonValue:
    text = _text(value, bounds)
    try:
        return bounds.bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return text


_READERS = {
    "stringValue": lambda value, bounds: _text(value, bounds) if isinstance(value, str) else None,
    "intValue": _signed,
    "boolValue": lambda value, _: value if isinstance(value, bool) else value in ("true", 1),
    "doubleValue": _double,
    "bytesValue": _bytes,
}
