"""Does a recording hold what the tools gave, or only that they were called, or the beginning of it?"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CUT = re.compile(r"(?i)(?:\.\.\.|…|\[truncated\]|\(truncated\)|\btruncated>?)\s*[\"'}\])]*\s*$")
_EXCERPT = re.compile(
    r"(?i)[\"'](?:\w+_)?(?:(?:head|tail|top|first|last|sample)_(?:\d+|rows)|preview|excerpt|truncated)[\"']\s*:\s*[\[{\"t]"
)
_MOST_LOOKED_AT = 20_000


def is_excerpt(text: str) -> bool:
    """Whether a result says itself that it is part of a longer one.

    >>> is_excerpt('{"df_shape": [9, 4], "df_head_2": [{"uv": 912012}]}'), is_excerpt('{"uv": 912012}')
    (True, False)
    """
    return bool(_CUT.search(text[-200:]) or _EXCERPT.search(text[:_MOST_LOOKED_AT]))


def holds_results(results: Iterable[str | None]) -> bool:
    """Whether most of the calls that were made have a result that is not empty."""
    told = [bool(result and result.strip()) for result in results]
    return sum(told) * 2 >= len(told)
