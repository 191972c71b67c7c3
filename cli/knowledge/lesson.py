"""`retrospan lesson list|show`: what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ...model.reviews import Lesson, LessonStatus
from ...model.text.display import safe_line, safe_text
from ...services.knowledge.lesson_search import find_lessons
from ...services.knowledge.proposing import knowledge_folders
from ...store.contract import Store
from ...store.knowledge.index import index_knowledge
from ...store.knowledge.lookup import get_lesson, list_lessons
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

_EPILOG = """\b
Examples:
  retrospan lesson list
  retrospan lesson list "refund window" --drafts --json
  retrospan lesson show never-promise-a-refund-window
"""
_SIGNS = {
    LessonStatus.CONFIRMED: "✓",
    LessonStatus.PROPOSED: "…",
    LessonStatus.SUPERSEDED: "–",
    LessonStatus.STALE: "!",
}
_folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project whose .retrospan folder is read first (default: this folder).",
)


@click.group("lesson", epilog=_EPILOG)
def lesson_group() -> None:
    """Lessons: confirmed findings written as advice, with their origin.

    They are files in git, `.retrospan/lessons/*.md`. One without a valid signature of a trusted reviewer is a draft.
    """


@lesson_group.command("list", epilog=_EPILOG)
@click.argument("query", required=False, default="")
@click.option("--drafts", is_flag=True, help="Also what nobody has confirmed yet.")
@_folder_option
@store_option
@json_option
def list_command(query: str, drafts: bool, folder: Path, store_location: str | None, as_json: bool) -> None:
    """List confirmed lessons, those that fit QUERY best first."""
    with opened(store_location) as store:
        _read(store, folder)
        every = list_lessons(store)
        found = _found(store, query, drafts, every)
    if as_json:
        print_json([_json(lesson) for lesson in found])
        return
    for lesson in found:
        echo(f"{_SIGNS[lesson.status]} {safe_line(lesson.id, 60)}\n    {safe_line(lesson.title, 110)}")
    if not found:
        hidden = sum(lesson.status is LessonStatus.PROPOSED for lesson in every)
        echo("No lesson found." if every else "No lessons yet. A verdict of fail offers one: `retrospan review`.")
        if hidden and not drafts:
            echo(f"{hidden} drafts wait for a signature; --drafts shows them.")


@lesson_group.command("show", epilog=_EPILOG)
@click.argument("lesson_id", metavar="ID")
@_folder_option
@store_option
@json_option
def show_command(lesson_id: str, folder: Path, store_location: str | None, as_json: bool) -> None:
    """Show the lesson ID with its origin and what its signature is worth now."""
    with opened(store_location) as store:
        _read(store, folder)
        lesson = get_lesson(store, lesson_id)
    if as_json:
        print_json(_json(lesson))
        return
    signed = f" by {lesson.signed_by}" if lesson.signed_by else ""
    echo(safe_text(f"{lesson.title}\n{lesson.status.value}{signed} (signature {lesson.state.value})"))
    if lesson.stale_because:
        echo(safe_line(lesson.stale_because, 200))
    for heading, text in (
        ("What happened", lesson.what_happened),
        ("Why", lesson.why),
        ("What to do", lesson.what_to_do),
    ):
        echo(f"\n{heading}\n{safe_text(text)}")
    facts = {
        "applies to": ", ".join(lesson.applies_to.terms()),
        "guarded by case": lesson.case,
        "verdict": lesson.origin.verdict,
        "trace": lesson.origin.trace_key,
        "supersedes": lesson.supersedes,
    }
    told = [f"{name}: {safe_line(value, 200)}" for name, value in facts.items() if value]
    if told:
        echo("\n" + "\n".join(told))


def _read(store: Store, folder: Path) -> None:
    """Index the project's files, so that a list is never older than they are."""
    folders = knowledge_folders(folder.resolve())
    if folders:
        index_knowledge(store, folders)


def _found(store: Store, query: str, drafts: bool, every: Sequence[Lesson]) -> list[Lesson]:
    if query:
        return [hit.lesson for hit in find_lessons(store, query, include_drafts=drafts)]
    return [lesson for lesson in every if drafts or lesson.status is not LessonStatus.PROPOSED]


def _json(lesson: Lesson) -> dict[str, object]:
    parts = lesson.applies_to
    return {
        "id": lesson.id,
        "title": lesson.title,
        "status": lesson.status.value,
        "signature": lesson.state.value,
        "signed_by": lesson.signed_by,
        "what_happened": lesson.what_happened,
        "why": lesson.why,
        "what_to_do": lesson.what_to_do,
        "applies_to": {
            "tools": list(parts.tools),
            "prompts": list(parts.prompts),
            "tasks": list(parts.tasks),
            "modes": list(parts.modes),
            "files": list(parts.files),
        },
        "origin": {
            "verdict": lesson.origin.verdict,
            "trace": lesson.origin.trace_key,
            "project": lesson.origin.project,
            "spans": list(lesson.origin.spans),
        },
        "case": lesson.case,
        "supersedes": lesson.supersedes,
    }
