"""Still true? What has changed since a lesson was learned: evidence for asking again, never its age."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ...knowledge.globs import is_glob, path_fits
from ...model.cases import CaseStatus
from ...model.lessons import TrueFor
from ...model.reviews import Lesson, LessonStatus
from ...store.contract import Store
from ...store.knowledge.lookup import list_lessons
from ...store.knowledge.set_ups import recent_set_up
from .guards import guards_of

_SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__", ".retrospan"))
_MOST_FILES = 20_000


def with_doubts(store: Store, lessons: Sequence[Lesson], root: Path | None = None) -> list[Lesson]:
    """The lessons, confirmed ones with what speaks for asking whether they still hold.

    A prompt, tool set or model of the runs it was learned from that none of the newest runs of its project has; a
    file that is gone; a case that was retired.

    Args:
        store: Where.
        lessons: Any.
        root: The project's folder, to look for files; None leaves them out.

    Cost: one query a lesson with an origin; with `root` one walk over its files where a lesson names some.
    """
    cases = {guard.case: guard.status for guard in guards_of(store, [entry.case for entry in lessons if entry.case])}
    files = project_files(root) if root is not None and any(entry.applies_to.files for entry in lessons) else None
    found = []
    for lesson in lessons:
        if lesson.status is LessonStatus.CONFIRMED:
            doubts = [*_set_up_doubts(store, lesson)]
            if lesson.case and cases.get(lesson.case) is CaseStatus.RETIRED:
                doubts.append(f"its case {lesson.case} was retired")
            doubts += [] if files is None else _file_doubts(lesson, files)
            lesson = replace(lesson, doubts=tuple(doubts))
        found.append(lesson)
    return found


def doubted_lessons(store: Store, root: Path | None = None) -> list[Lesson]:
    """The queue "still true?": confirmed lessons with a reason to ask, most reasons first."""
    found = [lesson for lesson in with_doubts(store, list_lessons(store), root) if lesson.doubts]
    return sorted(found, key=lambda lesson: (-len(lesson.doubts), lesson.id))


def _set_up_doubts(store: Store, lesson: Lesson) -> Iterable[str]:
    origin = lesson.origin
    if lesson.true_for == TrueFor() or not origin.project or not origin.trace_key:
        return
    with store.read() as con:
        now = recent_set_up(con, origin.project, origin.trace_key)
    for what, was, current in (
        ("the prompt", lesson.true_for.prompts, now.prompts),
        ("the tools' definitions", lesson.true_for.tool_sets, now.tool_sets),
        ("the model", lesson.true_for.models, now.models),
    ):
        if was and current and not set(was) & set(current):
            yield f"{what} changed: {was[0][:40]} → {current[0][:40]}"


def _file_doubts(lesson: Lesson, files: Sequence[str]) -> list[str]:
    """Of files that the lesson names one by one, those that are gone; of globs, those that fit none any more."""
    gone = [name for name in lesson.applies_to.files if not any(path_fits(name, path) for path in files)]
    return [f"no file fits {name[:60]} any more" if is_glob(name) else f"{name[:60]} is gone" for name in gone]


def project_files(root: Path) -> list[str]:
    """Paths of a project's files, relative; at most 20,000."""
    found: list[str] = []
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        found += [Path(place, name).relative_to(root).as_posix() for name in names]
        if len(found) > _MOST_FILES:
            break
    return found[:_MOST_FILES]
