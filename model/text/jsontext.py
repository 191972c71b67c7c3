"""JSON in one canonical form, for hashes, signatures and stored bodies."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, cast

import orjson

from ..traces import JsonValue

_MAX_DEPTH = 64
_DIGITS = 20


def canonical(value: Any) -> bytes:
    """Compact UTF-8 JSON with sorted keys: equal values give equal bytes.

    Integers beyond 64 bits and lone surrogates, which orjson refuses, go through the standard library.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError):
        text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return text.encode()


def _plain(value: Any) -> JsonValue:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)


def parse(data: bytes | str) -> JsonValue:
    """The value of a JSON text. `NaN` and infinities, which some writers put there, come as their names.

    Raises:
        ValueError: if it is no JSON; the message has the place.
        RecursionError: never; depth is bounded by the parsers.
    """
    try:
        return cast(JsonValue, orjson.loads(data))
    except orjson.JSONDecodeError as first:
        try:
            return cast(JsonValue, json.loads(data, parse_constant=str, parse_float=finite, parse_int=whole))
        except RecursionError as err:
            raise ValueError("nested too deeply") from err
        except ValueError:
            raise ValueError(str(first)) from None


def finite(digits: str) -> float | str:
    """The number that a JSON text writes, or its digits where a double cannot hold it."""
    number = float(digits)
    return number if math.isfinite(number) else digits


def whole(digits: str) -> int | str:
    """The whole number that a JSON text writes, or its digits where 64 bits cannot hold it."""
    if len(digits) > _DIGITS:
        return digits
    number = int(digits)
    return number if fits(number) else digits


def fits(number: int) -> bool:
    """Whether a whole number can be stored: 64 bits with a sign, or without."""
    return -(1 << 63) <= number < 1 << 64


def storable(value: Any) -> Any:
    """A JSON value whose whole numbers all fit; wider ones are their digits."""
    if isinstance(value, dict):
        return {key: storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and not fits(value):
        return str(value)
    return value


def parse_if_json(text: str) -> JsonValue:
    """The value where `text` is a JSON object or array, else the text itself.

    Scalars stay text: `"30"` and `30` must not become the same.
    """
    head = text.lstrip()[:1]
    if head not in ("{", "["):
        return text
    try:
        return parse(text)
    except ValueError:
        return text


def scalars(value: JsonValue, path: str = "") -> Iterator[tuple[str, str | int | float | bool]]:
    """Every scalar with its path, `order.items.0.id`; None is left out, depth is cut at 64."""
    stack: list[tuple[str, JsonValue, int]] = [(path, value, 0)]
    while stack:
        place, item, depth = stack.pop()
        if isinstance(item, dict) and depth < _MAX_DEPTH:
            stack.extend(
                (f"{place}.{key}" if place else key, child, depth + 1) for key, child in reversed(item.items())
            )
        elif isinstance(item, list) and depth < _MAX_DEPTH:
            stack.extend(
                (f"{place}.{i}" if place else str(i), item[i], depth + 1) for i in range(len(item) - 1, -1, -1)
            )
        elif isinstance(item, str | int | float | bool):
            yield place, item


def as_text(value: JsonValue) -> str:
    """A value as a person reads it: text stays, anything else is compact JSON in its own key order."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return orjson.dumps(value).decode()
    except (TypeError, ValueError):
        return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
