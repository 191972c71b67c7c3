"""Still true? What has changed since a lesson was learned: evidence for asking again, never its age."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ...knowledge.globs import is_glob, path_fits
from ...model.cases import CaseStatus
from ...model.experiments import Lift, LiftVerdict
from ...model.lessons import TrueFor
from ...model.reviews import Lesson, LessonStatus
from ...store.contract import Store
from ...store.experiments.experiments import newest_lifts
from ...store.knowledge.lookup import list_lessons
from ...store.knowledge.set_ups import recent_set_up
from ..understanding.known_failures import repeats_by_key
from ..verification.lesson_story import lessons_in_words, stories_of
from .guards import guards_of

_SKIPPED = frozenset((".git", ".venv", "node_modules", "__pycache__", ".retrospan"))
_MOST_FILES = 20_000
_RUNS = 3
"""Runs that a doubt names."""


def with_doubts(
    store: Store, lessons: Sequence[Lesson], root: Path | None = None, *, deep: bool = True
) -> list[Lesson]:
    """The lessons, confirmed ones with what speaks for asking whether they still hold.

    A run that repeats the failure it was learned from, since it was learned; a prompt, tool set or model of the runs
    it was learned from that none of the newest runs of its project has; a file that is gone; a case that was retired;
    a planned comparison in which its case passes without it, or in which it did nothing.

    Args:
        store: Where.
        lessons: Any.
        root: The project's folder, to look for files; None leaves them out.
        deep: Also whether globs still fit a file.

    Cost: one query a lesson with an origin; one walk over the project's files where a lesson has a glob and `deep`
    asks for it, or a file is not where it was.
    """
    back = _came_back(store, lessons)
    cases = {guard.case: guard.status for guard in guards_of(store, [entry.case for entry in lessons if entry.case])}
    standing = [lesson for lesson in lessons if lesson.status is LessonStatus.CONFIRMED]
    wanted = [name for lesson in standing for name in lesson.applies_to.files if deep or not is_glob(name)]
    gone = _gone(root, wanted) if root is not None else frozenset()
    lifts = newest_lifts(store) if standing else {}
    found = []
    for lesson in lessons:
        if lesson.status is LessonStatus.CONFIRMED:
            doubts = [*back.get(lesson.origin.trace_key or "", ()), *_lift_doubts(lifts.get(lesson.id))]
            doubts += _set_up_doubts(store, lesson)
            if lesson.case and cases.get(lesson.case) is CaseStatus.RETIRED:
                doubts.append(f"its case {lesson.case} was retired")
            doubts += [_file_doubt(name) for name in lesson.applies_to.files if name in gone]
            lesson = replace(lesson, doubts=tuple(doubts))
        found.append(lesson)
    return found


def doubted_lessons(store: Store, root: Path | None = None) -> list[Lesson]:
    """The queue "still true?": confirmed lessons with a reason to ask, most reasons first."""
    found = [lesson for lesson in with_doubts(store, list_lessons(store), root) if lesson.doubts]
    return sorted(found, key=lambda lesson: (-len(lesson.doubts), lesson.id))


def _came_back(store: Store, lessons: Sequence[Lesson]) -> dict[str, tuple[str, ...]]:
    """By the run that a lesson comes from: that its failure came back, and in which runs."""
    keys = {lesson.origin.trace_key for lesson in lessons if lesson.status is LessonStatus.CONFIRMED}
    found: dict[str, tuple[str, ...]] = {}
    for key, runs in repeats_by_key(store, sorted(filter(None, keys))).items():
        shown = ", ".join(f"T{run}" for run in runs[:_RUNS]) + (" …" if len(runs) > _RUNS else "")
        found[key] = (f"the failure came back: {shown}",)
    return found


def learned_in_words(store: Store) -> str:
    """What was learned and how it stands, in one line; empty where nothing was learned yet."""
    lessons = with_doubts(store, list_lessons(store))
    told = stories_of(store, [lesson for lesson in lessons if _counts(lesson)])
    return lessons_in_words(told, sum(bool(lesson.doubts) for lesson in lessons)) if told else ""


def _counts(lesson: Lesson) -> bool:
    return lesson.status is LessonStatus.CONFIRMED or lesson.quarantined


def _lift_doubts(lift: Lift | None) -> list[str]:
    """Why a lesson may be retired, where it was tried and did nothing."""
    if lift is None or lift.verdict not in (LiftVerdict.NO_EFFECT, LiftVerdict.NEEDLESS):
        return []
    told = "no effect" if lift.verdict is LiftVerdict.NO_EFFECT else "its case passes without it"
    return [f"{told} in {lift.experiment} ({lift.because})"]


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


def _gone(root: Path, names: Sequence[str]) -> frozenset[str]:
    """Those of the names that fit no file of the project any more; files are walked where one is not in its place."""
    missing = [name for name in dict.fromkeys(names) if is_glob(name) or not (root / name).exists()]
    files = project_files(root) if missing else []
    return frozenset(name for name in missing if not any(path_fits(name, path) for path in files))


def _file_doubt(name: str) -> str:
    return f"no file fits {name[:60]} any more" if is_glob(name) else f"{name[:60]} is gone"


def project_files(root: Path) -> list[str]:
    """Paths of a project's files, relative; at most 20,000."""
    found: list[str] = []
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _SKIPPED]
        found += [Path(place, name).relative_to(root).as_posix() for name in names]
        if len(found) > _MOST_FILES:
            break
    return found[:_MOST_FILES]
