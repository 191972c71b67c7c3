"""Paths of lessons: exact, a folder, or a glob; globs come from files of others and run in RE2 only."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

_WILD = frozenset("*?[")


def is_glob(pattern: str) -> bool:
    """Whether a lesson's path stands for more than one file name."""
    return not _WILD.isdisjoint(pattern)


def plain_path(path: str) -> str:
    """A path as it is compared: forward slashes, lower case, nothing before the project's own folders.

    >>> plain_path(".\\\\Agents/refunds.py")
    'agents/refunds.py'
    """
    return path.replace("\\", "/").removeprefix("./").strip().lower()


def path_fits(pattern: str, path: str) -> bool:
    """Whether a change of `path` touches what `pattern` stands for.

    A pattern without wildcards fits the same path, the end of a longer one from a folder on, any file inside it where
    it names a folder, and, where it or the path has no folder, the file name alone. A glob fits the whole path or its
    end from a folder on: `*` and `?` stay within a folder, `**` does not.

    >>> path_fits("agents/*.py", "/home/ada/shop/agents/refunds.py")
    True
    >>> path_fits("agents/*.py", "agents/eu/refunds.py")
    False
    >>> path_fits("src/agents/", "src/agents/eu/refunds.py")
    True
    """
    pattern, path = plain_path(pattern), plain_path(path)
    if is_glob(pattern):
        expression = _expression(pattern)
        return expression is not None and expression.search(path) is not None
    bare = pattern.rstrip("/")
    inside = f"/{path}".endswith(f"/{bare}") or f"/{path}/".find(f"/{bare}/") >= 0 or f"/{bare}".endswith(f"/{path}")
    return bool(bare) and inside


@lru_cache(maxsize=20_000)
def _expression(pattern: str) -> Any:
    """The glob as an expression; None for one that RE2 does not take."""
    parts, index = [], 0
    while index < len(pattern):
        if pattern.startswith("**/", index):
            parts.append("(?:.*/)?")
            index += 3
        elif pattern.startswith("**", index):
            parts.append(".*")
            index += 2
        elif pattern[index] in "*?":
            parts.append("[^/]*" if pattern[index] == "*" else "[^/]")
            index += 1
        else:
            parts.append(re2.escape(pattern[index]))
            index += 1
    try:
        return re2.compile("(?:^|/)" + "".join(parts) + "$")
    except re2.error:
        return None
