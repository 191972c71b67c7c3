"""`retrospan mark`."""

from __future__ import annotations

import click

from ...model.text.display import safe_line
from ...model.traces import Outcome
from ...services.receiving.marking import mark_traces
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from ..shared.search_line import SearchLineCommand


@click.command(
    "mark",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan mark 'session:chat-17' --outcome fail
  retrospan mark 'since:1d "refund"' --task refund
  retrospan mark 'agent:desk' --version v3 --dry-run""",
)
@click.argument("query")
@click.option("--outcome", type=click.Choice(["pass", "fail"]), help="Whether these runs did their job.")
@click.option("--task", help="What these runs were to do; makes them comparable with each other.")
@click.option("--version", help="The application's version.")
@click.option("--dry-run", is_flag=True, help="Only say what would be marked.")
@store_option
@json_option
def mark_command(
    query: str,
    outcome: str | None,
    task: str | None,
    version: str | None,
    dry_run: bool,
    store_location: str | None,
    as_json: bool,
) -> None:
    """Say what is known of every trace that QUERY finds. A mark ranks and compares; it is no verdict."""
    with opened(store_location) as store:
        marked = mark_traces(
            store,
            query,
            outcome=Outcome(outcome) if outcome else None,
            task=task,
            version=version,
            dry_run=dry_run,
        )
    if as_json:
        print_json({"found": marked.found, "changed": marked.changed, "sample": [t.short_id for t in marked.sample]})
        return
    unsigned = " A mark is unsigned, and is shown so." if outcome else ""
    verb = "would be marked" if dry_run else f"found, {marked.changed} changed"
    echo(f"{marked.found} traces {verb}.{unsigned}")
    for trace in marked.sample:
        echo(f"  {trace.short_id:<7} {safe_line(trace.input, 90)}")
