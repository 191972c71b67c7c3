"""What is known before a change: lessons by words and by what is about to change, confirmed ones by default."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..connection import Store
from ..errors import BadInputError, UnknownIdError, did_you_mean
from ..review_models import Lesson, LessonStatus, SignatureState
from ..reviewers import load_trust
from ..trust.root import Trust
from .documents import Document, check_document
from .folders import KnowledgeKind
from .index import list_documents
from .lessons import lesson_of

_WORD = re.compile(r"[^\W_]{2,}")
_TITLE_WEIGHT, _TAG_WEIGHT = 2.0, 3.0


@dataclass(frozen=True, slots=True)
class LessonHit:
    """A lesson with why it came up."""

    lesson: Lesson
    score: float
    """Orders the hits of one search; not a probability."""
    matched: tuple[str, ...]
    """The tags and words that matched."""


def list_lessons(store: Store, trust: Trust | None = None) -> list[Lesson]:
    """Every lesson known here, confirmed ones first, by id. What a trusted lesson replaces is `superseded`."""
    trust = trust or load_trust(store)
    lessons = [lesson for entry in list_documents(store, KnowledgeKind.LESSON) if (lesson := _lesson(entry, trust))]
    replaced = {lesson.supersedes for lesson in lessons if lesson.status is LessonStatus.CONFIRMED}
    found = [
        replace(lesson, status=LessonStatus.SUPERSEDED)
        if lesson.id in replaced and lesson.status is LessonStatus.CONFIRMED
        else lesson
        for lesson in lessons
    ]
    return sorted(found, key=lambda lesson: (lesson.status is not LessonStatus.CONFIRMED, lesson.id))


def get_lesson(store: Store, lesson_id: str) -> Lesson:
    """One lesson by id; the confirmed one where several folders have it.

    Raises:
        UnknownIdError: naming the nearest id.
    """
    lessons = list_lessons(store)
    for lesson in lessons:
        if lesson.id == lesson_id:
            return lesson
    hint = did_you_mean(lesson_id, {lesson.id for lesson in lessons})
    raise UnknownIdError("lesson", lesson_id, known=hint, next_step="Search the lessons to find the id.")


def search_lessons(
    store: Store,
    query: str = "",
    *,
    tags: Sequence[str] = (),
    include_drafts: bool = False,
    limit: int = 10,
) -> list[LessonHit]:
    """Lessons for a question or a change, best first.

    Args:
        store: Where.
        query: Words; empty lists all.
        tags: Names of what is about to change: tools, prompts, tasks, failure modes, files. A file also matches the
            lessons on its name without folders.
        include_drafts: Also proposals and lessons that were replaced.
        limit: At most so many.

    Cost: every lesson is scored; each needs one signature check.
    """
    lessons = [lesson for lesson in list_lessons(store) if include_drafts or lesson.status is LessonStatus.CONFIRMED]
    words = list(dict.fromkeys(_words(query)))
    bags = [_bag(lesson) for lesson in lessons]
    spread = Counter(word for bag in bags for word in bag)
    wanted = {name.lower() for tag in tags for name in (tag, tag.rsplit("/", 1)[-1]) if name}
    hits = []
    for lesson, bag in zip(lessons, bags, strict=True):
        matched_tags = [term for term in lesson.applies_to.terms() if _names(term) & wanted]
        found = [word for word in words if word in bag]
        score = _TAG_WEIGHT * len(matched_tags)
        score += sum(bag[word] * math.log(1 + len(lessons) / spread[word]) for word in found)
        if score or not (words or wanted):
            hits.append(LessonHit(lesson, round(score, 4), (*matched_tags, *found)))
    hits.sort(key=lambda hit: (-hit.score, hit.lesson.id))
    return hits[:limit]


def _lesson(document: Document, trust: Trust) -> Lesson | None:
    try:
        lesson = lesson_of(document, check_document(document, trust))
    except BadInputError:
        return None
    path = f"{document.folder}/{document.kind.folder}/{document.name}.md" if document.folder else None
    # A lesson counts under its file's name only; a copy under another is a draft of that name.
    return replace(lesson, path=path, id=lesson.id if lesson.state is SignatureState.VALID else document.name)


def _bag(lesson: Lesson) -> dict[str, float]:
    """Words of a lesson with their weight: title and tags tell more than prose."""
    bag: dict[str, float] = {}
    for text in (lesson.what_happened, lesson.why, lesson.what_to_do):
        for word in _words(text):
            bag[word] = 1.0
    for text in (lesson.title, lesson.id, *lesson.applies_to.terms()):
        for word in _words(text):
            bag[word] = _TITLE_WEIGHT
    return bag


def _words(text: str) -> list[str]:
    """Lower-case words with common English endings cut, so that `refunds` finds `refund`."""
    return [re.sub(r"(?<=\w{3})(ings?|ed|es|s)$", "", word) for word in _WORD.findall(text.lower())]


def _names(term: str) -> set[str]:
    return {term.lower(), term.lower().rsplit("/", 1)[-1]}
