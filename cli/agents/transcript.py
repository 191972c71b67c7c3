"""`retrospan transcript list|export`: what agents said and were told."""

from __future__ import annotations

import click

from ...model.errors import UsageError
from ...store.jobs.transcripts import list_transcripts, transcript_record
from ...store.reading.summaries import resolve_trace
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say

_ALL = 1_000_000


@click.group("transcript", short_help="What agents said and were told")
def transcript_group() -> None:
    """Conversations of triage, judge and fix, as they were sent to the model."""


@transcript_group.command("list")
@click.option("--trace", help="Only about this run: T412.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="At most so many.")
@store_option
@json_option
def list_command(trace: str | None, limit: int, store_location: str | None, as_json: bool) -> None:
    """List transcripts, newest first."""
    with opened(store_location) as store:
        rows = list_transcripts(store, trace_id=resolve_trace(store, trace) if trace else None, limit=limit)
    if as_json:
        print_json(
            [
                {
                    "id": row.short_id,
                    "trace": f"T{row.trace_id}" if row.trace_id else None,
                    "external_id": row.key,
                    "agent": row.agent,
                    "model": row.model,
                    "created_at": row.created_at,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        about = f"T{row.trace_id}" if row.trace_id else "-"
        say(f"{row.short_id:<8} {about:<8} {row.created_at}  {row.agent:<24} {row.model}")
    if not rows:
        echo("No agent has run yet.")


@transcript_group.command(
    "export",
    epilog="""\b
Examples:
  retrospan transcript export A3 > a3.jsonl && retrospan import a3.jsonl
  retrospan transcript export --all > agents.jsonl""",
)
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Every transcript.")
@store_option
def export_command(names: tuple[str, ...], every: bool, store_location: str | None) -> None:
    """Print transcripts in the messages format, one a line; `retrospan import` takes them as runs of their own."""
    if every == bool(names):
        raise UsageError("Name transcripts such as A3, or give --all.")
    with opened(store_location) as store:
        ids = (
            [row.id for row in reversed(list_transcripts(store, limit=_ALL))] if every else [_number(n) for n in names]
        )
        for number in ids:
            print_json(transcript_record(store, number), compact=True)


def _number(name: str) -> int:
    digits = name[1:] if name[:1] in "Aa" else name
    if not digits.isdigit() or len(digits) > 15:
        raise UsageError(f"{name[:40]!r} is no transcript; one looks like A3.")
    return int(digits)
