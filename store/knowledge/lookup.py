"""What is known before a change: lessons by words and by what is about to change, confirmed ones by default."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...knowledge.documents import Document, check_document
from ...knowledge.folders import KnowledgeKind
from ...knowledge.lessons import lesson_of
from ...model.errors import BadInputError, UnknownIdError, did_you_mean
from ...model.reviews import Lesson, LessonStatus, SignatureState
from ...trust.root import Trust
from ..contract import Store
from ..reviews.reviewers import load_trust
from ..reviews.verdicts import verdicts_by_uid, why_not_standing
from .index import list_documents

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
    """Every lesson known here, confirmed ones first, by id.

    What a trusted lesson replaces is `superseded`; one whose verdict stopped counting is `stale`.

    Cost: one signature check a lesson, and one of each verdict that is in this store; see `confirmed_verdicts`.
    """
    trust = trust or load_trust(store)
    found = _grounded(store, _signed_lessons(store, trust), trust)
    return sorted(found, key=_order)


def _signed_lessons(store: Store, trust: Trust) -> list[Lesson]:
    """The lessons by their own signatures, whatever became of their verdicts."""
    lessons = [lesson for entry in list_documents(store, KnowledgeKind.LESSON) if (lesson := _lesson(entry, trust))]
    replaced = {lesson.supersedes for lesson in lessons if lesson.status is LessonStatus.CONFIRMED}
    found = [
        replace(lesson, status=LessonStatus.SUPERSEDED)
        if lesson.id in replaced and lesson.status is LessonStatus.CONFIRMED
        else lesson
        for lesson in lessons
    ]
    return sorted(found, key=_order)


def _grounded(store: Store, lessons: Sequence[Lesson], trust: Trust) -> list[Lesson]:
    """The lessons, those `stale` whose verdict is in this store and is no ground for them any more."""
    uids = {lesson.origin.verdict for lesson in lessons if lesson.status is LessonStatus.CONFIRMED} - {None}
    verdicts = verdicts_by_uid(store, sorted(uid for uid in uids if uid), trust) if uids else {}
    why = {uid: why_not_standing(store, verdict, trust) for uid, verdict in verdicts.items()}
    return [
        replace(lesson, status=LessonStatus.STALE, stale_because=reason)
        if lesson.status is LessonStatus.CONFIRMED and (reason := why.get(lesson.origin.verdict or "", ""))
        else lesson
        for lesson in lessons
    ]


def _order(lesson: Lesson) -> tuple[bool, str]:
    return lesson.status is not LessonStatus.CONFIRMED, lesson.id


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

    Cost: every lesson is scored; each needs one signature check, and each that is returned one of its verdict.
    """
    trust = load_trust(store)
    every = _signed_lessons(store, trust)
    lessons = [lesson for lesson in every if include_drafts or lesson.status is LessonStatus.CONFIRMED]
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
    return _standing_hits(store, hits, trust, include_drafts, limit)


def _standing_hits(
    store: Store, hits: Sequence[LessonHit], trust: Trust, include_drafts: bool, limit: int
) -> list[LessonHit]:
    """The first hits that still have their ground; looks at no more verdicts than it has to."""
    found: list[LessonHit] = []
    for start in range(0, len(hits), max(limit, 1)):
        page = hits[start : start + max(limit, 1)]
        lessons = _grounded(store, [hit.lesson for hit in page], trust)
        for hit, lesson in zip(page, lessons, strict=True):
            if include_drafts or lesson.status is LessonStatus.CONFIRMED:
                found.append(replace(hit, lesson=lesson))
        if len(found) >= limit:
            break
    return found[:limit]


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
