"""`retrospan import`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from ...answers.json.values import import_json
from ...model.text.display import safe_line
from ...services.finding.top_failures import Finding
from ...services.receiving.importing import ImportReport, import_paths
from ..shared.limit_options import chosen_limits, import_limit_options
from ..shared.notices import notice_rules
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, progress_bar, say
from ..shared.privacy_options import privacy_options

_ERRORS_SHOWN = 10
_KINDS_SHOWN = 8


@click.command(
    "import",
    epilog="""\b
Examples:
  retrospan import runs.jsonl
  retrospan import exports/ --project support
  retrospan import trace.pb.gz --format otlp --json""",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--project", help="Project for traces that name none.")
@click.option("--format", "format_name", default="auto", show_default=True, help="Format of the files.")
@privacy_options
@import_limit_options
@store_option
@json_option
def import_command(
    paths: tuple[Path, ...],
    project: str | None,
    format_name: str,
    personal: tuple[str, ...],
    structure_only: bool,
    store_location: str | None,
    as_json: bool,
    **most: int,
) -> int:
    """Bring trace files and folders in (also .gz, .xz, .zst), and say what is failing in them.

    A bad record is reported with its place and skipped; the rest goes in. Importing a file again changes nothing.
    """
    with opened(store_location, create=True) as store, progress_bar() as on_progress:
        notice_rules(store)
        report = import_paths(
            store,
            paths,
            project=project,
            format=format_name,
            personal=personal,
            structure_only=structure_only,
            limits=chosen_limits(**most),
            on_progress=on_progress,
        )
    if as_json:
        print_json(import_json(report))
    else:
        _print(report)
    return 1 if report.errors else 0


def _print(report: ImportReport) -> None:
    echo(
        f"{report.traces} new traces, {report.updated} updated, {report.skipped} unchanged; {report.steps} steps read."
    )
    if report.redacted:
        echo(f"{report.redacted} secrets were taken out before anything was stored.")
    if report.by_shape:
        scopes = ", ".join(f"{safe_line(scope, 40)} ({count})" for scope, count in report.by_shape.most_common(3))
        echo(
            f"{report.by_shape.total()} spans are of an unknown convention; kinds, texts and tokens were told by the "
            f"shape of their values: {scopes}. Look at one with `retrospan trace show T --full`."
        )
    if report.left_out:
        kinds = Counter[str]()
        for one in report.left_out:
            kinds[one.what] += one.count
        shown = ", ".join(f"{number} {what}" for what, number in kinds.most_common(_KINDS_SHOWN))
        more = ", …" if len(kinds) > _KINDS_SHOWN else ""
        say(f"Left out, since they are no steps: {shown}{more} (--json says of which file).", err=True)
    for error in report.errors[:_ERRORS_SHOWN]:
        say(f"  skipped {error.file} {error.where}: {error.what}", err=True)
    if len(report.errors) > _ERRORS_SHOWN:
        echo(f"  … and {len(report.errors) - _ERRORS_SHOWN} more bad records; --json lists all.", err=True)
    for note in report.notes:
        say(f"  {note}")
    print_findings(report.findings)


def print_findings(findings: list[Finding], *, with_next: bool = True) -> None:
    """The commonest failures as a short list."""
    if not findings:
        echo("No failure signal found. `retrospan trace list` shows the traces.")
        return
    echo("\nWhat is failing:")
    for finding in findings:
        reason = safe_line(finding.reason, 100)
        echo(f"  {finding.traces:>4} of {finding.of:<4} {finding.signal:<20} {finding.example:<8} {reason}")
    if with_next:
        echo(f"\nNext: {findings[0].next_command}")
