"""Two runs side by side: which steps answer each other, where they part for good, and what differs that matters."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from ..model.findings import TraceDiff
from ..model.traces import StepKind, Trace
from .consequence import ranked_differences
from .shapes import Shape, likeness, same, shapes

Pair = tuple[int | None, int | None]

_GAP = -0.1
_MOST_CELLS = 250_000
"""A longer unequal stretch is cut at steps that stand once on each side before a table is filled."""
_REACH = 50


def diff_traces(left: Trace, right: Trace) -> TraceDiff:
    """Align two runs and rank their differences by consequence.

    Steps are paired on kind, tool or agent, argument shape and values, and words; steps of unlike kind never. Equal
    stretches at both ends are paired first. Differences come most consequential first: writes and their arguments,
    the final answer, status, retrieved documents, then reads; ties in reading order of `left`.

    Args:
        left: The run in question.
        right: The run it is compared with.

    Returns:
        Pairs in reading order, the first pair from which the runs do not come together again, and the differences.

    Cost: O(len(left) * len(right)) time and memory over the unequal middle, at most 250,000 cells at a time.
    Source: Needleman and Wunsch (1970), global alignment with a constant gap cost; anchors as in patience diff.
    """
    ours, theirs = shapes(left), shapes(right)
    pairs = align(ours, theirs)
    return TraceDiff(
        pairs=tuple((_step(ours, i), _step(theirs, j)) for i, j in pairs),
        first_divergence=_first_divergence(pairs, ours, theirs),
        differences=ranked_differences(ours, theirs, pairs),
    )


def align(left: Sequence[Shape], right: Sequence[Shape]) -> list[Pair]:
    """Pairs of positions in both lists, in order; None where a side has no counterpart."""
    head = 0
    while head < min(len(left), len(right)) and _twin(left[head], right[head]):
        head += 1
    tail = 0
    while tail < min(len(left), len(right)) - head and _twin(left[-1 - tail], right[-1 - tail]):
        tail += 1
    middle = _align_middle(left[head : len(left) - tail], right[head : len(right) - tail])
    pairs: list[Pair] = [(i, i) for i in range(head)]
    pairs += [(None if i is None else i + head, None if j is None else j + head) for i, j in middle]
    pairs += [(len(left) - k, len(right) - k) for k in range(tail, 0, -1)]
    return pairs


def _twin(left: Shape, right: Shape) -> bool:
    return left.label == right.label and left.text == right.text and left.values == right.values


def _align_middle(left: Sequence[Shape], right: Sequence[Shape]) -> list[Pair]:
    if not left or not right:
        return [*((i, None) for i in range(len(left))), *((None, j) for j in range(len(right)))]
    if len(left) * len(right) <= _MOST_CELLS:
        scores = [[likeness(one, other) for other in right] for one in left]
        return _walk_back(_table(scores, len(left), len(right)), scores, len(left), len(right))
    anchors = _anchors(left, right)
    return _between(left, right, anchors) if anchors else _in_order(left, right)


def _between(left: Sequence[Shape], right: Sequence[Shape], anchors: Sequence[tuple[int, int]]) -> list[Pair]:
    pairs: list[Pair] = []
    i = j = 0
    for end_i, end_j in (*anchors, (len(left), len(right))):
        stretch = _align_middle(left[i:end_i], right[j:end_j])
        pairs += [(None if x is None else x + i, None if y is None else y + j) for x, y in stretch]
        if end_i < len(left):
            pairs.append((end_i, end_j))
        i, j = end_i + 1, end_j + 1
    return pairs


def _anchors(left: Sequence[Shape], right: Sequence[Shape]) -> list[tuple[int, int]]:
    """Steps that stand once on each side and are equal, as the longest chain that rises on both (patience)."""
    ours, theirs = _once(left), _once(right)
    common = [(i, theirs[key]) for key, i in ours.items() if key in theirs]
    piles: list[int] = []
    tops: list[tuple[int, int]] = []
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    for pair in common:
        place = bisect_left(piles, pair[1])
        before[pair] = tops[place - 1] if place else None
        piles[place : place + 1] = [pair[1]]
        tops[place : place + 1] = [pair]
    chain: list[tuple[int, int]] = []
    last = tops[-1] if tops else None
    while last is not None:
        chain.append(last)
        last = before[last]
    return chain[::-1]


def _once(side: Sequence[Shape]) -> dict[tuple[object, ...], int]:
    keys = [(shape.label, shape.text, shape.values) for shape in side]
    counts = Counter(keys)
    return {key: i for i, key in enumerate(keys) if counts[key] == 1}


def _in_order(left: Sequence[Shape], right: Sequence[Shape]) -> list[Pair]:
    """For stretches too long for a table and without anchors: each step with the next one of its kind."""
    pairs: list[Pair] = []
    j = 0
    for i, shape in enumerate(left):
        found = next((k for k in range(j, min(j + _REACH, len(right))) if likeness(shape, right[k]) > 0), None)
        if found is None:
            pairs.append((i, None))
            continue
        pairs += [(None, k) for k in range(j, found)]
        pairs.append((i, found))
        j = found + 1
    pairs += [(None, k) for k in range(j, len(right))]
    return pairs


def _table(scores: list[list[float]], rows: int, columns: int) -> list[list[float]]:
    table = [[_GAP * j for j in range(columns + 1)]]
    for i in range(1, rows + 1):
        above, row, score = table[-1], [_GAP * i], scores[i - 1]
        for j in range(1, columns + 1):
            best = above[j] if above[j] > row[j - 1] else row[j - 1]
            best += _GAP
            match = score[j - 1]
            if match > 0.0 and above[j - 1] + match >= best:
                best = above[j - 1] + match
            row.append(best)
        table.append(row)
    return table


def _walk_back(table: list[list[float]], scores: list[list[float]], i: int, j: int) -> list[Pair]:
    pairs: list[Pair] = []
    while i or j:
        if i and j and scores[i - 1][j - 1] > 0.0 and table[i][j] == table[i - 1][j - 1] + scores[i - 1][j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and (not j or table[i - 1][j] >= table[i][j - 1]):
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    pairs.reverse()
    return pairs


def _first_divergence(pairs: Sequence[Pair], left: Sequence[Shape], right: Sequence[Shape]) -> Pair | None:
    parted: Pair | None = None
    for i, j in pairs:
        together = i is not None and j is not None and same(left[i], right[j])
        shape = left[i] if i is not None else right[j] if j is not None else None
        if together:
            if shape is not None and _weighs(shape):
                parted = None
        elif parted is None:
            parted = (_step(left, i), _step(right, j))
    return parted


def _weighs(shape: Shape) -> bool:
    """A shared act or a shared decision brings two runs together; frames and courtesies do not."""
    return shape.step.kind in (StepKind.TOOL, StepKind.RETRIEVER) or bool(shape.values)


def _step(side: Sequence[Shape], position: int | None) -> int | None:
    return None if position is None else side[position].index
