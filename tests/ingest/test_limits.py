"""Limits on what is taken in, and how they are set."""

from __future__ import annotations

import pytest
from retrospan.ingest.limits import DEFAULT_LIMITS, Limits, deeper_than, readable_bytes
from retrospan.model.errors import TooLargeError
from retrospan.model.traces import JsonValue


def nested(levels: int) -> JsonValue:
    value: JsonValue = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def test_depth_counts_objects_and_arrays() -> None:
    assert not deeper_than(nested(64), 64)
    assert deeper_than(nested(65), 64)
    assert not deeper_than("[" * 100, 64)
    with pytest.raises(TooLargeError, match="--max-depth"):
        DEFAULT_LIMITS.check_depth(nested(65), where="line 1")


def test_a_cut_text_keeps_whole_characters_and_names_both_sizes() -> None:
    limits = Limits(attribute_bytes=10)

    assert limits.cut("short") == "short"
    assert limits.cut("€€€€€") == "€€€… [cut here by Retrospan: 15 bytes, limit 10 bytes (--max-attribute-kib)]"


def test_sizes_read_well() -> None:
    assert [readable_bytes(size) for size in (0, 1023, 1536, 30 << 20, 3 << 30)] == [
        "0 bytes",
        "1023 bytes",
        "1.5 KiB",
        "30 MiB",
        "3 GiB",
    ]
