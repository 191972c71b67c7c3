"""What becomes of a confirmed lesson: a new revision, a merger, a retraction. Each is a reviewer's signed act.

Nothing that was signed is edited: the new file names what it takes the place of, and the old one stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ...knowledge.folders import KnowledgeKind
from ...knowledge.lessons import dump_lesson
from ...model.errors import UsageError
from ...model.fields import record_of
from ...model.lessons import TITLE_LIMIT, AppliesTo, TrueFor, retraction_of
from ...model.reviews import Lesson, LessonOrigin, LessonStatus
from ...model.text.bounds import bounded
from ...store.contract import Store
from ...store.knowledge.lookup import get_lesson, list_lessons
from ...store.knowledge.set_ups import recent_set_up
from ...trust.session import ReviewSession
from .confirming import confirm_lesson, sign_lesson
from .drafts import DraftText, keep_drafts
from .proposing import checked_lesson

_REVISION = re.compile(r"-r\d+$")


def keep_lesson(
    store: Store, session: ReviewSession, lesson_id: str, folder: Path, *, now: datetime | None = None
) -> Lesson:
    """Say that a lesson still holds with what runs now: the next revision, true for the newest set-up too.

    Raises:
        UnknownIdError: if there is no such lesson.
        UsageError: if it is not confirmed.
        RefusedError: if the reviewer is not trusted here.
    """
    lesson = _confirmed(store, lesson_id)
    true_for = lesson.true_for
    if lesson.origin.project and lesson.origin.trace_key:
        with store.read() as con:
            recent = recent_set_up(con, lesson.origin.project, lesson.origin.trace_key)
        joined = {
            name: tuple(dict.fromkeys((*getattr(recent, name), *names))) for name, names in record_of(true_for).items()
        }
        true_for = TrueFor(**joined)
    revised = replace(lesson, id=next_id(store, lesson.id), supersedes=lesson.id, merges=(), true_for=true_for)
    return confirm_lesson(store, session, revised, folder, now=now)


def retract_lesson(
    store: Store, session: ReviewSession, lesson_id: str, because: str, folder: Path, *, now: datetime | None = None
) -> Lesson:
    """Take a lesson back: a signed file beside it says so, and travels with it.

    Returns:
        The lesson as it is served from now on: stale, with the reason.

    Raises:
        UnknownIdError: if there is no such lesson.
        UsageError: if it is not confirmed, or no reason is given.
        RefusedError: if the reviewer is not trusted here.
    """
    lesson = _confirmed(store, lesson_id)
    why = bounded("reason", because, 300)
    note = checked_lesson(
        replace(
            lesson,
            id=retraction_of(lesson.id),
            title=f"Retracted: {lesson.title}"[:TITLE_LIMIT],
            why=why,
            what_to_do="Nothing: this lesson was taken back.",
            supersedes=lesson.id,
            merges=(),
            case=None,
        )
    )
    sign_lesson(store, session, replace(note, status=LessonStatus.STALE), folder, now=now)
    return get_lesson(store, lesson.id)


def merge_lessons(
    store: Store, lesson_ids: Sequence[str], *, title: str, what_to_do: str, by: str, now: datetime | None = None
) -> Lesson:
    """Draft one lesson out of several; once a reviewer signs it, it is served in their place, and all of them stay.

    Args:
        store: Where; the draft is kept in it.
        lesson_ids: Two or more confirmed lessons.
        title: Of the new one.
        what_to_do: Its advice, written by a person; nothing is put together by a model.
        by: Who: `human:Ada`.
        now: For tests.

    Raises:
        UnknownIdError: if one of them is unknown.
        UsageError: if one is not confirmed, there are fewer than two, or a text is empty or too long.
    """
    names = list(dict.fromkeys(lesson_ids))
    if len(names) < 2:
        raise UsageError("A merger takes two lessons or more. Name their ids.")
    sources = [_confirmed(store, name) for name in names]
    verdicts = list(dict.fromkeys(uid for lesson in sources for uid in lesson.origin.verdicts))
    scope = {
        name: tuple(dict.fromkeys(value for lesson in sources for value in getattr(lesson.applies_to, name)))
        for name in record_of(AppliesTo())
    }
    first = sources[0]
    lesson = checked_lesson(
        replace(
            first,
            id=next_id(store, first.id),
            title=title,
            what_happened="\n\n".join(lesson.what_happened for lesson in sources),
            why="\n\n".join(dict.fromkeys(lesson.why for lesson in sources)),
            what_to_do=what_to_do,
            applies_to=AppliesTo(**scope),
            origin=LessonOrigin(
                verdicts[0] if verdicts else None,
                first.origin.trace_key,
                first.origin.project,
                first.origin.spans,
                tuple(verdicts[1:]),
            ),
            supersedes=None,
            merges=tuple(names),
            status=LessonStatus.PROPOSED,
            proposed_by=by,
        )
    )
    keep_drafts(store, [DraftText(KnowledgeKind.LESSON, lesson.id, dump_lesson(lesson))], now=now)
    return get_lesson(store, lesson.id)


def next_id(store: Store, lesson_id: str) -> str:
    """The id of the next revision: `window` → `window-r2` → `window-r3`."""
    base = _REVISION.sub("", lesson_id)[:74]
    known = {lesson.id for lesson in list_lessons(store)}
    number = 2
    while f"{base}-r{number}" in known:
        number += 1
    return f"{base}-r{number}"


def _confirmed(store: Store, lesson_id: str) -> Lesson:
    lesson = get_lesson(store, lesson_id)
    if lesson.status is not LessonStatus.CONFIRMED and not lesson.quarantined:
        raise UsageError(
            f"The lesson {lesson.id!r} is {lesson.status.value}; only confirmed ones are revised, merged or retracted. "
            "`retrospan lesson list` shows them."
        )
    return lesson
