"""`retrospan digest`."""

from __future__ import annotations

import click

from ...analysis.judging.drift import Drift
from ...answers.json.modes import digest_json
from ...model.fields import record_of
from ...model.text.display import safe_line
from ...services.judging.drifting import DriftReport, drifts
from ...services.knowledge.doubting import learned_in_words
from ...services.modes.digest import Change, Digest, make_digest
from ...services.reviewing.inbox import ToComplete, to_complete
from ..reviews.teach import inbox_json, say_entry
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say
from ..shared.search_line import SearchLineCommand
from .mode import row_of, within_option

_SHOWN = 10


@click.command(
    "digest",
    cls=SearchLineCommand,
    epilog="""\b
Exit code: 0 nothing new, 1 something is new, grown or back, or a judge has changed.

\b
Examples:
  retrospan digest
  retrospan digest project:shop --json
  retrospan digest --since 7d
  0 7 * * 1-5  retrospan digest >digest.txt || mail -s digest me <digest.txt""",
)
@click.argument("query", required=False, default="")
@click.option("--since", metavar="WHEN", help="Compare with 7d ago or a date instead of with the last digest.")
@click.option("--no-keep", is_flag=True, help="Look only; the next digest compares with the one before.")
@within_option(default=120.0)
@store_option
@json_option
def digest_command(
    query: str, since: str | None, no_keep: bool, within: float, store_location: str | None, as_json: bool
) -> None:
    """Say which failure modes are new, grown or back since the last digest. Made for cron."""
    with opened(store_location) as store:
        digest = make_digest(store, query, since=since, keep=not no_keep, seconds=within)
        waiting = to_complete(store)
        learned = learned_in_words(store)
        judges = drifts(store)
    if as_json:
        told = [record_of(found, says=found.in_words) for found in judges]
        more = {"to_complete": inbox_json(waiting), "lessons": learned, "judges": told}
        print_json(digest_json(digest) | more)
    else:
        _print(digest)
        _print_inbox(waiting)
        _print_judges(judges)
        if learned:
            echo(f"\n{learned}")
    changed = any(found.drift is not Drift.NONE for found in judges)
    raise click.exceptions.Exit(1 if digest.eventful or changed else 0)


def _print(digest: Digest) -> None:
    since = f"since {safe_line(digest.since, 40)}" if digest.since else "in the first digest"
    if not digest.eventful:
        echo(f"Nothing new {since}: {digest.runs} runs more, {digest.page.total} modes in all.")
    else:
        echo(f"{digest.runs} runs {since}.")
    _print_repeats(digest)
    _section("Back after a fix", digest.back)
    _section("New", digest.new)
    _section("Grown", digest.grown)
    if digest.single:
        echo(f"\n{digest.single} runs show signals like no other run; `retrospan mode list` names them.")
    if digest.left.runs:
        echo(f"\n{digest.left.in_words} They come into the next digest; --within gives it longer.")
    if digest.eventful and digest.page.random:
        echo(f"\nIn no mode, at random: {', '.join(digest.page.random)}")


def _print_repeats(digest: Digest) -> None:
    if not digest.repeats:
        return
    echo("\nCame back: runs that go as one went which a person failed")
    for repeat in digest.repeats[:_SHOWN]:
        before = repeat.before
        who = safe_line(before.reviewer, 60)
        echo(f"{repeat.trace.short_id:>6} repeats {before.run}, failed by {who} in {before.verdict}")
    if len(digest.repeats) > _SHOWN:
        echo(f"… and {len(digest.repeats) - _SHOWN} more; `retrospan trace list signal:known_failure`")


def _print_inbox(waiting: list[ToComplete]) -> None:
    if not waiting:
        return
    echo(f"\nTo complete: {len(waiting)} signed fails that nothing has come of yet (retrospan review inbox)")
    for entry in waiting[:_SHOWN]:
        say_entry(entry)
    if len(waiting) > _SHOWN:
        echo(f"  and {len(waiting) - _SHOWN} more")


def _print_judges(judges: list[DriftReport]) -> None:
    if judges:
        echo("\nJudges")
    for found in judges:
        say(f"  {safe_line(found.judge, 60)}: {found.in_words}")


def _section(title: str, changes: tuple[Change, ...]) -> None:
    if not changes:
        return
    echo(f"\n{title}")
    for change in changes[:_SHOWN]:
        grown = f" (+{change.mode.size - change.before})" if change.before else ""
        echo(row_of(change.mode) + grown)
    if len(changes) > _SHOWN:
        echo(f"… and {len(changes) - _SHOWN} more; `retrospan mode list`")
