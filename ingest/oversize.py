"""Texts beyond the limit made to fit: encoded pictures and files go first, then the longest texts, the shape last.

An attribute that holds a conversation with a picture in it is JSON; cut in the middle it would be none, and the words
beside the picture would be lost with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import orjson

from ..model.traces import JsonValue

# Linear: one class and two escapes, no nested repetition. Senders wrap lines and escape slashes in base64.
_ENCODED = re.compile(r"(?:[A-Za-z0-9+/_=-]|\\[nr/]){2048,}")
_BYTES = re.compile(r"\[\s*(?:\d{1,3}\s*,\s*){1024,}\d{1,3}\s*\]")
_MIME = re.compile(r"[a-z]{4,11}/[a-z0-9][a-z0-9.+-]{1,60}")
_AROUND = 200
_SMALLEST = 256
"""Characters that the longest texts of a value are cut to at the least."""
_DEPTH = 64


class Fitted(NamedTuple):
    """A text within the limit, and what was taken out of it: `1.5 MB image/png`."""

    text: str
    left_out: tuple[str, ...] = ()


def fit(text: str, limit: int, cut: Callable[[str], str]) -> Fitted:
    """A text of more than `limit` bytes of UTF-8, made to fit.

    Args:
        text: What is too long.
        limit: Bytes.
        cut: Cuts a text at the limit, with a note; the last resort, where nothing is left of a shape.

    Cost: linear; a JSON text that is too long without its encoded data is parsed, and written up to ten times.
    """
    left_out: list[str] = []
    if text.lstrip()[:1] not in ("{", "[") and "base64," not in text:
        return Fitted(cut(text))
    if _size(text) <= limit:
        return Fitted(text)
    shorter = _BYTES.sub(lambda match: _note(match, left_out, quoted=True), text)
    shorter = _ENCODED.sub(lambda match: _note(match, left_out, quoted=False), shorter)
    if _size(shorter) > limit:
        shorter = _json_within(shorter, limit) or cut(shorter)
    return Fitted(shorter, tuple(left_out))


def _note(match: re.Match[str], left_out: list[str], *, quoted: bool) -> str:
    """A word in the place of encoded data; what kind of data it was stands beside it."""
    start, end = match.span()
    around = match.string[max(0, start - _AROUND) : start] + " " + match.string[end : end + _AROUND]
    kinds = _MIME.findall(around)
    left_out.append(f"{_amount(end - start)} {kinds[0] if kinds else 'of encoded data'}")
    note = f"[{_amount(end - start)} left out by Retrospan]"
    return f'"{note}"' if quoted else note


def _json_within(text: str, limit: int) -> str | None:
    """JSON whose longest texts are cut until it fits; None for what is no JSON or does not fit so."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value: JsonValue = orjson.loads(text)
    except ValueError:
        return None
    longest = limit // 2
    while longest >= _SMALLEST:
        made = orjson.dumps(_shortened(value, longest, 0))
        if len(made) <= limit:
            return made.decode()
        longest //= 4
    return None


def _shortened(value: JsonValue, longest: int, depth: int) -> JsonValue:
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]}… [cut here by Retrospan: {_amount(len(value))}]"
    if depth > _DEPTH:
        return value
    if isinstance(value, list):
        return [_shortened(item, longest, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _shortened(item, longest, depth + 1) for key, item in value.items()}
    return value


def _amount(characters: int) -> str:
    return f"{characters / 1e6:.1f} MB" if characters >= 1e6 else f"{characters / 1e3:.0f} kB"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
