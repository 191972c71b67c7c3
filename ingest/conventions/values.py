"""Attribute values as conventions write them, turned into plain JSON values: text that is JSON, wrapped arguments."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

from ...model.text.jsontext import finite, whole
from ...model.traces import JsonValue
from ..limits import DEFAULT_LIMITS, deeper_than

_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_WRAPPED = ({"args"}, {"kwargs"}, {"args", "kwargs"})
_CALL_FLAGS = {"sanitize_inputs_outputs"}
_MAX_LITERAL = 65_536


def read_json(value: JsonValue) -> JsonValue:
    """Text that is a JSON object or array as its value; anything else unchanged."""
    if not isinstance(value, str):
        return value
    head = value[:1] if value[:1] not in " \n\r\t" else value.lstrip()[:1]
    return _loads(value) if head and head in "{[" else value


def read_any_json(value: JsonValue) -> JsonValue:
    """As `read_json`, and for conventions that encode every value: quoted text, numbers and null too."""
    return _loads(value) if isinstance(value, str) else value


def _loads(text: str) -> JsonValue:
    try:
        value: Any = orjson.loads(text)
    except ValueError:
        try:
            value = _without_surrogates(json.loads(text, parse_constant=str, parse_float=finite, parse_int=whole))
        except (ValueError, RecursionError):
            return text
    if isinstance(value, dict | list) and _may_be_deep(text) and deeper_than(value, DEFAULT_LIMITS.depth):
        return text
    return value  # type: ignore[no-any-return]


def _may_be_deep(text: str) -> bool:
    """Whether a full look is due: most texts are cleared by stripping pairs of brackets layer by layer."""
    limit = DEFAULT_LIMITS.depth
    if text.count("{") + text.count("[") <= limit:
        return False
    brackets = text.encode("utf-8", "replace").translate(None, _BRACKETS)
    for layer in range(limit):
        inner = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(inner) == len(brackets):
            return layer + len(inner) > limit
        brackets = inner
    return True


def _without_surrogates(value: Any) -> Any:
    """Half characters, which no encoding can store, as replacement characters; not-a-number as text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


def read_arguments(value: JsonValue) -> JsonValue:
    """The plain arguments of a call: JSON text read (twice where it was encoded twice), call wrappers taken off.

    >>> read_arguments('{"args": [], "kwargs": {"query": "tents"}}')
    {'query': 'tents'}
    """
    value = unwrap_call(read_json(read_json(value)))
    if isinstance(value, str) and value[:1] == "{":
        return unwrap_call(_python_literal(value))
    return value


def unwrap_call(value: JsonValue) -> JsonValue:
    """`{"args": […], "kwargs": {…}}` as the plain value that was passed."""
    if not isinstance(value, dict) or value.keys() - _CALL_FLAGS not in _WRAPPED:
        return value
    args, kwargs = value.get("args") or [], value.get("kwargs") or {}
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        return value
    if not args:
        return kwargs
    if not kwargs:
        return read_json(args[0]) if len(args) == 1 else args
    return {"args": args, **kwargs}


def _python_literal(text: str) -> JsonValue:
    """The value of a Python dict's repr, which older instrumentations write for arguments."""
    if len(text) > _MAX_LITERAL or text.count("{") + text.count("[") + text.count("(") > DEFAULT_LIMITS.depth:
        return text
    try:
        value = ast.literal_eval(text)
        return _without_surrogates(orjson.loads(orjson.dumps(value)))  # type: ignore[no-any-return]
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text


def text_of(value: JsonValue) -> str | None:
    """Text of a scalar; None for nothing, "" and for objects and arrays."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    return str(value)


def count_of(value: JsonValue) -> int:
    """A count that may be text; 0 where it is none."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return max(value, 0)
    number = number_of(value)
    return int(number) if number is not None and 0 < number < 1e18 else 0


def number_of(value: JsonValue) -> float | None:
    """A number that may be text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def texts_of(value: JsonValue) -> tuple[str, ...]:
    """The texts of a list, of JSON text of a list, or of one text."""
    value = read_json(value)
    if isinstance(value, list):
        return tuple(text for item in value if (text := text_of(item)))
    text = text_of(value)
    return (text,) if text else ()


def first(source: Mapping[str, JsonValue], *keys: str) -> JsonValue:
    """The value of the first of `keys` that holds something."""
    for key in keys:
        value = source.get(key)
        if value is not None and value != "":
            return value
    return None
