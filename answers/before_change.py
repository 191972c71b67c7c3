"""What is known before a change, as text: at most three lessons and the cases to run, in 400 tokens."""

from __future__ import annotations

from ..model.reviews import Lesson
from ..model.text.budget import CHARACTERS_PER_TOKEN, clip, share
from ..model.text.fence import fenced, inert_line
from ..services.knowledge.before_change import BeforeChange
from ..services.knowledge.guards import Guard
from ..store.knowledge.lookup import LessonHit
from .lessons import CONFIRMED

BUDGET = 400
"""Tokens of the whole answer."""
_TITLE = 80
_WHY = 60
_ASKED = 120
_NAMED = 3
"""Cases that are named in a command; longer lines are not copied."""


def before_change_text(found: BeforeChange) -> str:
    """The lessons that bear on a change, why each came up, what to do, and what to run after it.

    Never longer than 400 tokens. That none applies is an answer: it says how many were looked at.
    """
    asked = inert_line(found.change.told(), _ASKED)
    if not found.hits:
        unsure = " Words alone decide little: name paths= and tools= too." if found.change.words_alone else ""
        surely = "surely " if found.perhaps else ""
        told = f"None of the {found.known} confirmed lessons here {surely}applies to {asked!r}.{unsure}"
        return "\n".join([told, *_perhaps(found)])
    more = f"; {found.others} more apply" if found.others else ""
    head = f"{len(found.hits)} of {found.known} confirmed lessons apply{more}:"
    tail = [_cases(found.guards), f'Whole: search_lessons(lesson="{found.hits[0].lesson.id}")']
    rows = [_head(hit) for hit in found.hits]
    fixed = len("\n".join([head, fenced(rows, CONFIRMED), *tail])) + 8 * len(rows)
    room = BUDGET * CHARACTERS_PER_TOKEN - fixed
    advice = [inert_line(hit.lesson.what_to_do) for hit in found.hits]
    widths = share([len(text) for text in advice], [1.0] * len(advice), max(room, 0))
    lines = [f"{row}\n   do: {clip(text, width)}" for row, text, width in zip(rows, advice, widths, strict=True)]
    return "\n".join([head, fenced(lines, CONFIRMED), *(line for line in tail if line)])


def _perhaps(found: BeforeChange) -> list[str]:
    """The nearest by title alone: whoever reads them knows better than a small model which are meant."""
    rows = [f"{hit.lesson.id}: {inert_line(hit.lesson.title, _TITLE)}" for hit in found.perhaps]
    if not rows:
        return []
    whole = f'Read one that is meant: search_lessons(lesson="{found.perhaps[0].lesson.id}")'
    return ["Nearest in meaning, perhaps of no use:", fenced(rows, CONFIRMED), whole]


def _head(hit: LessonHit) -> str:
    lesson = hit.lesson
    words = inert_line(", ".join(hit.matched[:4]), _WHY)
    because = f" [{words}]" if words else ""
    doubt = f" (still true? {inert_line(lesson.doubts[0], _WHY)})" if lesson.doubts else ""
    return f"{lesson.id}: {inert_line(lesson.title, _TITLE)}{because}{doubt}{origin_note(lesson)}"


def origin_note(lesson: Lesson) -> str:
    """Where a lesson of another project comes from; empty for one that names none."""
    return f" · from {inert_line(lesson.origin.project, 40)}" if lesson.origin.project else ""


def _cases(guards: tuple[Guard, ...]) -> str:
    runs = [guard.case for guard in guards if guard.runs]
    others = [f"{guard.case} is {guard.status.value}" for guard in guards if guard.status and not guard.runs]
    told = [f"Run after it: retrospan case run {' '.join(runs[:_NAMED])}"] if runs else ["No case guards them."]
    return "; ".join([*told, *others[:1]])
