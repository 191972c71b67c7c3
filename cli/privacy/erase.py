"""`retrospan prune`, `retrospan delete` and `retrospan redact`: what must not stay in a store."""

from __future__ import annotations

import sys
from typing import Any

import click

from ...model.text.display import safe_line
from ...model.text.secrets import PERSONAL
from ...services.privacy.erasing import Erased, delete_traces, prune_traces
from ...services.privacy.rescanning import Rescanned, redact_store
from ..shared.options import json_option, opened, store_option
from ..shared.output import confirmed, echo, print_json, progress_bar

_dry_run = click.option("--dry-run", is_flag=True, help="Only say what would change.")
_compact = click.option("--compact", is_flag=True, help="Give the freed space back to the disk (rewrites the file).")


@click.command(
    "prune",
    epilog="""\b
Examples:
  retrospan prune --older-than 90d --keep-reviewed --dry-run
  retrospan prune --older-than 90d --keep-reviewed""",
)
@click.option("--older-than", required=True, metavar="AGE", help="12h, 90d or 6w, by the start of the run.")
@click.option("--keep-reviewed", is_flag=True, help="Keep traces that people judged or that wait in the queue.")
@click.option("--project", help="Only of this project.")
@_dry_run
@_compact
@store_option
@json_option
def prune_command(
    older_than: str,
    keep_reviewed: bool,
    project: str | None,
    dry_run: bool,
    compact: bool,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Take out traces that are older than an age. Hashes and a tombstone stay; made for cron."""
    with opened(store_location) as store, progress_bar() as on_progress:
        done = prune_traces(
            store,
            older_than,
            keep_reviewed=keep_reviewed,
            project=project,
            dry_run=dry_run,
            compact=compact,
            on_progress=on_progress,
        )
    _print_erased(done, dry_run=dry_run, as_json=as_json)


@click.command(
    "delete",
    epilog="""\b
Examples:
  retrospan delete --user alice@example.com --dry-run
  retrospan delete --session chat-17 --reason "ticket 77"
  retrospan delete --trace T412 --trace T413""",
)
@click.option("--session", help="All traces of this session.")
@click.option("--user", help="All traces of this user.")
@click.option("--trace", "traces", multiple=True, metavar="T", help="This trace; may be repeated.")
@click.option("--project", help="Only of this project, for a session or user.")
@click.option("--reason", default="", help="Kept in the tombstone: nothing personal, please.")
@click.option("--with-verdicts", is_flag=True, help="Empty the verdicts on these traces as well; their hashes stay.")
@_dry_run
@_compact
@store_option
@json_option
def delete_command(
    session: str | None,
    user: str | None,
    traces: tuple[str, ...],
    project: str | None,
    reason: str,
    with_verdicts: bool,
    dry_run: bool,
    compact: bool,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Take the traces of a session or a user out of the store, so that no byte of them is left in its file.

    Verdicts on them stay with the state `redacted`. Interrupted, run it again: it finishes what was begun.
    """
    with opened(store_location) as store, progress_bar() as on_progress:
        done = delete_traces(
            store,
            session=session,
            user=user,
            traces=traces,
            project=project,
            reason=reason,
            with_verdicts=with_verdicts,
            dry_run=dry_run,
            compact=compact,
            on_progress=on_progress,
        )
    _print_erased(done, dry_run=dry_run, as_json=as_json)
    if not done.traces and not as_json:
        echo("Nothing matches: check the spelling. `retrospan trace list 'user:NAME'` shows what is held.", err=True)


@click.command(
    "redact",
    epilog="""\b
Examples:
  retrospan redact --dry-run
  retrospan redact --redact email --redact phone""",
)
@click.option(
    "--redact",
    "personal",
    multiple=True,
    type=click.Choice(PERSONAL),
    help="Personal data to take out beside secrets; may be repeated.",
)
@click.option("--project", help="Only traces of this project.")
@_dry_run
@store_option
@json_option
def redact_command(
    personal: tuple[str, ...], project: str | None, dry_run: bool, store_location: str | None, as_json: bool
) -> None:
    """Apply the rules for secrets and personal data to what is stored already, drafts and names included.

    Signed verdicts on what changes stop counting and read `redacted`: how many is said first, also by --dry-run, and on
    a terminal you are asked. What a person wrote into a signed verdict cannot be changed.
    """
    with opened(store_location) as store, progress_bar() as on_progress:
        done = redact_store(store, personal, project=project, dry_run=dry_run, agree=_agreed, on_progress=on_progress)
    if as_json:
        print_json(_rescanned_json(done))
    else:
        _print_rescanned(done, dry_run=dry_run)


def _print_erased(done: Erased, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        names = ("traces", "spans", "contents", "verdicts", "clean")
        print_json({name: getattr(done, name) for name in names} | {"citing": done.citing, "sample": done.sample})
        return
    if dry_run:
        examples = (
            f" ({', '.join(done.sample)}{', …' if done.traces > len(done.sample) else ''})" if done.sample else ""
        )
        echo(f"{done.traces} traces would go{examples}.")
    else:
        emptied = f", {done.verdicts} verdicts emptied" if done.verdicts else ""
        echo(f"{done.traces} traces with {done.spans} spans are gone, {done.contents} contents with them{emptied}.")
    if done.citing:
        echo("These knowledge files cite them; change them yourself:")
        for name in done.citing:
            echo(f"  {safe_line(name, 200)}")
    _warn_unclean(done.clean)


def _agreed(found: Rescanned) -> bool:
    """Say what the signatures lose before anything changes; on a terminal the person decides."""
    if not found.voided:
        return True
    echo(f"{_voided(found)} will stop counting: what their reviewers saw is changed.", err=True)
    return not sys.stdin.isatty() or confirmed("Go on?")


def _voided(found: Rescanned) -> str:
    shown = ", ".join(found.voided[:10]) + (", …" if len(found.voided) > 10 else "")
    return f"{len(found.voided)} signed verdicts ({shown})"


def _print_rescanned(done: Rescanned, *, dry_run: bool) -> None:
    verb = "would change" if dry_run else "changed"
    beside = f", {done.words} texts beside them" if done.words else ""
    echo(f"{done.traces} traces{beside} {verb}; {sum(done.found.values())} finds.")
    for rule, count in done.found.most_common():
        echo(f"  {count:>6}  {rule}")
    if done.voided:
        echo(f"{_voided(done)} {'would stop counting' if dry_run else 'read redacted now and count no more'}.")
    if done.verdicts:
        echo(f"Signed verdicts hold such text and cannot be changed: {', '.join(done.verdicts)}.")
    _warn_unclean(done.clean)


def _warn_unclean(clean: bool) -> None:
    if not clean:
        echo(
            "Another process is reading an old state of the file, so its log still holds some of it. "
            "Run the command again when that process is done.",
            err=True,
        )


def _rescanned_json(done: Rescanned) -> dict[str, Any]:
    return {
        "traces": done.traces,
        "spans": done.spans,
        "found": dict(done.found),
        "words": done.words,
        "contents": done.contents,
        "verdicts": done.verdicts,
        "voided": done.voided,
        "clean": done.clean,
    }
