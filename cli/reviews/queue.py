"""`retrospan queue fill|list|rules|route`: what waits for people, and the rules that fill it."""

from __future__ import annotations

from pathlib import Path

import click

from ...knowledge.queues import QueueRule, load_queues
from ...model.text.display import safe_line
from ...services.reviewing.filling import Filled, fill_queue
from ...services.reviewing.progress import QueueProgress, ReviewerProgress, queue_progress, reviewer_progress
from ...services.reviewing.routing import route_item
from ..shared.options import json_option, opened, store_option
from ..shared.output import print_json, progress_bar, say

_EPILOG = """\b
Examples:
  retrospan queue rules
  retrospan queue fill
  retrospan queue fill refunds --dry-run
  retrospan queue list --json
"""
_folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The project whose .retrospan/queues.yaml is read (default: this folder).",
)


@click.group("queue", epilog=_EPILOG)
def queue_group() -> None:
    """Review queues: rules in .retrospan/queues.yaml draw runs for people to judge.

    Of a day's budget, 60 % go to runs with the strongest signals, 20 % to runs of unlike kinds, 20 % to any run alike.
    The chance of each is kept, so that rates from the answers can be weighted.
    """


@queue_group.command("fill", epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Only say what would be drawn.")
@click.option("--seed", metavar="TEXT", help="Draw with this seed, to do a draw again.")
@_folder_option
@store_option
@json_option
def fill_command(
    names: tuple[str, ...], dry_run: bool, seed: str | None, folder: Path, store_location: str | None, as_json: bool
) -> int:
    """Fill queues NAME, or all, from the runs that came since the last time. Made for cron."""
    rules, _ = load_queues(folder.resolve())
    with opened(store_location) as store, progress_bar() as report:
        done = [
            fill_queue(
                store,
                rules,
                name,
                seed=seed,
                dry_run=dry_run,
                on_progress=lambda part, whole: report("looking for signals", part, whole),
            )
            for name in (names or [rule.name for rule in rules.queues])
        ]
    if as_json:
        print_json([_filled_json(entry) for entry in done])
        return 0
    for entry in done:
        _say_filled(entry, dry_run)
    return 0


def _say_filled(entry: Filled, dry_run: bool) -> None:
    if entry.parts is None:
        say(f"{entry.queue}: nothing drawn")
        for line in entry.why_empty:
            say(f"  {line}")
        return
    parts = ", ".join(f"{count} {part}" for part, count in entry.parts.items() if count)
    if dry_run:
        say(f"{entry.queue}: would draw {sum(entry.parts.values())} of {entry.population} ({parts})")
        return
    asked = f", {entry.shared} asked before" if entry.shared else ""
    say(f"{entry.queue}: {len(entry.queued)} items from {entry.population} ({parts}{asked})")


def _filled_json(entry: Filled) -> dict[str, object]:
    return {
        "queue": entry.queue,
        "population": entry.population,
        "queued": [f"R{number}" for number in entry.queued],
        "shared": entry.shared,
        "parts": dict(entry.parts or {}),
        "why_empty": list(entry.why_empty),
    }


@queue_group.command("list", epilog=_EPILOG)
@_folder_option
@store_option
@json_option
def list_command(folder: Path, store_location: str | None, as_json: bool) -> None:
    """Show every queue and every reviewer with their progress; an empty queue says why."""
    rules, _ = load_queues(folder.resolve())
    with opened(store_location) as store:
        queues, people = queue_progress(store, rules), reviewer_progress(store)
    if as_json:
        print_json({"queues": [_queue_json(entry) for entry in queues], "reviewers": [_person(one) for one in people]})
        return
    for entry in queues:
        states = ", ".join(f"{count} {state.value.replace('_', ' ')}" for state, count in entry.states.items())
        pace = f", {entry.minutes_an_item:.1f} min an item" if entry.minutes_an_item is not None else ""
        held = f", {entry.claimed} in hands" if entry.claimed else ""
        say(f"{entry.name or '(by hand)'}: {states or 'empty'}{held}{pace}")
        for line in entry.why_empty:
            say(f"  {line}")
    for one in people:
        say(f"{one.name}: {one.answered} signed, {one.skipped} skipped")


def _queue_json(entry: QueueProgress) -> dict[str, object]:
    return {
        "name": entry.name,
        "states": {state.value: count for state, count in entry.states.items()},
        "claimed": entry.claimed,
        "minutes_an_item": entry.minutes_an_item,
        "filled_at": entry.filled_at,
        "why_empty": list(entry.why_empty),
    }


def _person(entry: ReviewerProgress) -> dict[str, object]:
    return {
        "name": entry.name,
        "fingerprint": entry.fingerprint,
        "answered": entry.answered,
        "skipped": entry.skipped,
        "by_queue": dict(entry.by_queue),
        "minutes_an_item": entry.minutes_an_item,
    }


@queue_group.command("rules", epilog=_EPILOG)
@_folder_option
@json_option
def rules_command(folder: Path, as_json: bool) -> None:
    """Show the rules, and check the file: a mistake is told with its line."""
    rules, path = load_queues(folder.resolve())
    if as_json:
        print_json({"path": str(path) if path else None, **rules.model_dump(mode="json")})
        return
    say(f"from {path}" if path else "No .retrospan/queues.yaml here; the default queue:")
    for rule in rules.queues:
        _say_rule(rule)


def _say_rule(rule: QueueRule) -> None:
    mix = rule.mix
    say(f"{rule.name}: {safe_line(rule.question, 140)}")
    shares = f"{mix.ranked:.0%} ranked, {mix.diverse:.0%} diverse, {mix.random:.0%} random"
    say(f"  {rule.budget} {rule.subject}s a day: {shares}")
    facts = {
        "where": rule.where,
        "signals": ", ".join(rule.signals),
        "modes": ", ".join(f"M{mode}" for mode in rule.modes),
        "overlap": f"{rule.overlap} on {rule.overlap_share:.0%}" if rule.overlap > 1 else "",
        "due": rule.due or "",
        "route": "; ".join(f"{route.tag or 'else'} → {', '.join(route.to)}" for route in rule.route),
    }
    for name, value in facts.items():
        if value:
            say(f"  {name}: {value}")


@queue_group.command("route", epilog="\b\nExamples:\n  retrospan queue route R31 --to Ada\n  retrospan queue route R31")
@click.argument("item", metavar="R31")
@click.option("--to", "names", multiple=True, metavar="NAME", help="Who is meant; leave out for everybody.")
@click.option("--due", help="Until when: 12h, 3d.")
@store_option
def route_command(item: str, names: tuple[str, ...], due: str | None, store_location: str | None) -> None:
    """Mean item R31 for other people, or for everybody."""
    with opened(store_location) as store:
        found = route_item(store, item, names, due=due)
    until = f" until {found.due_at}" if found.due_at else ""
    say(f"{found.short_id} is meant for {', '.join(found.assigned) or 'everybody'}{until if found.assigned else ''}.")
