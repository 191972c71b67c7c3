"""How large one trace, one attribute and one file may be; each an option of `import` and `serve` that its error names.

A reader refuses the record that passes a limit and goes on with the next; an attribute that is too long is cut, and
says so where it was cut.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model.errors import TooLargeError
from ..model.traces import JsonValue

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is taken in; sizes in bytes, after decompression unless told otherwise."""

    trace_bytes: int = 32 * MIB
    """One trace, or one record of a file."""
    attribute_bytes: int = 1 * MIB
    """One text: a message, an argument, an attribute. Longer ones are cut with a visible note."""
    steps: int = 5_000
    """Spans of one trace."""
    depth: int = 64
    """Nesting of objects and arrays in one record."""
    request_bytes: int = 20 * MIB
    """One OTLP request."""
    document_bytes: int = 256 * MIB
    """One file that can only be read as a whole: a single JSON document, one OTLP request file."""
    file_bytes: int = 16 * GIB
    """One file that is read record by record."""
    ratio: int = 400
    """Decompressed to compressed size, looked at once `ratio_floor_bytes` have come out without a line break."""
    ratio_floor_bytes: int = 16 * MIB
    decoder_bytes: int = 160 * MIB
    """Memory that a decompressor may ask for (its window)."""

    def check_steps(self, count: int, *, where: str) -> None:
        """Refuse a trace with too many spans.

        Raises:
            TooLargeError: if there are more than `steps`.
        """
        if count > self.steps:
            raise TooLargeError(
                f"The trace has {count:,} steps (limit: {self.steps:,}). "
                "Split the run, or raise the limit (--max-steps).",
                where=where,
            )

    def check_size(self, size: int, *, where: str) -> None:
        """Refuse a trace or record with too many bytes.

        Raises:
            TooLargeError: if it holds more than `trace_bytes`.
        """
        if size > self.trace_bytes:
            raise TooLargeError(
                f"The trace holds {readable_bytes(size)} (limit: {readable_bytes(self.trace_bytes)}). "
                "Leave out large payloads, or raise the limit (--max-trace-mib).",
                where=where,
            )

    def check_depth(self, value: JsonValue, *, where: str) -> None:
        """Refuse a value whose objects and arrays are nested too deeply.

        Raises:
            TooLargeError: if the nesting passes `depth`.
        """
        if deeper_than(value, self.depth):
            raise TooLargeError(
                f"Nested more than {self.depth} levels deep (limit: {self.depth}). "
                "Store deep payloads as text, or raise the limit (--max-depth).",
                where=where,
            )

    def cut(self, text: str) -> str:
        """The text, or its beginning with a note of how much was cut.

        The bound is on UTF-8 bytes; no character is torn.
        """
        if len(text) * 4 <= self.attribute_bytes:
            return text
        body = text.encode("utf-8", "surrogatepass")
        if len(body) <= self.attribute_bytes:
            return text
        kept = body[: self.attribute_bytes].decode("utf-8", "ignore")
        sizes = f"{readable_bytes(len(body))}, limit {readable_bytes(self.attribute_bytes)} (--max-attribute-kib)"
        return f"{kept}… [cut here by Retrospan: {sizes}]"


MOST_CALLS = 2_000
"""Tool calls of one message; models ask for some dozen at once."""
DEFAULT_LIMITS = Limits()
_CONTAINERS = (dict, list)


def deeper_than(value: JsonValue, depth: int) -> bool:
    """Whether objects and arrays nest more than `depth` levels.

    Cost: one visit per container; no recursion.
    """
    level: list[JsonValue] = [value]
    for _ in range(depth):
        below: list[JsonValue] = []
        for item in level:
            if type(item) is dict:
                below += [child for child in item.values() if type(child) in _CONTAINERS]
            elif type(item) is list:
                below += [child for child in item if type(child) in _CONTAINERS]
        if not below:
            return False
        level = below
    return True


def readable_bytes(size: int) -> str:
    """A size as people write it.

    >>> readable_bytes(31_457_280)
    '30 MiB'
    """
    for unit, factor in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"
