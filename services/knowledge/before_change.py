"""Before a change: the few lessons that bear on it and the cases to run after it; often none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...knowledge.changes import Change
from ...knowledge.ranking import LessonIndex, Ranked, applying
from ...store.contract import Store
from ...store.knowledge.lookup import KnownLessons, LessonHit, known_lessons, standing_hits
from ..embedding.choose import embedder, has_vectors
from .doubting import with_doubts
from .guards import Guard, guards_of
from .lesson_search import likeness_of

MOST = 3
"""Lessons that are read before a change; more are not."""
LEAST_ALIKE = 0.5
"""Cosine from which meaning alone speaks for a lesson; measured, see benchmarks/README.md."""
PERHAPS = 5
"""Titles that are offered to judge by where only words are told and no lesson surely applies."""
_LEAST_PERHAPS = 0.3
"""Likeness from which a title is offered; set on the part of the benchmark that is not held out."""
_WORDS_BESIDE_MEANING = 0.3
"""What sharing every word adds to a cosine."""
_ALL_BY_MEANING = 500
"""Up to so many lessons each is compared by meaning; of more, the first by words."""
_SOME_BY_MEANING = 40


@dataclass(frozen=True, slots=True)
class BeforeChange:
    """What is known before a change."""

    change: Change
    hits: tuple[LessonHit, ...]
    """Best first, at most `MOST`."""
    guards: tuple[Guard, ...]
    known: int
    """How many confirmed lessons were looked at."""
    others: int
    """How many more apply."""
    perhaps: tuple[LessonHit, ...] = ()
    """Where none surely applies and only words were told: the nearest by meaning, to be judged by their titles."""


def before_change(store: Store, change: Change, *, most: int = MOST, root: Path | None = None) -> BeforeChange:
    """The confirmed lessons that bear on a change, and the cases that guard them.

    Args:
        store: Where.
        change: From `change_of`; an empty one is answered with nothing.
        most: At most so many lessons.
        root: The project's folder, to say which files of a lesson are gone; None leaves that out.

    Cost: at 10,000 lessons 50 ms of one core at most, once they are read (see `known_lessons`); where search by
    meaning is set up also one embedding of the intent and, the first time in a process, of the lessons compared.
    """
    known = known_lessons(store)
    ranked = known.confirmed.rank(change)
    alike = _likeness(store, change, known.confirmed, ranked)
    if alike:
        seen = {entry.lesson.id for entry in ranked}
        ranked += [
            Ranked(lesson, 0.0, 0.0, ()) for lesson in known.confirmed.lessons if lesson.id in alike.keys() - seen
        ]
    chosen = applying(ranked, change, likeness=alike, least_alike=LEAST_ALIKE)
    hits = _standing(store, chosen, known, most)
    doubted = with_doubts(store, [hit.lesson for hit in hits], root, deep=False)
    hits = [replace(hit, lesson=lesson) for hit, lesson in zip(hits, doubted, strict=True)]
    cases = [hit.lesson.case for hit in hits if hit.lesson.case]
    near = nearest(ranked, alike) if change.words_alone and not chosen else []
    return BeforeChange(
        change,
        tuple(hits),
        tuple(guards_of(store, cases)),
        len(known.confirmed.lessons),
        max(len(chosen) - most, 0),
        tuple(_standing(store, near, known, PERHAPS)),
    )


def nearest(ranked: Sequence[Ranked], likeness: Mapping[str, float]) -> list[Ranked]:
    """Those that may apply by meaning and words together, nearest first; none where meaning was not asked."""
    near = {
        entry.lesson.id: likeness[entry.lesson.id] + _WORDS_BESIDE_MEANING * entry.words
        for entry in ranked
        if entry.lesson.id in likeness
    }
    found = [entry for entry in ranked if near.get(entry.lesson.id, 0.0) >= _LEAST_PERHAPS]
    return sorted(found, key=lambda entry: (-near[entry.lesson.id], entry.lesson.id))


def _standing(store: Store, chosen: Sequence[Ranked], known: KnownLessons, most: int) -> list[LessonHit]:
    hits = [LessonHit(entry.lesson, entry.scope + entry.words, entry.matched) for entry in chosen]
    return standing_hits(store, hits, known.trust, include_drafts=False, limit=most)


def _likeness(store: Store, change: Change, index: LessonIndex, ranked: Sequence[Ranked]) -> dict[str, float]:
    if not change.intent.strip() or not index.lessons or not has_vectors(store):
        return {}
    model = embedder()
    assert model is not None
    few = len(index.lessons) <= _ALL_BY_MEANING
    lessons = list(index.lessons) if few else [entry.lesson for entry in ranked[:_SOME_BY_MEANING]]
    found = likeness_of(store, model, change.intent, lessons)
    return {lesson.id: cosine for lesson, cosine in zip(lessons, found, strict=True)}
