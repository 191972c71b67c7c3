"""`retrospan lesson start|pack|unpack|source`: knowledge from project to project."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from ...knowledge.folders import FOLDER
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...services.knowledge.sharing import Taken, fitting_lessons, folder_files, make_bundle, read_bundle, take_over
from ...trust.files import replace_file
from ...trust.projects import add_knowledge
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say
from .lesson_shared import folder_option, lesson_json, read_folder


@click.command("start")
@click.option("--project", help="The project's name in the store (default: all runs).")
@folder_option
@store_option
@json_option
def start_command(project: str | None, folder: Path, store_location: str | None, as_json: bool) -> None:
    """What of the team's confirmed lessons fits this project, by the tools, agents and files that it has."""
    with opened(store_location, create=True) as store:
        read_folder(store, folder)
        found = fitting_lessons(store, folder.resolve(), project=project)
    if as_json:
        print_json([lesson_json(fit.lesson) | {"because": list(fit.because)} for fit in found])
        return
    for fit in found:
        lesson = fit.lesson
        source = f" · from {safe_line(lesson.origin.project, 40)}" if lesson.origin.project else ""
        echo(f"✓ {safe_line(lesson.id, 80)}{source}\n    {safe_line(lesson.title, 110)}")
        echo(f"    fits {safe_line(', '.join(fit.because[:5]), 100)}")
    if not found:
        echo("None of the confirmed lessons fits. Name the team's folder: retrospan lesson source ../team")


@click.command("source")
@click.argument("other", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--tag", "tags", multiple=True, metavar="KIND:NAME", help="Copy what bears on this.")
@click.option("--copy", is_flag=True, help="Copy all of it here instead of reading it where it lies.")
@click.option("--dry-run", is_flag=True, help="With --copy or --tag: only say what would come.")
@folder_option
@store_option
def source_command(
    other: Path, tags: tuple[str, ...], copy: bool, dry_run: bool, folder: Path, store_location: str | None
) -> None:
    """Read the knowledge of the project OTHER here: a path, or a git submodule.

    It is named in retrospan.toml, which `retrospan trust` then allows. Whose signatures count stays as it is: what
    nobody trusted signed is a draft here until somebody trusted countersigns it, `retrospan lesson confirm ID`.
    """
    root = other if other.name == FOLDER else other / FOLDER
    if not root.is_dir():
        raise UsageError(f"No {FOLDER} folder in {other}. Name a project that has one.")
    if copy or tags:
        with opened(store_location, create=True) as store:
            _told(take_over(store, folder, folder_files(other), tags=tags, dry_run=dry_run), dry_run=dry_run)
        return
    path = add_knowledge(folder, Path(os.path.relpath(root.resolve(), folder.resolve())).as_posix())
    say(f"{path} names it. Read the file and allow it: retrospan trust {folder}")


@click.command("pack")
@click.argument("bundle", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--project", help="How others see where it comes from (default: the folder's name).")
@click.option("--with-results", is_flag=True, help="Also cases that hold tool results of a traced run.")
@folder_option
def pack_command(bundle: Path, project: str | None, with_results: bool, folder: Path) -> None:
    """Put the confirmed lessons, cases, rubrics and reviewers of this project into the file BUNDLE (.tar.gz).

    No trace content goes along by default. What is in it counts elsewhere only by whom they trust there.
    """
    if bundle.exists():
        raise UsageError(f"{bundle} is there already. Name a new file.")
    data, kept = make_bundle(folder, project=project or folder.resolve().name, with_results=with_results)
    replace_file(bundle.absolute().parent, bundle.name, data)
    say(f"{bundle}: {len(kept)} files, {len(data)} bytes")


@click.command("unpack")
@click.argument("bundle", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--tag", "tags", multiple=True, metavar="KIND:NAME", help="Only what bears on this.")
@click.option("--dry-run", is_flag=True, help="Only say what would come.")
@folder_option
@store_option
def unpack_command(
    bundle: Path, tags: tuple[str, ...], dry_run: bool, folder: Path, store_location: str | None
) -> None:
    """Take the files of BUNDLE over into this project. Nothing here is overwritten; conflicts are named."""
    manifest, files = read_bundle(bundle)
    say(f"From {manifest.project}, {manifest.made_at}:")
    with opened(store_location, create=True) as store:
        _told(take_over(store, folder, files, tags=tags, dry_run=dry_run), dry_run=dry_run)


def _told(taken: Sequence[Taken], *, dry_run: bool) -> None:
    for entry in taken:
        standing = "" if entry.kind.value == "reviewer" else f", signature {entry.signed.value} here"
        say(f"{entry.state} {entry.kind.value} {entry.name}{standing}")
    conflicts = sum(entry.state == "conflict" for entry in taken)
    if conflicts:
        say(f"{conflicts} conflicts: another text stands here under that name, and stays. Rename one of the two.")
    if dry_run:
        say("Nothing was written.")
