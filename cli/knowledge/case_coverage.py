"""`retrospan case coverage`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...model.text.display import safe_line
from ...services.coverage.suite import Area, SuiteCoverage, suite_coverage
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from ..shared.search_line import SearchLineCommand

_MISSING = 6


@click.command(
    "coverage",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan case coverage
  retrospan case coverage project:shop since:30d --next 20""",
)
@click.argument("query", required=False, default="")
@click.option("--next", "most", default=10, show_default=True, type=click.IntRange(0, 100), help="Cases worth writing.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Project folder (default: the current one).",
)
@store_option
@json_option
def coverage_command(query: str, most: int, folder: Path, store_location: str | None, as_json: bool) -> None:
    """What the cases cover: failures that people confirmed, modes, lessons, criteria and ways of the runs.

    Then the cases worth writing next, each with the run to make it from, and which cases would cover as much alone.
    """
    with opened(store_location) as store:
        found = suite_coverage(store, folder, query, most=most)
    if as_json:
        print_json(_json(found))
        return
    drafts = f", {found.drafts} of them without a signature that counts" if found.drafts else ""
    echo(f"{len(found.cases)} cases{drafts}")
    for area in found.areas:
        _print_area(area)
    if found.next:
        echo("\nWorth writing next")
    for number, entry in enumerate(found.next, 1):
        echo(f"{number:>3}. {entry.trace.short_id:<7} {safe_line(entry.why, 110)}\n       {entry.command}")
    if found.needless:
        echo(f"\n{len(found.smallest)} cases cover as much alone; these add nothing to them:")
        echo(f"  {safe_line(', '.join(found.needless), 600)}")


def _print_area(area: Area) -> None:
    if not area.of:
        return
    without = ", ".join(safe_line(name, 60) for name in area.missing[:_MISSING])
    more = f" and {len(area.missing) - _MISSING} more" if len(area.missing) > _MISSING else ""
    told = f"; none for {without}{more}" if area.missing else ""
    echo(f"  {area.name:<20} {len(area.covered):>4} of {area.of:<5}{told}")


def _json(found: SuiteCoverage) -> dict[str, Any]:
    return {
        "cases": list(found.cases),
        "unsigned": found.drafts,
        "areas": [
            {"name": area.name, "covered": list(area.covered), "missing": list(area.missing)} for area in found.areas
        ],
        "next": [{"trace": entry.trace.short_id, "why": entry.why, "command": entry.command} for entry in found.next],
        "smallest": list(found.smallest),
        "needless": list(found.needless),
    }
