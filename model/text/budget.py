"""Budgets of tokens: counting, cutting text, and sharing room among texts of unequal weight."""

from __future__ import annotations

from collections.abc import Sequence

CHARACTERS_PER_TOKEN = 4
DEFAULT_BUDGET = 1_600
MIN_BUDGET = 200
MAX_BUDGET = 8_000


def count_tokens(text: str) -> int:
    """Tokens by the rule of thumb that all budgets here use: four characters each, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def clip(text: str, width: int) -> str:
    """`text` in at most `width` characters; a cut ends in `…+N`, N being the characters left out.

    >>> clip("abcdefghijklmnop", 10)
    'abcde…+11'
    """
    if len(text) <= width:
        return text
    room = max(width - 2 - len(str(len(text))), 0)
    return f"{text[:room].rstrip()}…+{len(text) - room}"


def share(lengths: Sequence[int], weights: Sequence[float], room: int) -> list[int]:
    """How many of `room` characters each text gets: all it needs where possible, else in proportion to its weight.

    Cost: O(n log n).
    """
    left, weight_left = sum(lengths), float(sum(weights))
    if left <= room:
        return list(lengths)
    # Those that need least for their weight are given it in full, until the rest cannot be.
    left, level = room, 0.0
    for length, weight in sorted(zip(lengths, weights, strict=True), key=lambda entry: entry[0] / entry[1]):
        level = left / weight_left
        if length > level * weight:
            break
        left, weight_left = left - length, weight_left - weight
    return [min(length, int(level * weight + 1e-6)) for length, weight in zip(lengths, weights, strict=True)]


def ranges(indices: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted indices as runs of neighbours.

    >>> ranges([1, 2, 3, 7])
    [(1, 3), (7, 7)]
    """
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


def spelled(runs: Sequence[tuple[int, int]]) -> str:
    """Runs as a `steps` argument: `1-3,7`."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
