"""`retrospan lesson list|search|show`: what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ...answers.before_change import before_change_text
from ...knowledge.changes import change_of
from ...model.errors import UsageError
from ...model.fields import record_of
from ...model.reviews import Lesson, LessonStatus
from ...model.text.display import safe_line, safe_text
from ...services.knowledge.before_change import before_change
from ...services.knowledge.doubting import with_doubts
from ...services.knowledge.lesson_reads import LessonRead, reads_in_words, reads_of
from ...services.knowledge.lesson_search import find_lessons
from ...services.privacy.read_notes import at_hand, note_lessons
from ...services.verification.guards import guards_of
from ...services.verification.lesson_story import stories_of
from ...store.contract import Store
from ...store.knowledge.lookup import get_lesson, list_lessons
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from .lesson_shared import folder_option, lesson_json, read_folder

_EPILOG = """\b
Examples:
  retrospan lesson list --drafts --json
  retrospan lesson search "accept partial refunds" --path agents/refunds.py --tool issue_refund
  retrospan lesson show never-promise-a-refund-window
"""
_READS = 5
_SIGNS = {
    LessonStatus.CONFIRMED: "✓",
    LessonStatus.PROPOSED: "…",
    LessonStatus.SUPERSEDED: "–",
    LessonStatus.STALE: "!",
}


@click.command("list", epilog=_EPILOG)
@click.argument("query", required=False, default="")
@click.option("--drafts", is_flag=True, help="Also what nobody has confirmed yet.")
@folder_option
@store_option
@json_option
def list_command(query: str, drafts: bool, folder: Path, store_location: str | None, as_json: bool) -> None:
    """List confirmed lessons, those that fit QUERY best first."""
    with opened(store_location) as store:
        read_folder(store, folder)
        every = list_lessons(store)
        found = with_doubts(store, _found(store, query, drafts, every), folder.resolve())
        stories = stories_of(store, found)
    if as_json:
        print_json([lesson_json(story.lesson) | {"story": story.in_words} for story in stories])
        return
    for story in stories:
        lesson = story.lesson
        echo(f"{_SIGNS[lesson.status]} {safe_line(lesson.id, 80)}{_notes(lesson)}\n    {safe_line(lesson.title, 110)}")
        echo(f"    {safe_line(story.in_words, 160)}")
    if not found:
        hidden = sum(lesson.status is LessonStatus.PROPOSED for lesson in every)
        echo("No lesson found." if every else "No lessons yet. A verdict of fail offers one: `retrospan review`.")
        if hidden and not drafts:
            echo(f"{hidden} drafts wait for a signature; --drafts shows them.")


@click.command("search", epilog=_EPILOG)
@click.argument("intent", required=False, default="")
@click.option("--path", "paths", multiple=True, metavar="PATH", help="A file that is about to change.")
@click.option("--tool", "tools", multiple=True, metavar="NAME", help="A tool that is about to change.")
@click.option(
    "--changing", multiple=True, metavar="KIND:NAME", help="agent:, prompt:, task:, mode:, tool: or file:, or a name."
)
@folder_option
@store_option
@json_option
def search_command(
    intent: str,
    paths: tuple[str, ...],
    tools: tuple[str, ...],
    changing: tuple[str, ...],
    folder: Path,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Before a change: the lessons that apply to what it touches and is for, and the cases to run after it.

    INTENT says what the change is for. At most three lessons; that none applies is a normal answer.
    """
    change = change_of(changing, paths=paths, tools=tools, intent=intent)
    if change.empty:
        raise UsageError("Nothing to search for. Say what the change is for, or name a --path or --tool.")
    with opened(store_location) as store:
        read_folder(store, folder)
        found = before_change(store, change, root=folder.resolve())
        shown = [hit.lesson.id for hit in found.hits]
        note_lessons(store, shown, actor=at_hand("cli"), channel="lesson-search", paths=change.scope.files)
    if as_json:
        hits = [lesson_json(hit.lesson) | {"matched": list(hit.matched)} for hit in found.hits]
        print_json({"lessons": hits, "cases": [record_of(guard) for guard in found.guards], "known": found.known})
        return
    echo(before_change_text(found))


@click.command("show", epilog=_EPILOG)
@click.argument("lesson_id", metavar="ID")
@folder_option
@store_option
@json_option
def show_command(lesson_id: str, folder: Path, store_location: str | None, as_json: bool) -> None:
    """Show the lesson ID with its origin and what its signature is worth now."""
    with opened(store_location) as store:
        read_folder(store, folder)
        (lesson,) = with_doubts(store, [get_lesson(store, lesson_id)], folder.resolve())
        guards = guards_of(store, lesson.id)
        (story,) = stories_of(store, [lesson])
        reads = reads_of(store, lesson, folder.resolve())
    if as_json:
        rungs = [{"case": g.case_id, "rung": g.standing.rung.value, "because": g.standing.because} for g in guards]
        told: dict[str, object] = {
            "guards": rungs,
            "story": story.in_words,
            "reads": [record_of(read) for read in reads],
        }
        print_json(lesson_json(lesson) | told)
        return
    signed = f" by {lesson.signed_by}" if lesson.signed_by else ""
    echo(safe_text(f"{lesson.title}\n{lesson.status.value}{signed} (signature {lesson.state.value})"))
    echo(safe_line(story.in_words, 300))
    if lesson.stale_because:
        echo(safe_line(lesson.stale_because, 200))
    for doubt in lesson.doubts:
        echo(f"still true? {safe_line(doubt, 200)}")
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
    facts["lift"] = (
        f"{story.lift.verdict.value} in {story.lift.experiment} ({story.lift.because})" if story.lift else ""
    )
    facts["read"] = reads_in_words(reads)
    facts |= {f"case {g.case_id} is": f"{g.standing.rung.value}; {g.standing.because}" for g in guards}
    lines = [f"{name}: {safe_line(value, 200)}" for name, value in facts.items() if value]
    lines += [f"    {_read(read)}" for read in reads[:_READS]]
    echo("\n" + "\n".join(lines))


def _found(store: Store, query: str, drafts: bool, every: Sequence[Lesson]) -> list[Lesson]:
    if query:
        return [hit.lesson for hit in find_lessons(store, query, include_drafts=drafts)]
    return [lesson for lesson in every if drafts or lesson.status is not LessonStatus.PROPOSED]


def _read(read: LessonRead) -> str:
    """Who was given it when, for which file, and the commit that followed."""
    paths = f" before {safe_line(', '.join(read.paths), 80)}" if read.paths else ""
    edit = f"; then commit {read.edit}" if read.edit else ""
    return f"{read.at} {read.channel} by {safe_line(read.actor, 60)}{paths}{edit}"


def _notes(lesson: Lesson) -> str:
    """Where it comes from, and whether there is a reason to ask if it still holds."""
    source = f" · from {safe_line(lesson.origin.project, 40)}" if lesson.origin.project else ""
    return f"{source}{' · still true?' if lesson.doubts else ''}"
