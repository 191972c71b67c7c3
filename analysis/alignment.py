"""Two runs side by side: which steps answer each other, where they part for good, and what differs that matters."""

from __future__ import annotations

from collections.abc import Sequence

from ..store.findings import TraceDiff
from ..store.models import StepKind, Trace
from .consequence import ranked_differences
from .shapes import Shape, likeness, same, shapes

Pair = tuple[int | None, int | None]

_GAP = -0.1
_BAND = 1_200
"""Beyond this many steps a side, the middle is aligned in the order given rather than in a full table."""


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

    Cost: O(len(left) * len(right)) time and memory over the unequal middle.
    Source: Needleman and Wunsch (1970), global alignment with a constant gap cost.
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
    if len(left) * len(right) > _BAND * _BAND:
        shared = min(len(left), len(right))
        rest: list[Pair] = [(i, None) for i in range(shared, len(left))]
        rest += [(None, j) for j in range(shared, len(right))]
        return [(i, i) for i in range(shared)] + rest
    scores = [[likeness(one, other) for other in right] for one in left]
    table = _table(scores, len(left), len(right))
    return _walk_back(table, scores, len(left), len(right))


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
