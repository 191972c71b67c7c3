"""What differs inside two long texts, word by word, with the equal stretches cut short."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_TOKEN = re.compile(r"\s+|[\w']+|[^\w\s]")
_MOST_TOKENS = 3_000
_AROUND = 6
"""Words kept on each side of a change."""

Side = Literal["equal", "before", "after"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, in both sides or in one."""

    side: Side
    text: str


def text_differences(before: str, after: str, context: int = _AROUND) -> tuple[Piece, ...]:
    """The two texts as pieces in order; joined, `equal` and `before` give the left, `equal` and `after` the right.

    Long equal stretches are cut to `context` words beside each change, with an ellipsis.

    Cost: about quadratic in the unequal middle; texts beyond 3,000 words are compared as a whole.
    Source: Ratcliff and Obershelp (1988), as in `difflib`.
    """
    ours, theirs = _TOKEN.findall(before), _TOKEN.findall(after)
    if len(ours) > _MOST_TOKENS or len(theirs) > _MOST_TOKENS:
        return tuple(Piece(side, text) for side, text in _as_a_whole(before, after) if text)
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    pieces: list[Piece] = []
    codes = matcher.get_opcodes()
    for place, (kind, i, i_end, j, j_end) in enumerate(codes):
        if kind == "equal":
            text = _shortened(ours[i:i_end], context, first=place == 0, last=place == len(codes) - 1)
            pieces.append(Piece("equal", text))
            continue
        pieces += [Piece("before", "".join(ours[i:i_end]))] if i < i_end else []
        pieces += [Piece("after", "".join(theirs[j:j_end]))] if j < j_end else []
    return tuple(pieces)


def _shortened(tokens: Sequence[str], context: int, *, first: bool, last: bool) -> str:
    keep = 2 * context  # a word and its blank
    if len(tokens) <= 2 * keep + 2:
        return "".join(tokens)
    head = "" if first else "".join(tokens[:keep])
    tail = "" if last else "".join(tokens[-keep:])
    return f"{head} … {tail}"


def _as_a_whole(before: str, after: str) -> Iterator[tuple[Side, str]]:
    """Only what the texts share at both ends is taken out."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    yield "equal", before[max(0, head - 60) : head]
    yield "before", before[head : len(before) - tail]
    yield "after", after[head : len(after) - tail]
    yield "equal", before[len(before) - tail :][:60]
