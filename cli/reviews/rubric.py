"""`retrospan rubric list|show|diff|check|confirm|reopen`: what good is, and how that changes."""

from __future__ import annotations

from pathlib import Path

import click

from ...knowledge.rubrics import parse_rubric
from ...model.errors import RefusedError
from ...model.reviews import Rubric, SignatureState
from ...model.text.display import safe_line, safe_text
from ...services.knowledge.confirming import confirm_rubric
from ...services.knowledge.proposing import knowledge_folders
from ...services.reviewing.rubrics import (
    Reopened,
    check_rubric,
    diff_rubrics,
    list_drafts,
    reopen_items,
    rubric_named,
)
from ...store.contract import Store
from ...store.knowledge.index import index_knowledge
from ...store.reviews.rubrics import list_rubrics
from ...trust.files import read_bounded
from ..shared.options import json_option, opened, store_option
from ..shared.output import confirmed, echo, print_json, say
from ..shared.unlocking import unlocked
from .rubric_learn import learn_command

_EPILOG = """\b
Examples:
  retrospan rubric list
  retrospan rubric show refunds
  retrospan rubric diff refunds.v2 refunds.v3
  retrospan rubric check .retrospan/rubrics/refunds.v3.yaml
  retrospan rubric confirm refunds.v3 --as Ada
  retrospan rubric learn refunds --dry-run
  retrospan rubric reopen refunds --dry-run
"""
_LIMIT = 1 << 17
_folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project whose .retrospan folder is read first (default: this folder).",
)


@click.group("rubric", epilog=_EPILOG)
def rubric_group() -> None:
    """Rubrics: versioned questions with what passes and what fails.

    They are files in git, `.retrospan/rubrics/ID.vN.yaml`. A version counts once a trusted reviewer has signed it, and
    is never edited; the next one is a file of its own.
    """


@rubric_group.command("list", epilog=_EPILOG)
@_folder_option
@store_option
@json_option
def list_command(folder: Path, store_location: str | None, as_json: bool) -> None:
    """List every version known here, drafts too."""
    with opened(store_location) as store:
        _read(store, folder)
        confirmed = [rubric for rubric in list_rubrics(store) if rubric.state is SignatureState.VALID]
        rubrics = [*confirmed, *list_drafts(store)]
    if as_json:
        print_json([_json(rubric) for rubric in rubrics])
        return
    for rubric in rubrics:
        state = "confirmed" if rubric.state is SignatureState.VALID else f"draft ({rubric.state.value})"
        say(f"{rubric.id}.v{rubric.version}  {state}  {len(rubric.criteria)} criteria  {safe_line(rubric.title, 80)}")


@rubric_group.command("show", epilog=_EPILOG)
@click.argument("name", metavar="ID[.vN]")
@_folder_option
@store_option
@json_option
def show_command(name: str, folder: Path, store_location: str | None, as_json: bool) -> None:
    """Show a version; the newest confirmed one where none is named."""
    with opened(store_location) as store:
        _read(store, folder)
        rubric = rubric_named(store, name)
    if as_json:
        print_json(_json(rubric))
        return
    say(f"{rubric.ref}: {rubric.title} (signature {rubric.state.value})")
    for entry in rubric.criteria:
        echo()
        say(f"{entry.id}: {entry.question}")
        parts = (("passes when", entry.pass_when), ("fails when", entry.fail_when), ("decides", entry.decides))
        for heading, text in (*parts, *(("example", example) for example in entry.examples)):
            if text:
                say(f"  {heading}: {text}")


@rubric_group.command("diff", epilog=_EPILOG)
@click.argument("old", metavar="ID.vN")
@click.argument("new", metavar="[ID.vN]", required=False)
@_folder_option
@store_option
@json_option
def diff_command(old: str, new: str | None, folder: Path, store_location: str | None, as_json: bool) -> None:
    """Show what changed between two versions; without a second, up to the newest one, drafts too."""
    with opened(store_location) as store:
        _read(store, folder)
        left = rubric_named(store, old)
        if new is not None:
            right = rubric_named(store, new)
        else:
            every = [rubric for rubric in (*list_rubrics(store), *list_drafts(store)) if rubric.id == left.id]
            right = max(every, key=lambda rubric: rubric.version)
    found = diff_rubrics(left, right)
    if as_json:
        print_json(
            {
                "old": str(found.old),
                "new": str(found.new),
                "added": list(found.added),
                "removed": list(found.removed),
                "changed": list(found.changed),
                "text": found.text,
            }
        )
        return
    echo(safe_text(found.text) or f"{found.old} and {found.new} read the same.")


@rubric_group.command("check", epilog=_EPILOG)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@json_option
def check_command(path: Path, as_json: bool) -> int:
    """Check a rubric file: mistakes with their line, and what makes people judge apart. Exits 1 on either."""
    rubric, _, _ = parse_rubric(read_bounded(path, _LIMIT), source=str(path))
    notes = check_rubric(rubric)
    proper = f"{rubric.id}.v{rubric.version}.yaml"
    if path.name != proper:
        notes.append(f"the file is named {path.name!r}; as version {rubric.version} of {rubric.id} it is {proper!r}")
    if as_json:
        print_json({"rubric": f"{rubric.id}.v{rubric.version}", "notes": notes})
        return 1 if notes else 0
    for note in notes:
        say(f"{path}: {note}")
    say(f"{rubric.id} version {rubric.version}: {len(rubric.criteria)} criteria, {len(notes)} notes")
    return 1 if notes else 0


@rubric_group.command("confirm", epilog=_EPILOG)
@click.argument("name", metavar="ID.vN")
@click.option("--as", "reviewer", metavar="NAME", help="Who you are, where several keys lie here.")
@click.option("--yes", is_flag=True, help="Do not ask after the difference is shown.")
@_folder_option
@store_option
def confirm_command(name: str, reviewer: str | None, yes: bool, folder: Path, store_location: str | None) -> None:
    """Sign draft ID.vN, after showing what it changes, and write it to the project's .retrospan folder."""
    with opened(store_location) as store:
        _read(store, folder)
        draft = rubric_named(store, name)
        former = [rubric for rubric in list_rubrics(store) if rubric.id == draft.id and rubric.version < draft.version]
        if former:
            echo(safe_text(diff_rubrics(max(former, key=lambda rubric: rubric.version), draft).text))
        if not yes and not confirmed(f"Sign {draft.ref}?"):
            raise RefusedError("Nothing was signed.")
        session = unlocked(store, reviewer)
        try:
            signed = confirm_rubric(store, session, draft, folder.resolve())
        finally:
            session.lock()
        found = reopen_items(store, signed.id, version=signed.version, dry_run=True)
    say(f"{signed.ref} is confirmed.")
    if found.decided or found.waiting:
        say(f"It touches {len(found.decided)} decided and {len(found.waiting)} waiting items: "
            f"retrospan rubric reopen {signed.id} --dry-run")  # fmt: skip


@rubric_group.command("reopen", epilog=_EPILOG)
@click.argument("rubric_id", metavar="ID")
@click.option("--version", type=click.IntRange(min=1), help="The new version (default: the newest confirmed one).")
@click.option("--dry-run", is_flag=True, help="Only count.")
@store_option
@json_option
def reopen_command(
    rubric_id: str, version: int | None, dry_run: bool, store_location: str | None, as_json: bool
) -> None:
    """Ask again, under a new version of rubric ID, what its changed criteria were asked for.

    Former verdicts stay on record; a new one replaces them.
    """
    with opened(store_location) as store:
        found = reopen_items(store, rubric_id, version=version, dry_run=dry_run)
    if as_json:
        print_json(_reopened_json(found))
        return
    verb = "would be asked again" if dry_run else "are asked again"
    say(f"{found.rubric}: {len(found.decided)} decided and {len(found.waiting)} waiting items {verb}")
    if found.in_hands:
        say(f"{found.in_hands} are in somebody's hands or answered in part, and stay; run this again later")
    if found.untouched:
        say(f"{found.untouched} items of older versions ask the same and stay")


rubric_group.add_command(learn_command)


def _reopened_json(found: Reopened) -> dict[str, object]:
    return {
        "rubric": str(found.rubric),
        "decided": [f"R{number}" for number in found.decided],
        "waiting": [f"R{number}" for number in found.waiting],
        "in_hands": found.in_hands,
        "untouched": found.untouched,
        "queued": [f"R{number}" for number in found.queued],
    }


def _read(store: Store, folder: Path) -> None:
    folders = knowledge_folders(folder.resolve())
    if folders:
        index_knowledge(store, folders)


def _json(rubric: Rubric) -> dict[str, object]:
    return {
        "id": rubric.id,
        "version": rubric.version,
        "title": rubric.title,
        "signature": rubric.state.value,
        "sha256": rubric.sha256,
        "criteria": [
            {
                "id": entry.id,
                "question": entry.question,
                "pass_when": entry.pass_when,
                "fail_when": entry.fail_when,
                "examples": list(entry.examples),
                "decides": entry.decides or None,
            }
            for entry in rubric.criteria
        ],
    }
