"""`retrospan lesson confirm|keep|merge|retract|doubts`: what a reviewer does with lessons."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.cases import Case, CaseStatus
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...regression.teaching.trying import try_stored, why_not_signed
from ...services.knowledge.confirming import confirm_case, confirm_lesson, find_case
from ...services.knowledge.doubting import doubted_lessons
from ...services.knowledge.exporting import old_exports
from ...services.knowledge.guards import guards_of
from ...services.knowledge.revising import keep_lesson, merge_lessons, retract_lesson
from ...store.contract import Store
from ...store.knowledge.lookup import get_lesson
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say
from ..shared.unlocking import unlocked
from .lesson_shared import folder_option, lesson_json, read_folder

_reviewer_option = click.option("--reviewer", help="Who signs, where several keys lie here.")


@click.command("confirm")
@click.argument("lesson_id", metavar="ID")
@_reviewer_option
@folder_option
@store_option
def confirm_command(lesson_id: str, reviewer: str | None, folder: Path, store_location: str | None) -> None:
    """Sign the draft ID, or countersign another project's lesson, with the case that guards it.

    The passphrase is typed on this terminal.
    """
    with opened(store_location) as store:
        read_folder(store, folder)
        case = get_lesson(store, lesson_id).case
        guard = find_case(store, case) if case and guards_of(store, [case])[0].status is CaseStatus.DRAFT else None
        if guard is not None:
            _show_trial(store, guard)
        session = unlocked(store, reviewer)
        if guard is not None:
            confirm_case(store, session, guard, folder, why_not_signed)
            say(f"Its case {case} is confirmed.")
        lesson = confirm_lesson(store, session, lesson_id, folder)
        say(f"{lesson.id} is {lesson.status.value}.")
        _told_exports(store, folder)


def _show_trial(store: Store, case: Case) -> None:
    """Say how a case fares on what happened, before anyone is asked for a passphrase.

    Raises:
        UsageError: if it may not be signed.
    """
    tried = try_stored(store, case)
    if tried is None:
        say(f"Its case {case.id} cannot be tried: the run that it comes from is not here.")
        return
    if tried.why_not:
        raise UsageError(
            f"Its case {case.id} is not signed: {tried.why_not}. Edit the case; `retrospan case try` shows each check."
        )
    say(f"Its case {case.id}: {safe_line(tried.in_words, 300)}.")


@click.command("keep")
@click.argument("lesson_id", metavar="ID")
@_reviewer_option
@folder_option
@store_option
def keep_command(lesson_id: str, reviewer: str | None, folder: Path, store_location: str | None) -> None:
    """Sign that the lesson ID still holds with the prompts, tools and models that run now."""
    with opened(store_location) as store:
        read_folder(store, folder)
        lesson = keep_lesson(store, unlocked(store, reviewer), lesson_id, folder)
        say(f"{lesson.id} takes the place of {lesson.supersedes}.")
        _told_exports(store, folder)


@click.command("retract")
@click.argument("lesson_id", metavar="ID")
@click.option("--because", required=True, help="Why, in a sentence; it is shown wherever the lesson was.")
@_reviewer_option
@folder_option
@store_option
def retract_command(
    lesson_id: str, because: str, reviewer: str | None, folder: Path, store_location: str | None
) -> None:
    """Take the lesson ID back, here and in every export of this project."""
    with opened(store_location) as store:
        read_folder(store, folder)
        lesson = retract_lesson(store, unlocked(store, reviewer), lesson_id, because, folder)
        say(f"{lesson.id} is {lesson.status.value}: {lesson.stale_because}")
        _told_exports(store, folder)


@click.command("merge")
@click.argument("lesson_ids", nargs=-1, required=True, metavar="ID ID…")
@click.option("--title", required=True, help="At most 80 characters.")
@click.option("--do", "what_to_do", required=True, help="What to do, at most 60 words.")
@click.option("--by", default="human", show_default=True, help="Who merges.")
@folder_option
@store_option
def merge_command(
    lesson_ids: tuple[str, ...], title: str, what_to_do: str, by: str, folder: Path, store_location: str | None
) -> None:
    """Draft one lesson out of several; `retrospan lesson confirm` signs it, and the sources stay as they are."""
    with opened(store_location) as store:
        read_folder(store, folder)
        lesson = merge_lessons(store, lesson_ids, title=title, what_to_do=what_to_do, by=f"human:{by}")
    say(f"Draft {lesson.id} of {', '.join(lesson.merges)}. Sign it: retrospan lesson confirm {lesson.id}")


@click.command("doubts")
@folder_option
@store_option
@json_option
def doubts_command(folder: Path, store_location: str | None, as_json: bool) -> None:
    """Still true? Lessons whose prompt, tools, model, file or case has changed since they were learned."""
    with opened(store_location) as store:
        read_folder(store, folder)
        found = doubted_lessons(store, folder.resolve())
    if as_json:
        print_json([lesson_json(lesson) for lesson in found])
        return
    for lesson in found:
        echo(f"? {safe_line(lesson.id, 80)}\n    {safe_line(lesson.title, 110)}")
        for doubt in lesson.doubts:
            echo(f"    {safe_line(doubt, 110)}")
    if found:
        echo("Still true: retrospan lesson keep ID. Not any more: retrospan lesson retract ID --because …")
    else:
        echo("Nothing has changed that speaks against a lesson.")


def _told_exports(store: Store, folder: Path) -> None:
    """Exports that exist are brought up to date at once, so that nothing taken back stays in one."""
    for change in old_exports(store, folder.resolve(), write=True):
        say(f"updated {change.path}")
