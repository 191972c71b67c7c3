"""Arguments as values, however the framework wrote them: JSON text, Python text, or text inside a value."""

from __future__ import annotations

import ast

from ..model.text.jsontext import parse_if_json
from ..model.traces import JsonValue

_LONGEST = 20_000
_DEEPEST = 6


def unpacked(value: JsonValue, depth: int = 0) -> JsonValue:
    """The value with every text that holds an object or a list replaced by it.

    >>> unpacked("{'id': 7, 'items': \\"['a', 'b']\\"}")
    {'id': 7, 'items': ['a', 'b']}
    """
    if depth > _DEEPEST:
        return value
    if isinstance(value, str):
        parsed = _parsed(value)
        return value if parsed is value or isinstance(parsed, str) else unpacked(parsed, depth + 1)
    if isinstance(value, dict):
        return {key: unpacked(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [unpacked(item, depth + 1) for item in value]
    return value


def _parsed(text: str) -> JsonValue:
    stripped = text.strip()
    if not stripped or stripped[0] not in "[{" or stripped[-1] not in "]}":
        return text
    parsed = parse_if_json(stripped)
    if isinstance(parsed, str) and len(stripped) <= _LONGEST:
        return _python_literal(stripped, text)
    return parsed if not isinstance(parsed, str) else text


def _python_literal(stripped: str, text: str) -> JsonValue:
    try:
        value = ast.literal_eval(stripped)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
    return _plain(value) if isinstance(value, dict | list) else text


def _plain(value: object) -> JsonValue:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
