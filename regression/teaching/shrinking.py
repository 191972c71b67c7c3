"""Make a failing case smaller: leave out turns, sentences, fields and documents as long as it fails the same way."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.cases import Case

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_NAMED = "sentence {}"
_SENTENCE_NAME = re.compile(r"sentence (\d{1,9})")
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be left out of a case."""

    path: Path
    """In `{"input": …, "tool_results": […]}`; a sentence stands below its text."""

    @property
    def name(self) -> str:
        return ".".join(map(str, self.path))


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest case that was found."""

    case: Case
    dropped: tuple[str, ...]
    tries: int
    complete: bool
    """False where the tries ran out: leaving out more might do."""


def shrink(case: Case, fails: Callable[[Case], bool], *, most: int = 60) -> Shrunk:
    """Leave out what does not matter to the failure.

    Args:
        case: A case that fails.
        fails: Whether a smaller case still fails in the same way.
        most: Questions asked of `fails` at most.

    Source: delta debugging, ddmin of Zeller and Hildebrandt (2002): complements of ever finer parts.
    Cost: O(parts²) questions at worst, few where little matters.
    """
    parts = list(parts_of(case))
    kept, grain, tries = parts, 2, 0
    while kept and tries < most:
        chunks = [kept[i::grain] for i in range(grain)] if grain < len(kept) else [[part] for part in kept]
        for chunk in chunks:
            fewer = [part for part in kept if part not in chunk]
            if _empties(parts, fewer):
                continue
            tries += 1
            if fails(without(case, [part for part in parts if part not in fewer])):
                kept, grain = fewer, max(grain - 1, 2)
                break
            if tries >= most:
                break
        else:
            if grain >= len(kept):
                return _shrunk(case, parts, kept, tries, complete=True)
            grain = min(grain * 2, len(kept))
    return _shrunk(case, parts, kept, tries, complete=not kept)


def _empties(parts: Sequence[Part], kept: Sequence[Part]) -> bool:
    """Whether a text would lose its last sentence, or an input its last field: that would be another case."""
    return bool({group for part in parts if (group := _whole(part))} - {_whole(part) for part in kept})


def _whole(part: Part) -> Path | None:
    """What must keep one of its parts: a text, an input of fields."""
    named = part.path[0] == "input" and isinstance(part.path[-1], str)
    return part.path[:-1] if named else None


def _shrunk(case: Case, parts: Sequence[Part], kept: Sequence[Part], tries: int, *, complete: bool) -> Shrunk:
    gone = [part for part in parts if part not in kept]
    return Shrunk(without(case, gone), tuple(part.name for part in gone), tries, complete)


def parts_of(case: Case) -> Iterator[Part]:
    """What can be left out: turns but the last, sentences, fields, frozen results and their parts."""
    given = case.input
    if isinstance(given, list):
        yield from (Part(("input", i)) for i in range(len(given) - 1))
        last = given[-1] if given else None
        said = last.get("content") if isinstance(last, dict) else None
        if isinstance(said, str):
            yield from _sentences(said, ("input", len(given) - 1, "content"))
    elif isinstance(given, dict):
        yield from (Part(("input", key)) for key in given)
    elif isinstance(given, str):
        yield from _sentences(given, ("input",))
    for place, frozen in enumerate(case.tool_results or ()):
        yield Part(("tool_results", place))
        result = frozen.result
        if isinstance(result, list | dict):
            keys = range(len(result)) if isinstance(result, list) else result
            yield from (Part(("tool_results", place, "result", key)) for key in keys)


def _sentences(text: str, path: Path) -> Iterator[Part]:
    count = len(_SENTENCE.split(text))
    yield from (Part((*path, _NAMED.format(i + 1))) for i in range(count) if count > 1)


def without(case: Case, gone: Sequence[Part]) -> Case:
    """The case without these parts, which leave something of each text and of the input."""
    whole: dict[str, Any] = {"input": copy.deepcopy(case.input)}
    if case.tool_results is not None:
        whole["tool_results"] = [result.model_dump(mode="json") for result in case.tool_results]
    sentences: dict[Path, set[int]] = {}
    structure: list[Path] = []
    for part in gone:
        number = _sentence(part.path)
        if number is None:
            structure.append(part.path)
        else:
            sentences.setdefault(part.path[:-1], set()).add(number)
    for path, numbers in sentences.items():
        _drop_sentences(whole, path, numbers)
    # Deeper places first, and of one list the later ones, so that those before stay right.
    for path in sorted(structure, key=lambda path: (-len(path), [-p if isinstance(p, int) else 0 for p in path])):
        place = _at(whole, path[:-1])
        del place[path[-1]]
    return Case.model_validate(case.model_dump(mode="json", by_alias=True) | whole)


def _sentence(path: Path) -> int | None:
    found = _SENTENCE_NAME.fullmatch(str(path[-1]))
    return int(found[1]) if found else None


def _drop_sentences(whole: Any, path: Path, numbers: set[int]) -> None:
    place, key = _at(whole, path[:-1]), path[-1]
    kept = [text for number, text in enumerate(_SENTENCE.split(place[key]), 1) if number not in numbers]
    place[key] = " ".join(kept)


def _at(whole: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        whole = whole[part]
    return whole
