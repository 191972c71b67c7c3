"""`retrospan trace diff`."""

from __future__ import annotations

import click

from ..services.understanding import Comparison, compare_traces
from ..services.wire import diff_json
from ..store.display import safe_line
from ..store.jsontext import as_text
from ..store.traces import resolve_trace
from .options import json_option, opened, print_json, store_option

_SHOWN = 20


@click.command(
    "diff",
    epilog="""\b
Examples:
  retrospan trace diff T12            against the best comparable run
  retrospan trace diff T12 T15 --json""",
)
@click.argument("left")
@click.argument("right", required=False)
@store_option
@json_option
def diff_command(left: str, right: str | None, store_location: str | None, as_json: bool) -> None:
    """Align two runs and rank what differs, most consequential first."""
    with opened(store_location) as store:
        comparison = compare_traces(
            store, resolve_trace(store, left), resolve_trace(store, right) if right is not None else None
        )
    if as_json:
        print_json(diff_json(comparison))
        return
    print_diff(comparison, limit=_SHOWN)


def print_diff(comparison: Comparison, limit: int) -> None:
    """The most consequential differences for reading."""
    left, right = comparison.left.summary.short_id, comparison.right.summary.short_id
    click.echo(f"{left} against {right} ({safe_line(comparison.partner_because)})")
    if not comparison.diff.differences:
        click.echo("No difference.")
    for d in comparison.diff.differences[:limit]:
        where = f"{left}.{d.left if d.left is not None else '–'} / {right}.{d.right if d.right is not None else '–'}"
        click.echo(f"\n{d.rank}. {d.kind} {safe_line(d.path or '')}  {where}")
        if d.before is not None:
            click.secho(f"   - {safe_line(as_text(d.before), 200)}", fg="red")
        if d.after is not None:
            click.secho(f"   + {safe_line(as_text(d.after), 200)}", fg="green")
