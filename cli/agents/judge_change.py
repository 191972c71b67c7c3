"""`retrospan judge queue|improve|compare`: what disagreements teach, and whether another judge is better."""

from __future__ import annotations

import click

from ...agents.judging import key_of_prompt
from ...model.fields import record_of
from ...model.text.display import safe_text
from ...services.judging.calibrating import calibrate
from ...services.judging.improving import ask_about_differences, compare_judges, propose_clauses
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say


@click.command("queue", epilog="\b\nExamples:\n  retrospan judge queue refund-window --limit 10")
@click.argument("name")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="Items at most.")
@store_option
@json_option
def queue_command(name: str, limit: int, store_location: str | None, as_json: bool) -> None:
    """Put the runs where judge NAME and people differ before people once more.

    The question is the criterion's, and who said what stays hidden. Runs of the half that is kept for the last look
    stay out. The items wait in the review queue and on the page.
    """
    with opened(store_location) as store:
        items = ask_about_differences(store, calibrate(store, name, prompt=key_of_prompt()), most=limit)
    if as_json:
        print_json([{"item": item.short_id, "trace": f"T{item.trace_id}"} for item in items])
        return
    if not items:
        say("Nothing to ask: it and people differ on no run that only one person has judged.")
        return
    say(f"{len(items)} runs are asked about again: {', '.join(item.short_id for item in items[:10])}")
    say("Answer them with `retrospan review`. Then: retrospan judge improve " + name)


@click.command("improve", epilog="\b\nExamples:\n  retrospan judge improve refund-window")
@click.argument("name")
@store_option
@json_option
def improve_command(name: str, store_location: str | None, as_json: bool) -> None:
    """Draft the next version of judge NAME's rubric from the runs where it and people differ.

    People's reasons become examples of the criterion, from the first half of the runs only; what a verdict taught that
    has been replaced since is taken out. A reviewer edits and signs the draft (`retrospan rubric confirm`); then let
    the judge answer under the new version by another name, and hold both against the half that is kept: judge compare.
    """
    with opened(store_location) as store:
        found = propose_clauses(store, calibrate(store, name, prompt=key_of_prompt()))
    if as_json:
        told = None if found is None else record_of(found, diff=found.diff.text)
        print_json({"judge": name, "draft": told})
        return
    if found is None:
        say("Nothing to add: where it and people differ, people gave no reason that the rubric does not have.")
        return
    echo(safe_text(found.diff.text))
    say(f"{len(found.added)} added, {len(found.retracted)} taken back.")
    say(f"Edit and sign it: retrospan rubric confirm {found.name}")


@click.command(
    "compare",
    epilog="\b\nExamples:\n  retrospan judge compare window-v3 window-v4\n"
    "  retrospan judge compare window-v3 window-v4 --look",
)
@click.argument("left")
@click.argument("right")
@click.option("--look", is_flag=True, help="Look at the result; the plan must be kept by then.")
@store_option
@json_option
def compare_command(left: str, right: str, look: bool, store_location: str | None, as_json: bool) -> None:
    """Say which of two judges of a criterion is right more often, on labels that neither was made with.

    Run by run, on the half that is kept for the last look. The first call keeps the plan and shows no result, so that
    nobody picks the comparison by its outcome; each further look is counted and said.
    """
    with opened(store_location) as store:
        found = compare_judges(store, left, right, look=look)
    if as_json:
        print_json(record_of(found, says=found.in_words))
    else:
        say(found.in_words)
