"""What a run changed in the world: its changing calls, and whether two runs made the same changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...model.text.jsontext import as_text
from ...model.traces import JsonValue
from ..effects import Effect, hands_over
from ..reading import Act, Reading
from ..shapes import normal

_PROSE = 6
"""A text with so many blanks, or with line breaks, is prose or code: no two runs write it alike."""


def changes_of(reading: Reading) -> list[Act]:
    """The calls by which a run changed something, in order; refused calls and hand-overs changed nothing."""
    return [act for act in reading.acts if act.effect is Effect.WRITE and not act.failure and not hands_over(act.tool)]


def agree(one: Reading, other: Reading) -> bool:
    """Did both runs make the same changes, in whatever order and words?"""
    return change_set(one) == change_set(other)


def change_set(reading: Reading) -> frozenset[str]:
    """Every change as tool and arguments, free text left out."""
    return frozenset(change_key(act) for act in changes_of(reading))


def change_key(act: Act) -> str:
    """Tool and arguments without accidents: case, order of lists, the wording of prose and code."""
    return call_key(act.tool, act.arguments)


def call_key(tool: str, arguments: JsonValue) -> str:
    """`change_key` of a call that is given by its parts."""
    return f"{tool} {_settled(arguments)}"


def holds_free_text(reading: Reading) -> bool:
    """Does some change hand over prose or code, so that its arguments alone do not tell whether it is another one?"""
    return any(_is_free(text) for act in changes_of(reading) for text in _texts(act.arguments))


def pattern(runs: Sequence[Reading]) -> frozenset[str] | None:
    """The changes that more than half of these runs, and at least two, made alike; None where there is no such set."""
    sets = [change_set(run) for run in runs]
    best = max(sets, key=sets.count, default=None)
    count = sets.count(best) if best is not None else 0
    return best if count >= 2 and count > len(sets) / 2 else None


def _settled(value: JsonValue) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_settled(item)}' for key, item in sorted(value.items()))}}}"
    if isinstance(value, list):
        return f"[{', '.join(sorted(map(_settled, value)))}]"
    if isinstance(value, str):
        return "…" if _is_free(value) else normal(value)
    return normal(as_text(value) if not isinstance(value, (int, float)) or isinstance(value, bool) else value)


@lru_cache(maxsize=4096)
def _is_free(text: str) -> bool:
    return "\n" in text or text.count(" ") >= _PROSE


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
