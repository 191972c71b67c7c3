"""`retrospan audit verify|checkpoint|access`: what the history proves, and who read what."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.clock import utc_now, utc_text
from ...services.reviewing.deciding import require_trusted
from ...store.audit.access import list_access
from ...store.audit.chain import audit_verify
from ...store.audit.checkpoints import append_checkpoint, check_checkpoints, make_checkpoint, read_checkpoints
from ...store.reviews.reviewers import load_trust
from ..shared.options import json_option, opened, store_option
from ..shared.output import print_json, say
from ..shared.unlocking import unlocked

_EPILOG = """\b
Examples:
  retrospan audit verify
  retrospan audit checkpoint ~/work/support-agent/.retrospan/checkpoints.jsonl
  retrospan audit verify --checkpoint ~/work/support-agent/.retrospan/checkpoints.jsonl
  retrospan audit access --since 2026-11-01
"""


@click.group("audit", epilog=_EPILOG)
def audit_group() -> None:
    """The history of verdicts, rubrics and reviewer records: whether it was tampered with, and who read what."""


@audit_group.command("verify", epilog=_EPILOG)
@click.option(
    "--checkpoint",
    metavar="FILE|HASH",
    help="Signed checkpoints, or a head noted before: they have to be on the chain.",
)
@store_option
@json_option
def verify_command(checkpoint: str | None, store_location: str | None, as_json: bool) -> int:
    """Walk the chain and compare it with what the store holds.

    A store that was rolled back or rebuilt is sound in itself; only a checkpoint kept elsewhere tells.
    """
    signed = read_checkpoints(Path(checkpoint)) if checkpoint and Path(checkpoint).is_file() else None
    with opened(store_location) as store:
        report = audit_verify(store, None if signed else checkpoint)
        checked = check_checkpoints(store, signed, load_trust(store)) if signed else None
    problems = [*report.problems, *(checked.problems if checked else ())]
    if as_json:
        print_json(
            {
                "sound": not problems,
                "links": report.links,
                "head": report.head,
                "erased": report.erased,
                "access_entries": report.access_entries,
                "checkpoints": checked.count if checked else 0,
                "newest_checkpoint": checked.newest if checked else None,
                "problems": problems,
            }
        )
        return 1 if problems else 0
    for problem in problems:
        say(f"! {problem}")
    erased = f", {report.erased} erased on purpose" if report.erased else ""
    say(f"{report.links} links{erased}, {report.access_entries} log entries: {'NOT sound' if problems else 'sound'}")
    if checked:
        say(f"{checked.count} checkpoints, the newest of {checked.newest}")
    say(f"head {report.head}")
    return 1 if problems else 0


@audit_group.command("checkpoint", epilog=_EPILOG)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--as", "reviewer", metavar="NAME", help="Who you are, where several keys lie here.")
@store_option
def checkpoint_command(path: Path, reviewer: str | None, store_location: str | None) -> None:
    """Sign the head of the history and add it to FILE. Keep the file where the store is not: in git, for example."""
    with opened(store_location) as store:
        session = unlocked(store, reviewer)
        try:
            require_trusted(session, load_trust(store))
            made = make_checkpoint(store, session, now=utc_text(utc_now()))
        finally:
            session.lock()
        append_checkpoint(path, made)
        beside = path.resolve().parent == Path(store.location).resolve().parent
    content = made.content
    say(f"{content.links} links and {content.access_entries} log entries, head {content.head[:12]}… in {path}")
    if beside:
        say("The file lies beside the store and would be rolled back with it. Keep a copy elsewhere.", err=True)


@audit_group.command("access", epilog=_EPILOG)
@click.option("--since", default="", metavar="DATE", help="UTC: 2026-11-01 or 2026-11-01T12:00:00Z.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="Newest entries at most.")
@store_option
@json_option
def access_command(since: str, limit: int, store_location: str | None, as_json: bool) -> None:
    """Show who read or exported what, and what was sent to a model vendor; the newest first."""
    with opened(store_location) as store:
        entries = list_access(store, since=since, limit=limit)
    if as_json:
        print_json(
            [
                {
                    "at": entry.at,
                    "actor": entry.actor,
                    "action": entry.action.value,
                    "subject": entry.subject,
                    "detail": entry.detail,
                }
                for entry in entries
            ]
        )
        return
    for entry in entries:
        say(f"{entry.at}  {entry.actor}  {entry.action.value}  {entry.subject}  {entry.detail}".rstrip())
    if not entries:
        say("Nothing was noted.")
