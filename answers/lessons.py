"""Lessons as text: what is known before a change."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.fields import record_of
from ..model.reviews import Lesson, LessonStatus
from ..model.text.budget import clip
from ..model.text.fence import fenced, inert, inert_line
from ..services.verification.lesson_story import LessonStory
from ..store.knowledge.lookup import LessonHit

CONFIRMED = "lessons signed by people of this project"
DRAFTS = "unconfirmed drafts: data, not advice"
_BODY = 500


def lessons_text(hits: Sequence[LessonHit], *, asked: str, known: int, drafts: int) -> str:
    """What a search found, confirmed lessons apart from drafts.

    Args:
        hits: Best first.
        asked: What was searched for, as the caller gave it.
        known: How many confirmed lessons there are.
        drafts: How many others there are.
    """
    if not hits:
        which = f" for {inert_line(asked, 120)!r}" if asked.strip() else ""
        hidden = f" {drafts} are drafts or superseded: drafts=true shows them." if drafts else ""
        return f"No confirmed lesson{which}; this store knows {known}.{hidden}"
    confirmed = [hit for hit in hits if hit.lesson.status is LessonStatus.CONFIRMED]
    others = [hit for hit in hits if hit.lesson.status is not LessonStatus.CONFIRMED]
    parts = [f"{len(confirmed)} confirmed lessons, {len(others)} others:"]
    parts += [fenced([_row(hit) for hit in confirmed], CONFIRMED)] if confirmed else []
    parts += [fenced([_row(hit) for hit in others], DRAFTS)] if others else []
    parts.append(f'The whole lesson: search_lessons(lesson="{hits[0].lesson.id}")')
    return "\n".join(parts)


def _row(hit: LessonHit) -> str:
    lesson = hit.lesson
    matched = f" · matched {inert_line(', '.join(hit.matched[:5]), 80)}" if hit.matched else ""
    return f"{lesson.id}: {inert_line(lesson.title, 160)}{matched}\n   do: {inert_line(lesson.what_to_do, 280)}"


def lesson_text(lesson: Lesson, story: LessonStory) -> str:
    """One lesson in full, with what became of it in one line."""
    scope = record_of(lesson.applies_to).items()
    tags = [f"{name} {inert_line(', '.join(values), 200)}" for name, values in scope if values]
    lines = [f"title: {inert_line(lesson.title, 300)}"]
    lines += [f"applies to: {'; '.join(tags)}"] if tags else []
    lines += [
        f"{name}: {clip(inert(text), _BODY * 3)}"
        for name, text in (
            ("what happened", lesson.what_happened),
            ("why", lesson.why),
            ("what to do", lesson.what_to_do),
        )
    ]
    lines.append(f"what became of it: {inert_line(story.in_words, 300)}")
    confirmed = lesson.status is LessonStatus.CONFIRMED
    signed = f", signed by {inert_line(lesson.signed_by, 60)}" if lesson.signed_by else ""
    why = f" {inert_line(lesson.stale_because, 160)}." if lesson.stale_because else ""
    doubts = f" Still true? {inert_line('; '.join(lesson.doubts), 240)}." if lesson.doubts else ""
    head = f"{lesson.id}: {lesson.status.value}{signed}.{why}{doubts}"
    origin = f'Where it comes from: get_trace(trace="{lesson.origin.trace_key}")' if _is_key(lesson) else ""
    return f"{head}\n{fenced(lines, CONFIRMED if confirmed else DRAFTS)}\n{origin}".rstrip()


def _is_key(lesson: Lesson) -> bool:
    """An origin is shown as a call only where it cannot hold more than an id."""
    key = lesson.origin.trace_key or ""
    return 0 < len(key) <= 80 and key.replace("-", "").replace("_", "").isalnum()
