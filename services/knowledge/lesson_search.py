"""Lessons by words, by what is about to change, and, where search by meaning is set up, by meaning."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...model.reviews import Lesson
from ...store.caches import Slot
from ...store.contract import Store
from ...store.knowledge.lesson_vectors import keep_vectors, kept_vectors
from ...store.knowledge.lookup import LessonHit, search_lessons
from ..embedding.choose import embedder, has_vectors
from ..finding.meaning import WORD_SHARE

if TYPE_CHECKING:
    from ..embedding.protocol import Embedder, Vectors

MOST = 500
"""Lessons that are compared by meaning; of more, those that share a word with the query go first."""
_LEAST_ALIKE = 0.35
"""Cosine below which a lesson that is not tagged with what is about to change is not worth reading."""
_NAME = re.compile(r"[^\W\d_]+")
_ENDING = re.compile(r"\.\w+$")
_TAGGED = 1.0
"""What a tag that is about to change adds to a cosine: it goes before all likeness."""


def find_lessons(
    store: Store, query: str = "", *, tags: Sequence[str] = (), include_drafts: bool = False, limit: int = 10
) -> list[LessonHit]:
    """Lessons for a question or a change, best first.

    Args:
        store: Where.
        query: Words; empty lists all.
        tags: Names of what is about to change: tools, prompts, tasks, failure modes, files.
        include_drafts: Also proposals and lessons that were replaced or are stale.
        limit: At most so many.

    Cost: as `search_lessons`; where traces have vectors, also one embedding of the query and, the first time in a
    process, one of each lesson.
    """
    by_words = search_lessons(store, query, tags=tags, include_drafts=include_drafts, limit=MOST)
    if not query.strip() or not has_vectors(store):
        return by_words[:limit]
    model = embedder()
    assert model is not None
    known = {hit.lesson.id for hit in by_words}
    others = search_lessons(store, include_drafts=include_drafts, limit=MOST)
    hits = [*by_words, *(replace(hit, score=0.0) for hit in others if hit.lesson.id not in known)][:MOST]
    likeness = likeness_of(store, model, query, [hit.lesson for hit in hits])
    best = max((hit.score for hit in hits), default=0.0) or 1.0
    scored = [
        replace(hit, score=round(alike + WORD_SHARE * hit.score / best + _TAGGED * _tagged(hit), 4))
        for hit, alike in zip(hits, likeness, strict=True)
        if _tagged(hit) or alike >= _LEAST_ALIKE
    ]
    scored.sort(key=lambda hit: (-hit.score, hit.lesson.id))
    return scored[:limit]


_VECTORS: Slot[dict[str, dict[str, Any]]] = Slot("vectors of lessons", dict)


def likeness_of(store: Store, model: Embedder, query: str, lessons: Sequence[Lesson]) -> list[float]:
    """The cosine of the query with each lesson; vectors of confirmed lessons are kept in the store by their text."""
    cache = store.caches.get(_VECTORS).setdefault(model.model_id, {})
    texts = [meaning_text(lesson) for lesson in lessons]
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in cache}
    if missing:
        cache.update(kept_vectors(store, model.model_id, list(missing)))
        missing = {key: text for key, text in missing.items() if key not in cache}
    if missing:
        made = dict(zip(missing, model.embed(list(missing.values())), strict=True))
        cache.update(made)
        signed = {key for key, lesson in zip(keys, lessons, strict=True) if lesson.signed_by is not None}
        keep_vectors(store, model.model_id, {key: vector for key, vector in made.items() if key in signed})
    if not keys:
        return []
    asked: Vectors = model.embed([query])[0]
    return [float(cache[key] @ asked) for key in keys]


def _tagged(hit: LessonHit) -> bool:
    return not set(hit.lesson.applies_to.terms()).isdisjoint(hit.matched)


def meaning_text(lesson: Lesson) -> str:
    """What is compared by meaning: the names in its scope, as words, before what it says; they tell its subject."""
    scope = lesson.applies_to
    names = (" ".join(_NAME.findall(_ENDING.sub("", name))) for name in (*scope.tools, *scope.agents, *scope.files))
    return f"{' '.join(names)}. {lesson.title}. {lesson.what_happened} {lesson.what_to_do}"
