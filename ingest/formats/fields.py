"""Small readings that most export formats share: times, outcomes, tags, numbers, ids."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from ...model.errors import BadInputError
from ...model.reading.scores import word_outcome
from ...model.text.jsontext import as_text, canonical, parse_if_json
from ...model.traces import JsonValue, Outcome

_NS = 1_000_000_000
MAX_ID = 1_024
"""Characters of an id that a record gives."""


def span_id_of(*parts: str | int) -> str:
    """A 16-digit hex id that depends on nothing but `parts`, so that a second import finds the same span."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest_of(value: JsonValue) -> str:
    """16 hex digits of what a value holds: tells records and runs apart that have no id of their own."""
    return span_id_of(canonical(value).decode("utf-8", "replace"))


def required_text(record: Mapping[str, JsonValue], key: str, *, where: str | None = None) -> str:
    """A non-empty text or number under `key`, as text.

    Raises:
        BadInputError: if it is missing, empty, of another type, or no id by its length.
    """
    value = record.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise BadInputError(
            f"Field {key!r} is {'missing' if value is None else 'not a text'}. Give each record a text {key!r}.",
            where=where,
        )
    text = str(value)
    if len(text) > MAX_ID:
        raise BadInputError(f"Field {key!r} is longer than {MAX_ID:,} characters. Give a short one.", where=where)
    return text


def shortened(text: str, width: int = 80) -> str:
    """The beginning of a text, for an error line."""
    return text if len(text) <= width else text[: width - 1] + "…"


def optional_text(value: JsonValue) -> str | None:
    """Text of a scalar or JSON value; None where there is none."""
    text = as_text(value)
    return text or None


def time_ns(value: JsonValue) -> int | None:
    """Unix nanoseconds of an ISO 8601 text or an epoch number in s, ms, µs or ns; None where it is no time.

    A number's unit is told by its size: seconds stay below 10^11, milliseconds below 10^14, microseconds below 10^17.
    A text without offset is taken as UTC.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return _iso_ns(value.strip())
    if not isinstance(value, int | float) or not 0 < value < 2**64:
        return None
    for bound, factor in ((1e11, _NS), (1e14, 1_000_000), (1e17, 1_000)):
        if value < bound:
            return round(value * factor)
    return int(value) if value < 2**63 else None


def _iso_ns(text: str) -> int | None:
    if not text or len(text) > 64:
        return None
    if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit():
        return time_ns(float(text) if "." in text else int(text))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        whole = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    except OverflowError:
        return None
    return whole * _NS + moment.microsecond * 1_000 if -(2**33) < whole < 2**33 else None


def outcome_of(value: JsonValue) -> Outcome | None:
    """Outcome of a word or truth value, None where nothing is said; an unknown word is `unknown`."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return Outcome.PASS if value else Outcome.FAIL
    word = as_text(value).strip().casefold()
    if word in ("1", "c"):
        return Outcome.PASS
    return Outcome.FAIL if word in ("0", "i", "error") else word_outcome(word) or Outcome.UNKNOWN


def tags_of(value: JsonValue) -> tuple[str, ...]:
    """Tags from a list, a mapping (`key:value`) or one text."""
    if isinstance(value, list):
        return tuple(as_text(tag) for tag in value if tag not in (None, ""))
    if isinstance(value, dict):
        return tuple(f"{key}:{as_text(item)}" for key, item in value.items())
    return (as_text(value),) if value not in (None, "") else ()


def count(value: JsonValue) -> int:
    """A token count; 0 where there is none or it makes no sense."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return 0
    return int(value) if 0 <= value < 2**53 else 0


def number(value: JsonValue) -> float | None:
    """A finite number, from a number, a truth value or its text."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def unpacked(value: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The record with fields that hold a JSON object or array as text read, as bulk exports write them."""
    return {
        name: parse_if_json(item) if isinstance(item, str) and item[:1] in ("{", "[") else item
        for name, item in value.items()
    }


def mapping(value: JsonValue) -> dict[str, JsonValue]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: JsonValue) -> list[JsonValue]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
