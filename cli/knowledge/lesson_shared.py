"""What the commands on lessons share: the project's folder, and a lesson as scripts read it."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.fields import record_of
from ...model.reviews import Lesson
from ...services.knowledge.proposing import knowledge_folders
from ...store.contract import Store
from ...store.knowledge.index import index_knowledge

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project whose .retrospan folder is read first (default: this folder).",
)


def read_folder(store: Store, folder: Path) -> None:
    """Index the project's files, so that a list is never older than they are."""
    folders = knowledge_folders(folder.resolve())
    if folders:
        index_knowledge(store, folders)


def lesson_json(lesson: Lesson) -> dict[str, object]:
    """A lesson as scripts read it."""
    origin = record_of(lesson.origin, leave_out=("trace_key",), trace=lesson.origin.trace_key)
    return {
        "id": lesson.id,
        "title": lesson.title,
        "status": lesson.status.value,
        "signature": lesson.state.value,
        "signed_by": lesson.signed_by,
        "what_happened": lesson.what_happened,
        "why": lesson.why,
        "what_to_do": lesson.what_to_do,
        "applies_to": record_of(lesson.applies_to),
        "origin": origin,
        "case": lesson.case,
        "supersedes": lesson.supersedes,
        "merges": lesson.merges,
        "true_for": record_of(lesson.true_for),
        "doubts": lesson.doubts,
        "stale_because": lesson.stale_because,
    }
