"""What a fix is made from, and where its drafts go: an output folder, and the store's drafts. Nothing is applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...knowledge.lessons import dump_lesson
from ...model.cases import parse_case
from ...model.errors import UsageError
from ...model.reviews import AppliesTo, Label, Lesson, LessonOrigin, LessonStatus, Verdict
from ...store.contract import Store
from ...store.knowledge.lookup import get_lesson, search_lessons
from ...store.reviews.verdicts import confirmed_verdicts, get_verdict
from ...trust.files import write_atomic
from ..knowledge.drafts import DraftText
from ..knowledge.proposing import LessonDraft, propose_lesson

MOST_VERDICTS = 10


@dataclass(frozen=True, slots=True)
class WrittenFix:
    """Where the parts of a fix were put."""

    paths: tuple[Path, ...]
    lesson: str
    """Id of the lesson draft in the store."""


def verdicts_to_fix(store: Store, names: Sequence[str]) -> list[Verdict]:
    """The verdicts that a fix answers: those named, else the newest confirmed fails.

    Raises:
        UsageError: if one is not confirmed, or is no fail; or none is named and there is none.
        UnknownIdError: if there is no such verdict.
    """
    if not names:
        fails = [v for v in confirmed_verdicts(store, deciding=False).values() if v.answer.label is Label.FAIL]
        if not fails:
            raise UsageError("No confirmed fail to fix. People judge with `retrospan review`.")
        return sorted(fails, key=lambda verdict: verdict.signed_at)[-MOST_VERDICTS:]
    found = [get_verdict(store, name) for name in names]
    for verdict in found:
        if not verdict.confirmed or verdict.answer.label is not Label.FAIL:
            raise UsageError(
                f"{verdict.short_id} is {verdict.answer.label.value}, signature {verdict.state.value}; "
                "a fix starts from confirmed fails."
            )
    return found


def lessons_to_keep(store: Store, names: Sequence[str], files: Sequence[str]) -> list[Lesson]:
    """The confirmed lessons named, and those that apply to the files about to change.

    Raises:
        UsageError: if a named lesson is not confirmed.
        UnknownIdError: if there is no such lesson.
    """
    named = [get_lesson(store, name) for name in names]
    for lesson in named:
        if lesson.status is not LessonStatus.CONFIRMED:
            raise UsageError(f"The lesson {lesson.id!r} is {lesson.status.value}. A fix rests on confirmed ones.")
    tags = [tag for file in files for tag in (file, Path(file).name)]
    nearby = [hit.lesson for hit in search_lessons(store, tags=tags, limit=10)] if tags else []
    return list({lesson.id: lesson for lesson in [*named, *nearby]}.values())


def write_fix(
    store: Store,
    folder: Path,
    *,
    patch: str,
    notes: str,
    title: str,
    what_happened: str,
    why: str,
    what_to_do: str,
    verdicts: Sequence[Verdict],
    cases: Sequence[DraftText],
    files: Sequence[str],
    by: str,
) -> WrittenFix:
    """Write patch, notes and drafts to a new or empty folder, and keep the lesson as a draft in the store.

    `cases` are the regression cases that the verdicts suggest.

    Raises:
        UsageError: if the folder holds something.
        StoreError: if the disk refuses.
    """
    check_output(folder)
    first = verdicts[0] if verdicts else None
    seen = first.seen[0] if first and first.seen else None
    origin = LessonOrigin(
        first.uid if first else None, seen.trace_key if seen else None, seen.project if seen else None
    )
    lesson = Lesson("", title, what_happened, why, what_to_do, AppliesTo(files=tuple(files)), origin)
    case = parse_case(cases[0].text, source=cases[0].name) if cases else None
    kept = propose_lesson(store, LessonDraft(lesson, case), by=by)
    texts = {"fix.patch": patch, "notes.md": notes, f"lesson-{kept.lesson.id}.md": dump_lesson(kept.lesson)}
    texts |= {f"case-{draft.name}.yaml": draft.text for draft in cases}
    paths = [write_atomic(folder, name, text.encode()) for name, text in texts.items()]
    return WrittenFix(tuple(paths), kept.lesson.id)


def check_output(folder: Path) -> None:
    """Refuse a folder that holds something: an earlier fix is not overwritten.

    Raises:
        UsageError: if it does, or is no folder.
    """
    if folder.exists() and (not folder.is_dir() or folder.is_symlink() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already. Name a new or empty folder with --out.")
