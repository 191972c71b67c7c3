"""Which lessons bear on a change: exact scope first, words second; nothing where neither speaks for one.

Scope counts what both sides name. A tool, file, agent, prompt, task or failure mode that the change and the lesson
share speaks for the lesson; one that both name and that differs speaks against it. Words are those of what the change
is for, weighted by how rare they are among the lessons (BM25, Robertson and Zaragoza 2009), as a share of what a
lesson with all of them would have.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest

from ..model.fields import record_of
from ..model.lessons import Lesson
from ..model.text.stop_words import STOP_WORDS
from .changes import Change
from .globs import is_glob, path_fits, plain_path

FOR = {"tools": 3.0, "files": 3.0, "prompts": 3.0, "agents": 2.0, "tasks": 2.0, "modes": 2.0}
"""What a shared name of each kind adds."""
AGAINST = {"tools": 2.0, "files": 2.0, "prompts": 1.5, "agents": 2.5, "tasks": 1.0, "modes": 1.0}
"""What a kind takes away that both sides name differently."""
LEAST_WORDS = 0.45
"""Share of the intent's weight that a lesson without shared scope must cover."""
LEAST_WORDS_IN_SCOPE = 0.12
"""The same for a lesson in scope, where the intent is told and another lesson in scope says more of it."""
BESIDE_BEST = 0.6
"""Share of the best one's words below which another lesson of the same scope is about something else."""
BY_WORDS = 500
"""Lessons that are ranked by words; the others share but a common word."""
NEAR = 0.7
"""Share of a proposal's words from which another lesson is named as one to merge it with."""
_TITLE, _PROSE = 2.0, 1.0
_SATURATION, _LENGTH = 1.2, 0.4
_WORD = re.compile(r"[^\W_]{2,}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ENDING = re.compile(r"(?<=\w{3})(ations?|ings?|ers?|ed|es|s|e|ly)$")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A lesson with what speaks for it."""

    lesson: Lesson
    scope: float
    """What shared names add, less what differing ones take away."""
    words: float
    """Share of the intent's weight that it covers, 0 to 1."""
    matched: tuple[str, ...]
    """The names and words that are shared."""


class LessonIndex:
    """Lessons by name and by word, to be asked often.

    Cost: one pass over the lessons to build; a question looks at those that share a name or word.
    """

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        self.lessons = tuple(lessons)
        self._named: dict[str, dict[str, list[tuple[int, str]]]] = {kind: defaultdict(list) for kind in FOR}
        self._globs: dict[str, list[int]] = defaultdict(list)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._lengths: list[float] = []
        for number, lesson in enumerate(self.lessons):
            self._add(number, lesson)
        self._usual = sum(self._lengths) / max(len(self._lengths), 1) or 1.0

    def _add(self, number: int, lesson: Lesson) -> None:
        for kind, names in record_of(lesson.applies_to).items():
            for name in names:
                if kind == "files" and is_glob(name):
                    self._globs[name].append(number)
                else:
                    self._named[kind][_key(kind, name)].append((number, name))
        weights: dict[str, float] = defaultdict(float)
        for text, weight in (
            (lesson.title, _TITLE),
            (" ".join(lesson.applies_to.terms()), _TITLE),
            (f"{lesson.what_happened} {lesson.why} {lesson.what_to_do}", _PROSE),
        ):
            for word in words_of(text):
                weights[word] += weight
        self._lengths.append(float(sum(weights.values())))
        for word, weight in weights.items():
            self._postings[word].append((number, weight))

    def rank(self, change: Change) -> list[Ranked]:
        """The lessons that share a name with the change, and the first by words; `applying` chooses among them."""
        shared = self._shared(change)
        covered, found = self._covered(change.intent)
        ranked = [
            Ranked(
                self.lessons[number],
                _scope_score(self.lessons[number], change, shared.get(number, {})),
                round(covered.get(number, 0.0), 4),
                (*(name for names in shared.get(number, {}).values() for name in names), *found.get(number, ())),
            )
            for number in sorted(shared.keys() | set(nlargest(BY_WORDS, covered, key=covered.__getitem__)))
        ]
        ranked.sort(key=lambda entry: (-max(entry.scope, 0.0) - 3 * entry.words, entry.lesson.id))
        return ranked

    def like(self, lesson: Lesson) -> list[str]:
        """Ids of the lessons that say much the same as this one, most alike first, at most three."""
        change = Change(scope=lesson.applies_to, intent=f"{lesson.title} {lesson.what_to_do}")
        near = [entry for entry in self.rank(change) if entry.words >= NEAR and entry.scope >= 0]
        near.sort(key=lambda entry: (-entry.words, entry.lesson.id))
        return [entry.lesson.id for entry in near if entry.lesson.id != lesson.id][:3]

    def _shared(self, change: Change) -> dict[int, dict[str, list[str]]]:
        """By lesson and kind, those of its names that the change touches."""
        found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        asked = {kind: list(names) for kind, names in record_of(change.scope).items()}
        loose = [*change.names, *_identifiers(change.intent)]
        for kind, own in asked.items():
            for name in dict.fromkeys([*own, *loose]):
                for number, term in self._by_name(kind, name):
                    if term not in found[number][kind]:
                        found[number][kind].append(term)
        for path in dict.fromkeys([*asked["files"], *(name for name in loose if "/" in name or "." in name)]):
            for glob, numbers in self._globs.items():
                if path_fits(glob, path):
                    for number in numbers:
                        found[number]["files"].append(glob)
        return found

    def _by_name(self, kind: str, name: str) -> Iterable[tuple[int, str]]:
        known = self._named[kind]
        if kind != "files":
            return known.get(_key(kind, name), ())
        near = [entry for key in (_key(kind, name), *_folders(name)) for entry in known.get(key, ())]
        return [(number, term) for number, term in near if path_fits(term, name)]

    def _covered(self, intent: str) -> tuple[dict[int, float], dict[int, list[str]]]:
        words = list(dict.fromkeys(words_of(intent)))
        whole = sum(self._rarity(word) for word in words)
        covered: dict[int, float] = defaultdict(float)
        found: dict[int, list[str]] = defaultdict(list)
        for word in words:
            rarity = self._rarity(word)
            for number, weight in self._postings.get(word, ()):
                length = 1 - _LENGTH + _LENGTH * self._lengths[number] / self._usual
                covered[number] += rarity * min(weight * (_SATURATION + 1) / (weight + _SATURATION * length) / 1.2, 1.0)
                found[number].append(word)
        return {number: value / whole for number, value in covered.items()}, found

    def _rarity(self, word: str) -> float:
        """BM25's weight; a word of no lesson weighs as much as one of a single lesson, and nothing covers it."""
        known = max(len(self._postings.get(word, ())), 1)
        return math.log(1 + (len(self.lessons) - known + 0.5) / (known + 0.5))


def applying(
    ranked: Sequence[Ranked], change: Change, *, likeness: Mapping[str, float] | None = None, least_alike: float = 1.0
) -> list[Ranked]:
    """Those of `ranked` that bear on the change, best first; often none.

    A lesson in scope counts, but where the change says what it is for, only beside one that says about as much of it.
    One out of scope needs words or meaning that leave little doubt.

    Args:
        ranked: From `LessonIndex.rank`.
        change: What was asked.
        likeness: Cosine of the intent with lessons, by id, where there is search by meaning.
        least_alike: Cosine from which meaning alone speaks for a lesson.
    """
    alike = likeness or {}
    in_scope = [entry for entry in ranked if entry.scope > 0]
    top = max((entry.scope for entry in in_scope), default=0.0)
    nearest = [entry for entry in in_scope if entry.scope >= top - 1.0]
    told = bool(words_of(change.intent))
    best = max((_said(entry, alike) for entry in nearest), default=0.0)
    if told and best >= LEAST_WORDS_IN_SCOPE:
        nearest = [entry for entry in nearest if _said(entry, alike) >= BESIDE_BEST * best]
    chosen = sorted(nearest, key=lambda entry: (-entry.scope - 3 * _said(entry, alike), entry.lesson.id))
    if not chosen:
        chosen = [entry for entry in ranked if entry.scope == 0 and _sure(entry, alike, least_alike)]
        chosen.sort(key=lambda entry: (-_said(entry, alike), entry.lesson.id))
        limit = BESIDE_BEST * _said(chosen[0], alike) if chosen else 0.0
        chosen = [entry for entry in chosen if _said(entry, alike) >= limit]
    return chosen


def _said(entry: Ranked, alike: Mapping[str, float]) -> float:
    return entry.words + max(alike.get(entry.lesson.id, 0.0), 0.0)


def _sure(entry: Ranked, alike: Mapping[str, float], least_alike: float) -> bool:
    return entry.words >= LEAST_WORDS or alike.get(entry.lesson.id, 0.0) >= least_alike


def _scope_score(lesson: Lesson, change: Change, shared: Mapping[str, Sequence[str]]) -> float:
    score = 0.0
    asked = record_of(change.scope)
    for kind, names in record_of(lesson.applies_to).items():
        if shared.get(kind):
            score += FOR[kind]
        elif names and asked[kind]:
            score -= AGAINST[kind]
    return score


def words_of(text: str) -> list[str]:
    """Lower-case words with English endings cut, so that `refunds` finds `refund`; names fall apart into theirs.

    >>> words_of("Refunds by issueRefund")
    ['refund', 'issu', 'refund']
    """
    return [_stem(word) for word in _WORD.findall(_HUMP.sub(" ", text).lower()) if word not in STOP_WORDS]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    return _ENDING.sub("", word)


def _identifiers(intent: str) -> list[str]:
    """What looks like a name of code in a sentence: `issue_refund`, `prompts/answer.md`."""
    found = (word.strip(".,:;()`'\"") for word in intent.split())
    return [word for word in found if "_" in word or "/" in word or (0 < word.find(".") < len(word) - 2)]


def _key(kind: str, name: str) -> str:
    return plain_path(name).rstrip("/").rsplit("/", 1)[-1] if kind == "files" else name.strip().lower()


def _folders(path: str) -> list[str]:
    """The names of the folders that a path lies in."""
    return plain_path(path).rstrip("/").split("/")[:-1]
