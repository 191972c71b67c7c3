"""`retrospan query` and `retrospan export`: questions in SQL, and whole views for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import click

from ...model.errors import UsageError
from ...model.questions import QuestionLimits
from ...model.text.csvtext import csv_text
from ...model.text.display import safe_line
from ...services.finding.asking import Asked, ask
from ...services.finding.exporting import export_view, exported_views
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, print_text, progress_bar
from ..shared.tables import writer_for

_WIDEST = 60
_ALL = QuestionLimits(rows=100_000, cell=200_000, size=200_000_000, seconds=60.0)
_SHOWN = QuestionLimits(rows=1_000)


@click.command(
    "query",
    epilog="""\b
Examples:
  retrospan query 'SELECT tool, count(*) n FROM calls GROUP BY tool ORDER BY n DESC'
  retrospan query "SELECT run, input FROM runs WHERE outcome = 'fail' AND words(run, 'refund')"
  retrospan query 'SELECT * FROM edges' --csv > edges.csv""",
)
@click.argument("sql")
@click.option("--project", "projects", multiple=True, help="See the runs of this project alone; may be repeated.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--parquet", "parquet", type=click.Path(path_type=Path, dir_okay=False), help="Write a Parquet file.")
@store_option
@json_option
def query_command(
    sql: str, projects: tuple[str, ...], as_csv: bool, parquet: Path | None, store_location: str | None, as_json: bool
) -> None:
    """Answer one SELECT over the views runs, steps, calls, edges, messages, documents, signals, modes, scores, reviews,
    verdicts, suspects and lessons. It only reads, and sees nothing beside them.
    """
    whole = as_json or as_csv or parquet is not None
    with opened(store_location) as store:
        asked = ask(store, sql, projects=projects or None, limits=_ALL if whole else _SHOWN)
    columns, rows = asked.answer.columns, asked.answer.rows
    if parquet is not None:
        with writer_for(parquet, "parquet", columns) as write:
            write(rows)
    elif as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif as_csv:
        print_text(csv_text(columns, rows))
    else:
        _table(asked)
    if asked.answer.more:
        echo(f"Cut at {len(rows)} rows. Add WHERE or LIMIT, or aggregate.", err=True)
    if asked.waiting:
        echo(f"{asked.waiting} runs wait to be looked at and are not in this; ask again.", err=True)


def _table(asked: Asked) -> None:
    told = [[_told(value) for value in row] for row in (asked.answer.columns, *asked.answer.rows)]
    widths = [max(len(row[i]) for row in told) for i in range(len(asked.answer.columns))]
    for row in told:
        echo("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())
    if not asked.answer.rows:
        echo("No rows.", err=True)


def _told(value: Any) -> str:
    return "–" if value is None else safe_line(f"{value:.6g}" if isinstance(value, float) else str(value), _WIDEST)


@click.command(
    "export",
    epilog="""\b
Examples:
  retrospan export runs calls --to exported/
  retrospan export --to exported/ --format csv""",
)
@click.argument("views", nargs=-1)
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Where to.")
@click.option("--format", "form", type=click.Choice(("jsonl", "csv", "parquet")), default="jsonl", show_default=True)
@click.option("--project", "projects", multiple=True, help="The runs of this project alone; may be repeated.")
@store_option
def export_command(
    views: tuple[str, ...],
    folder: Path,
    form: Literal["jsonl", "csv", "parquet"],
    projects: tuple[str, ...],
    store_location: str | None,
) -> None:
    """Write whole views (all, or those named) to files, for notebooks, DuckDB and pandas."""
    with opened(store_location) as store, progress_bar() as report:
        wanted = views or exported_views(store)
        unknown = sorted(set(wanted) - set(exported_views(store)))
        if unknown:
            raise UsageError(f"No view {unknown[0]!r}; there are {', '.join(exported_views(store))}.")
        folder.mkdir(parents=True, exist_ok=True)
        for view in wanted:
            columns, chunks = export_view(store, view, projects=projects or None)
            path = folder / f"{view}.{form}"
            with writer_for(path, form, columns) as write:
                count = sum(map(write, _with_progress(chunks, view, report)))
            echo(f"{path}: {count} rows")


def _with_progress(chunks: Iterator[tuple[int, int, Any]], view: str, report: Any) -> Iterator[Any]:
    for done, total, rows in chunks:
        report(view, done, total)
        yield rows
