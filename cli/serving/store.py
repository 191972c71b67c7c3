"""`retrospan store`: look for damage, copy while others write, put a copy back, save what can be read."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from ...model.errors import UsageError
from ...store.damage import StoreCheck
from ...store.opening import keeping_of
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say

_TARGET = click.argument("target", type=click.Path(path_type=Path))


@click.group("store")
def store_group() -> None:
    """Check, back up, restore and salvage the store."""


@store_group.command(
    "check",
    epilog="""\b
Examples:
  retrospan store check
  retrospan store check --store copy.db --json""",
)
@click.option("--accept", is_flag=True, help="Use a copy that was made without its log as it is; checks nothing.")
@store_option
@json_option
def check_command(accept: bool, store_location: str | None, as_json: bool) -> int:
    """Look for damage: pages, rows, contents, spans, full text, vectors, history. Changes nothing.

    Every content and span is held against its hash. Says what is lost and what a salvage saves. Ends with 1 where
    anything is wrong.
    """
    keeping, path = keeping_of(store_location)
    if accept:
        keeping.accept(path)
        say(f"{path} is used as it is from now on.")
        return 0
    found = keeping.check(path)
    if as_json:
        print_json({**asdict(found), "sound": found.sound})
    else:
        _print_check(found)
    return 0 if found.sound else 1


@store_group.command(
    "backup",
    epilog="""\b
Examples:
  retrospan store backup ~/backups/traces-monday.db
  retrospan store backup --store team.db /mnt/backups/team.db""",
)
@_TARGET
@store_option
@json_option
def backup_command(target: Path, store_location: str | None, as_json: bool) -> None:
    """Write a whole copy into the new file TARGET, while servers go on writing.

    A plain `cp` of the file would leave out what is still in its log.
    """
    target = target.expanduser().absolute()
    with opened(store_location) as store:
        done = store.back_up(target)
    if as_json:
        print_json(asdict(done))
    else:
        say(f"{done.runs} runs, {done.bytes:,} bytes, whole, in {done.location}.")


@store_group.command(
    "restore",
    epilog="""\b
Examples:
  retrospan store restore ~/backups/traces-monday.db
  retrospan store restore copy.db --store team.db""",
)
@click.argument("copy", type=click.Path(path_type=Path))
@store_option
@json_option
def restore_command(copy: Path, store_location: str | None, as_json: bool) -> None:
    """Put COPY, made by `store backup`, in the place of the store. What lies there is moved aside, not deleted.

    Stop what uses the store first; it is refused otherwise.
    """
    keeping, path = keeping_of(store_location)
    done = keeping.restore(copy.expanduser().absolute(), path)
    if as_json:
        print_json(asdict(done))
        return
    say(f"{done.runs} runs are in {done.location}.")
    if done.aside:
        say(f"What was there is {done.aside}.")


@store_group.command(
    "salvage",
    epilog="""\b
Examples:
  retrospan store salvage saved.db
  retrospan store salvage saved.db --store damaged.db""",
)
@_TARGET
@store_option
@json_option
def salvage_command(target: Path, store_location: str | None, as_json: bool) -> None:
    """Bring all that can still be read into a new store TARGET. The damaged one stays as it is."""
    keeping, path = keeping_of(store_location)
    target = target.expanduser().absolute()
    if target == path:
        raise UsageError("The salvage needs a new file, beside the damaged one. Name another.")
    done = keeping.salvage(path, target)
    if as_json:
        print_json(asdict(done))
        return
    say(f"{done.rows.get('trace', 0)} runs with {done.rows.get('span', 0)} spans are in {done.location}.")
    for table, count in sorted(done.lost.items()):
        say(f"  {table}: {count} rows or stretches of rows are lost")
    if done.replaced_contents:
        say(f"  {done.replaced_contents} texts or values are lost; where they stood it says so")
    say(f"Look at it with --store {done.location}, then `retrospan store restore {done.location}`.")


def _print_check(found: StoreCheck) -> None:
    counts = f"{found.runs} runs, {found.spans} spans, {found.contents} contents, {found.verdicts} verdicts"
    if found.sound:
        echo(f"sound: {counts} can be read and are what they were.")
    for damage in found.damages:
        say(f"!! {damage.part}: {damage.what}")
        if damage.lost:
            say(f"     lost: {damage.lost}")
        if damage.saved:
            say(f"     saved: {damage.saved}")
    if found.left_out:
        echo(f"   and {found.left_out} more of these.")
    if found.differing_runs:
        echo(
            f"{found.differing_runs} runs are not what their spans make now (a flipped byte, or another version's "
            "reading); nothing is lost by that."
        )
    if not found.sound:
        echo(f"Can be read: {counts}. `retrospan store salvage NEW` brings it into a new store.")
