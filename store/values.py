"""Values that every engine can hold."""

from __future__ import annotations

_LARGEST = 2**63 - 1


def sql_text(text: str | None) -> str | None:
    """The text with lone surrogates, which UTF-8 cannot hold, replaced by U+FFFD."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def sql_time(unix_ns: int | None) -> int | None:
    """The time, or None where it is no moment since 1970 that 63 bits hold."""
    return unix_ns if unix_ns is not None and 0 <= unix_ns <= _LARGEST else None


def marks(count: int) -> str:
    """`?,?,?` for an IN list."""
    return ",".join("?" * count)
