"""Page tokens: where a list goes on. They name a place and grant nothing, so they are checked like any argument."""

from __future__ import annotations

import base64
import binascii

import orjson

from ..model.errors import UsageError

_LONGEST = 4_000


def page_token(tool: str, **place: str | int | None) -> str:
    """A token for the next call of `tool`."""
    return base64.urlsafe_b64encode(orjson.dumps([tool, place])).decode().rstrip("=")


def read_page(tool: str, token: str) -> dict[str, str | int | None]:
    """The place that a token names.

    Raises:
        UsageError: if it is none, or belongs to another tool.
    """
    try:
        padded = token + "=" * (-len(token) % 4)
        value = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True)) if len(token) < _LONGEST else None
    except (binascii.Error, ValueError):
        value = None
    if isinstance(value, list) and len(value) == 2 and value[0] == tool and isinstance(value[1], dict):
        place = value[1]
        if all(item is None or (isinstance(item, str | int) and not isinstance(item, bool)) for item in place.values()):
            return place
    raise UsageError(f"That page token is none of {tool}. Leave `page` out to start at the first page.")


def offset_of(place: dict[str, str | int | None]) -> int:
    """How many rows a token says were shown.

    Raises:
        UsageError: if it says no such thing.
    """
    offset = place.get("offset")
    if not isinstance(offset, int) or not 0 <= offset <= 1_000_000:
        raise UsageError("That page token has no place in it. Leave `page` out to start at the first page.")
    return offset
