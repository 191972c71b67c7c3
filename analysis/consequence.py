"""Differences of two aligned runs, ordered by what they do to the world rather than by where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from ..model.findings import Difference
from ..model.text.jsontext import as_text
from ..model.traces import JsonValue, Status, StepKind
from .effects import Effect
from .shapes import Shape, changed_paths, same

Pair = tuple[int | None, int | None]

_WRITE_ARGUMENT = 1.0
_WRITE_MISSING = 0.9
_ANSWER = 0.7
_WRITE_STATUS = 0.85
_STATUS = 0.5
_DOCUMENTS = 0.45
_READ_ARGUMENT = 0.35
_ONE_SIDED_READ = 0.2
_RESULT = 0.25
_WORDS = 0.1
_FREE_TEXT = 0.3
"""Subtracted where an argument is prose: a reason, a summary, a thought."""
_ACTS = (StepKind.TOOL, StepKind.RETRIEVER)
_LONG = 40


def ranked_differences(left: Sequence[Shape], right: Sequence[Shape], pairs: Sequence[Pair]) -> tuple[Difference, ...]:
    """Every difference once, most consequential first; ties in reading order."""
    found = [*_act_differences(left, right, pairs), *_spoken_differences(left, right, pairs)]
    found.sort(key=lambda item: (-item.weight, item.left if item.left is not None else item.right or 0))
    return tuple(replace(item, rank=rank) for rank, item in enumerate(found, start=1))


def match_acts(left: Sequence[Shape], right: Sequence[Shape], pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Which tool steps answer each other, whatever their order.

    The alignment keeps order; a run that cancels B before A cancels the same two. Equal calls are matched first, then
    calls of one tool by how many values they share, among equals those that are aligned.
    """
    ours = [i for i, shape in enumerate(left) if shape.step.kind in _ACTS]
    theirs = [j for j, shape in enumerate(right) if shape.step.kind in _ACTS]
    free = set(theirs)
    matched: dict[int, int] = {}
    aligned = {i: j for i, j in pairs if i is not None and j is not None}
    for i in ours:
        candidates = [j for j in theirs if j in free and same(left[i], right[j])]
        if candidates:
            matched[i] = aligned[i] if aligned.get(i) in candidates else candidates[0]
            free.discard(matched[i])
    pairs_left = [(i, j) for i in ours if i not in matched for j in theirs if j in free]
    alike = [(i, j) for i, j in pairs_left if left[i].label == right[j].label]
    alike.sort(key=lambda pair: (-len(left[pair[0]].values & right[pair[1]].values), aligned.get(pair[0]) != pair[1]))
    for i, j in alike:
        if i not in matched and j in free:
            matched[i] = j
            free.discard(j)
    yield from ((i, matched.get(i)) for i in ours)
    yield from ((None, j) for j in theirs if j in free)


def _act_differences(left: Sequence[Shape], right: Sequence[Shape], pairs: Sequence[Pair]) -> Iterator[Difference]:
    for i, j in match_acts(left, right, pairs):
        if i is None or j is None:
            yield _one_sided(left, right, i, j)
        else:
            yield from _argument_differences(left[i], right[j])
            yield from _result_differences(left[i], right[j])


def _one_sided(left: Sequence[Shape], right: Sequence[Shape], i: int | None, j: int | None) -> Difference:
    shape = left[i] if i is not None else right[j or 0]
    weight = _WRITE_MISSING if shape.effect is Effect.WRITE else _ONE_SIDED_READ
    side = "only_left" if i is not None else "only_right"
    before = shape.arguments if i is not None else None
    after = shape.arguments if i is None else None
    return Difference(
        0,
        left[i].index if i is not None else None,
        None if j is None else right[j].index,
        side,
        None,
        before,
        after,
        weight,
    )


def _argument_differences(left: Shape, right: Shape) -> Iterator[Difference]:
    base = _WRITE_ARGUMENT if left.effect is Effect.WRITE else _READ_ARGUMENT
    for path, before, after in changed_paths(left.arguments, right.arguments, "arguments"):
        weight = base * (1 - _FREE_TEXT * _is_prose(before, after))
        yield Difference(0, left.index, right.index, "arguments", path, before, after, weight)


def _is_prose(before: JsonValue, after: JsonValue) -> bool:
    texts = [value for value in (before, after) if isinstance(value, str)]
    return bool(texts) and max(text.count(" ") for text in texts) >= 4


def _result_differences(left: Shape, right: Shape) -> Iterator[Difference]:
    if (left.step.status is Status.ERROR) != (right.step.status is Status.ERROR):
        weight = _WRITE_STATUS if left.effect is Effect.WRITE else _STATUS
        yield Difference(
            0, left.index, right.index, "status", "status", left.step.status.value, right.step.status.value, weight
        )
    ours, theirs = _document_keys(left), _document_keys(right)
    if ours != theirs:
        yield Difference(0, left.index, right.index, "documents", "documents", list(ours), list(theirs), _DOCUMENTS)
    elif left.text != right.text and same(left, right):
        for path, before, after in changed_paths(left.step.outputs, right.step.outputs, "outputs"):
            yield Difference(0, left.index, right.index, "result", path, before, after, _RESULT)


def _document_keys(shape: Shape) -> tuple[str, ...]:
    return tuple(document.id or document.content[:80] for document in shape.step.documents)


def _spoken_differences(left: Sequence[Shape], right: Sequence[Shape], pairs: Sequence[Pair]) -> Iterator[Difference]:
    ours, theirs = _last_answer(left), _last_answer(right)
    if _answers_differ(left, right, ours, theirs):
        yield Difference(
            0,
            None if ours is None else left[ours].index,
            None if theirs is None else right[theirs].index,
            "answer",
            "output_messages.0.content",
            None if ours is None else left[ours].text,
            None if theirs is None else right[theirs].text,
            _ANSWER,
        )
    for i, j in pairs:
        shape = left[i] if i is not None else right[j or 0]
        if shape.step.kind in _ACTS or (i is not None and i == ours) or (j is not None and j == theirs):
            continue
        if i is None or j is None:
            kind = "only_left" if i is not None else "only_right"
            yield Difference(
                0,
                None if i is None else left[i].index,
                None if j is None else right[j].index,
                kind,
                weight=_WORDS / 2,
                before=shape.text[: _LONG * 10] if i is not None else None,
                after=shape.text[: _LONG * 10] if i is None else None,
            )
        elif left[i].text != right[j].text:
            yield Difference(0, left[i].index, right[j].index, "result", "outputs", left[i].text, right[j].text, _WORDS)


def _last_answer(side: Sequence[Shape]) -> int | None:
    for position in range(len(side) - 1, -1, -1):
        shape = side[position]
        if shape.step.kind in (StepKind.LLM, StepKind.AGENT) and shape.text.strip() and not shape.values:
            return position
    return None


def _answers_differ(left: Sequence[Shape], right: Sequence[Shape], ours: int | None, theirs: int | None) -> bool:
    if ours is None or theirs is None:
        return ours != theirs
    one, other = left[ours].text, right[theirs].text
    return as_text(one) != as_text(other) and fuzz.token_sort_ratio(one, other) < 97
