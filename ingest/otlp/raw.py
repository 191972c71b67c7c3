"""OTLP records as plain values: what both encodings decode to and every convention module reads."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field

from ...model.traces import JsonValue
from ..limits import DEFAULT_LIMITS, Limits
from ..oversize import fit

LEFT_OUT = "retrospan.left_out"
"""Attribute that names what was too large to keep, where it stood and how large it was."""


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
    scope_attributes: dict[str, JsonValue] = field(default_factory=dict)
    """Attributes of the instrumentation scope, shared by all its spans."""
    entered: bool = False
    """The parent is of another program, which may send its spans elsewhere."""


_REMOTE = 0x300
"""Flags of a span: whether the parent is remote is known, and it is."""


def is_entered(flags: int) -> bool:
    """Whether a span's flags say that its parent is of another program."""
    return flags & _REMOTE == _REMOTE


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


class Bounds:
    """What the decoders cut: texts beyond `limits.attribute_bytes` and values nested beyond `limits.depth`."""

    __slots__ = ("_limits", "depth", "short", "too_deep")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.depth = limits.depth
        """Levels of nested attribute values; deeper ones become a note."""
        self.short = limits.attribute_bytes // 4
        """Characters that are within the limit in any encoding."""
        self.too_deep = f"[cut: nested deeper than {limits.depth} levels]"

    def text(self, text: str) -> str:
        """`text`, or its beginning and a note of what was cut."""
        return text if len(text) <= self.short else self._limits.cut(text)

    def attribute(self, key: str, text: str, among: dict[str, JsonValue]) -> None:
        """Put a text among attributes; where encoded data was too large for it, say so beside it."""
        if len(text) <= self.short:
            among[key] = text
            return
        fitted = fit(text, self._limits.attribute_bytes, self._limits.cut)
        among[key] = fitted.text
        if fitted.left_out:
            known = among.get(LEFT_OUT)
            notes: list[JsonValue] = [f"{key}: {what}" for what in fitted.left_out]
            among[LEFT_OUT] = [*(known if isinstance(known, list) else []), *notes]

    def bytes(self, data: bytes) -> str:
        """Bytes as base64, cut like text."""
        return self.text(base64.b64encode(data).decode())


DEFAULT_BOUNDS = Bounds(DEFAULT_LIMITS)


def plain_float(number: float) -> float | str:
    """A number as JSON can hold it: not-a-number and infinity become their names."""
    return number if math.isfinite(number) else str(number)
