"""Lessons that were seen to do harm are held back by a note beside them, until a reviewer decides.

The note needs no signature: whoever can write it can take the lesson's file away as well. So it counts only for lessons
of its own folder, and lies in git with them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...knowledge.folders import KnowledgeKind, find_files, knowledge_root, write_knowledge
from ...knowledge.lessons import QUARANTINED, dump_lesson
from ...knowledge.plaintext import plain_line
from ...model.reviews import Lesson, LessonStatus
from ...store.contract import Store
from ...store.knowledge.index import index_knowledge


def quarantine(store: Store, lesson: Lesson, because: str, folder: Path) -> None:
    """Serve and export a lesson no more, here and wherever this folder is read.

    Args:
        store: Takes the note in.
        lesson: A confirmed lesson whose file lies in `folder`.
        because: What it did, in a sentence.
        folder: The project's folder.
    """
    note = replace(
        lesson,
        id=note_name(lesson.id),
        title=f"Quarantined: {lesson.title}"[:80],
        why=plain_line(because),
        what_to_do="Nothing, until a reviewer keeps the lesson or takes it back.",
        status=LessonStatus.STALE,
        supersedes=lesson.id,
        merges=(),
        case=None,
    )
    write_knowledge(folder, KnowledgeKind.LESSON, note.id, dump_lesson(note))
    index_knowledge(store, [folder])


def end_quarantine(store: Store, lesson_id: str, folder: Path) -> bool:
    """Take the note away; False where there is none."""
    name = note_name(lesson_id)
    notes = [file for file in find_files(folder) if file.kind is KnowledgeKind.LESSON and file.name == name]
    for file in notes:
        file.path.unlink()
    if notes:
        index_knowledge(store, [knowledge_root(folder)])
    return bool(notes)


def lies_in(lesson: Lesson, folder: Path) -> bool:
    """Whether a lesson's file is in this project's folder, so that a note there counts for it."""
    return lesson.path is not None and Path(lesson.path).parent.parent == knowledge_root(folder)


def note_name(lesson_id: str) -> str:
    """The id of the note on a lesson; that of a file as well."""
    return f"{lesson_id[:67]}{QUARANTINED}"
