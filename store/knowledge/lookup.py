"""What is known before a change: lessons by words and by what is about to change, confirmed ones by default."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ...knowledge.changes import change_of
from ...knowledge.documents import Document, check_document
from ...knowledge.folders import KnowledgeKind
from ...knowledge.lessons import held_back, lesson_of
from ...knowledge.ranking import LessonIndex
from ...model.errors import BadInputError, UnknownIdError, did_you_mean
from ...model.lessons import HELD_BACK, retraction_of
from ...model.reviews import Lesson, LessonStatus, SignatureState
from ...trust.root import Trust
from ...trust.signing import SignatureCheck
from ..audit.chain import linked_subjects
from ..caches import Slot
from ..contract import Store
from ..generations import KNOWLEDGE, generation
from ..reviews.reviewers import load_trust
from ..reviews.verdicts import verdicts_by_uid, why_not_standing
from .index import list_documents


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
    lessons = known_lessons(store).lessons if trust is None else _signed_lessons(store, trust)
    found = _grounded(store, lessons, trust or load_trust(store))
    return sorted(found, key=_order)


@dataclass(frozen=True, slots=True)
class KnownLessons:
    """The lessons of a store by their own signatures, ready to be asked; see `known_lessons`."""

    trust: Trust
    lessons: tuple[Lesson, ...]
    confirmed: LessonIndex

    def every(self) -> LessonIndex:
        """All of them, drafts too, to be asked; made anew each time."""
        return LessonIndex(self.lessons)


_KNOWN: Slot[dict[str, KnownLessons]] = Slot("known lessons", dict)


def known_lessons(store: Store) -> KnownLessons:
    """The lessons as they were read last, whatever became of their verdicts; read anew after any change to them.

    Cost: two queries and the user's trust file; after a change one parsing and one signature check a lesson.
    """
    trust = load_trust(store)
    with store.read() as con:
        now = generation(con, KNOWLEDGE)
    cache = store.caches.get(_KNOWN)
    known = cache.get(now)
    if known is None or known.trust != trust:
        lessons = _signed_lessons(store, trust)
        confirmed = [lesson for lesson in lessons if lesson.status is LessonStatus.CONFIRMED]
        known = KnownLessons(trust, tuple(lessons), LessonIndex(confirmed))
        cache.clear()
        cache[now] = known
    return known


def claimed_lessons(store: Store) -> list[Lesson]:
    """The confirmed lessons as their files claim, whoever signed them; to compare with, never to serve."""
    claims = {True: SignatureState.VALID, False: SignatureState.UNSIGNED}
    found = _in_force(
        list_documents(store, KnowledgeKind.LESSON),
        lambda entry: SignatureCheck(claims[entry.signature is not None], "not checked", ""),
    )
    return [lesson for lesson in found if lesson.status is LessonStatus.CONFIRMED]


def _signed_lessons(store: Store, trust: Trust) -> list[Lesson]:
    """The lessons by their own signatures, whatever became of their verdicts.

    A retraction that was signed with this store counts also where its file has gone.
    """
    lessons = _in_force(list_documents(store, KnowledgeKind.LESSON), lambda entry: check_document(entry, trust))
    with store.read() as con:
        signed = linked_subjects(con, KnowledgeKind.LESSON.value)
    return [_taken_back(lesson) if retraction_of(lesson.id) in signed else lesson for lesson in lessons]


def _taken_back(lesson: Lesson) -> Lesson:
    if lesson.status is not LessonStatus.CONFIRMED:
        return lesson
    name = retraction_of(lesson.id)
    return replace(lesson, status=LessonStatus.STALE, stale_because=f"it was retracted here; the file {name} is gone")


def _in_force(documents: Sequence[Document], check: Callable[[Document], SignatureCheck]) -> list[Lesson]:
    """The lessons, those `superseded` or `stale` that a signed one takes the place of or takes back, or that a note of
    their own folder holds back."""
    lessons = []
    held: dict[str, str] = {}
    for entry in documents:
        note = held_back(entry)
        if note is not None:
            held[_place(entry.folder, note[0])] = note[1]
        elif found := _lesson(entry, check(entry)):
            lessons.append(found)
    return _standing(lessons, held)


def _standing(lessons: Sequence[Lesson], held: Mapping[str, str]) -> list[Lesson]:
    signed = [lesson for lesson in lessons if lesson.state is SignatureState.VALID]
    replaced = {name for lesson in signed if lesson.status is LessonStatus.CONFIRMED for name in lesson.replaces}
    retracted = {
        name: f"retracted by {lesson.signed_by}: {lesson.why}"
        for lesson in signed
        if lesson.status is LessonStatus.STALE
        for name in lesson.replaces
    }
    found = []
    for lesson in lessons:
        if lesson.status is LessonStatus.CONFIRMED and lesson.id in retracted:
            lesson = replace(lesson, status=LessonStatus.STALE, stale_because=retracted[lesson.id])
        elif lesson.status is LessonStatus.CONFIRMED and lesson.id in replaced:
            lesson = replace(lesson, status=LessonStatus.SUPERSEDED)
        elif lesson.status is LessonStatus.CONFIRMED and lesson.path and lesson.path in held:
            lesson = replace(lesson, status=LessonStatus.STALE, stale_because=f"{HELD_BACK}{held[lesson.path]}")
        found.append(lesson)
    return sorted(found, key=_order)


def _grounded(store: Store, lessons: Sequence[Lesson], trust: Trust) -> list[Lesson]:
    """The lessons, those `stale` of whose verdicts one is in this store and is no ground for them any more."""
    confirmed = [lesson for lesson in lessons if lesson.status is LessonStatus.CONFIRMED]
    uids = sorted({uid for lesson in confirmed for uid in lesson.origin.verdicts})
    verdicts = verdicts_by_uid(store, uids, trust) if uids else {}
    why = {uid: why_not_standing(store, verdict, trust) for uid, verdict in verdicts.items()}
    found = []
    for lesson in lessons:
        lost = next((why[uid] for uid in lesson.origin.verdicts if why.get(uid)), "")
        if lost and lesson.status is LessonStatus.CONFIRMED:
            lesson = replace(lesson, status=LessonStatus.STALE, stale_because=lost)
        found.append(lesson)
    return found


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
    """Lessons that share a word with a question or a name with a change, best first.

    Args:
        store: Where.
        query: Words; empty lists all.
        tags: What is about to change, as `change_of` takes it: `tool:NAME`, `file:PATH`, bare names.
        include_drafts: Also proposals and lessons that were replaced.
        limit: At most so many.

    Cost: as `known_lessons`; each that is returned needs one signature check of its verdict.
    """
    known = known_lessons(store)
    index = known.every() if include_drafts else known.confirmed
    change = change_of(tags, intent=query)
    if change.empty:
        hits = [LessonHit(lesson, 0.0, ()) for lesson in index.lessons]
    else:
        ranked = [entry for entry in index.rank(change) if entry.scope > 0 or entry.words > 0]
        hits = [LessonHit(entry.lesson, round(entry.scope + entry.words, 4), entry.matched) for entry in ranked]
    return standing_hits(store, hits, known.trust, include_drafts, limit)


def standing_hits(
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


def _lesson(document: Document, check: SignatureCheck) -> Lesson | None:
    try:
        lesson = lesson_of(document, check)
    except BadInputError:
        return None
    path = _place(document.folder, document.name) if document.folder else None
    # A lesson counts under its file's name only; a copy under another is a draft of that name.
    return replace(lesson, path=path, id=lesson.id if lesson.state is SignatureState.VALID else document.name)


def _place(folder: str, name: str) -> str:
    return f"{folder}/{KnowledgeKind.LESSON.folder}/{name}.md"
