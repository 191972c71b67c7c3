"""`retrospan paths`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ...analysis.paths.boxes import draw_boxes
from ...analysis.paths.declared import Overlay
from ...analysis.paths.graph import Covered, Tally, tally_at
from ...analysis.paths.svg import draw_svg
from ...model.errors import StoreError
from ...model.text.display import safe_line
from ...services.coverage.paths import PathsReport, load_declared, workflow_paths
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from ..shared.search_line import SearchLineCommand

_VARIANTS = 8
_LISTED = 6


@click.command(
    "paths",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan paths
  retrospan paths 'version:v2 since:7d' --svg paths.svg
  retrospan paths --declared workflow.yaml --json""",
)
@click.argument("query", required=False, default="")
@click.option(
    "--declared", type=click.Path(path_type=Path), help="A workflow to hold them against: YAML or LangGraph JSON."
)
@click.option("--svg", type=click.Path(path_type=Path), help="Write the picture to this file.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(), help="Where the regression cases are.")
@store_option
@json_option
def paths_command(
    query: str, declared: Path | None, svg: Path | None, folder: Path, store_location: str | None, as_json: bool
) -> None:
    """Draw the ways that runs take, how often they fail there, and which no regression case goes."""
    graph = load_declared(declared) if declared else None
    with opened(store_location) as store:
        report = workflow_paths(store, query, declared=graph, folder=folder)
    if svg is not None:
        title = f"{report.runs} runs{': ' + query if query.strip() else ''}"
        _write(svg, draw_svg(report.graph, title=title, overlay=report.overlay))
    if as_json:
        print_json(paths_json(report))
    else:
        _print(report)
        if svg is not None:
            echo(f"\nThe picture is in {safe_line(str(svg))}.")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as err:
        raise StoreError(f"The picture cannot be written to {file}: {err.strerror}. Check the path.") from err


def paths_json(report: PathsReport) -> dict[str, Any]:
    """`retrospan paths --json`."""
    c = report.coverage
    parts = {"nodes": c.nodes, "edges": c.edges, "variants": c.variants, "runs": c.runs}
    found: dict[str, Any] = {
        "runs": report.runs,
        "failed_by": report.basis,
        "nodes": [{"name": label, **_tally_json(tally_at(data))} for label, data in report.graph.nodes(data=True)],
        "edges": [{"from": a, "to": b, **_tally_json(tally_at(data))} for a, b, data in report.graph.edges(data=True)],
        "variants": [
            {"path": list(v.path), **_tally_json(v.tally), "traces": [f"T{i}" for i in v.trace_ids[:20]]}
            for v in report.variants
        ],
        "coverage": {k: {"reviewed": v.reviewed, "cases": v.cases, "of": v.of} for k, v in parts.items()},
        "untested": [
            {
                "path": list(u.variant.path),
                "runs": u.variant.tally.runs,
                "promote": u.promote.short_id,
                "because": u.because,
            }
            for u in report.untested
        ],
        "declared": None if report.overlay is None else _overlay_json(report.overlay),
        "briefs": [{"from": b.edge[0], "to": b.edge[1], "way": list(b.way), "text": b.text} for b in report.briefs],
    }
    return found


def _tally_json(tally: Tally) -> dict[str, Any]:
    rate = tally.failure_rate
    share = None if rate is None else {"value": rate.value, "low": rate.low, "high": rate.high}
    return {
        "runs": tally.runs,
        "judged": tally.judged,
        "failed": tally.failed,
        "failure_rate": share,
        "reviewed": tally.reviewed,
        "cases": list(tally.cases),
    }


def _overlay_json(held: Overlay) -> dict[str, Any]:
    return {
        "nodes_never_seen": list(held.nodes_never_seen),
        "edges_never_seen": [list(edge) for edge in held.edges_never_seen],
        "nodes_never_declared": [
            {"name": name, "runs": n, "example": f"T{held.example[name]}"} for name, n in held.nodes_never_declared
        ],
        "edges_never_declared": [
            {"from": edge[0], "to": edge[1], "runs": n, "example": f"T{held.example[edge]}"}
            for edge, n in held.edges_never_declared
        ],
    }


def _print(report: PathsReport) -> None:
    newest = f" (the newest of {report.total})" if report.runs < report.total else ""
    echo(f"{report.runs} runs{newest}; ✗ counts failures by {report.basis}")
    for line in draw_boxes(report.graph):
        echo(line)
    echo("  a dotted box is passed by no regression case")
    _print_variants(report)
    _print_coverage(report)
    if report.overlay is not None:
        _print_overlay(report, report.overlay)


def _print_variants(report: PathsReport) -> None:
    echo(f"\nVariants ({min(_VARIANTS, len(report.variants))} of {len(report.variants)})")
    for variant in report.variants[:_VARIANTS]:
        echo(f"  {variant.tally.runs:>5} runs  {rate_words(variant.tally):<26} {way(variant.path, 120)}")


def rate_words(tally: Tally) -> str:
    """`12% [8%–19%] of 98 fail`, or that nothing is known."""
    rate = tally.failure_rate
    return (
        "outcome unknown"
        if rate is None
        else f"{rate.value:.0%} [{rate.low:.0%}–{rate.high:.0%}] of {tally.judged} fail"
    )


def way(path: tuple[str, ...], width: int) -> str:
    """A way on one line."""
    return safe_line(" → ".join(path) or "(nothing)", width)


def _print_coverage(report: PathsReport) -> None:
    c = report.coverage
    echo(f"\nCoverage by {report.cases} regression cases ({safe_line(report.cases_from, 60)}), and by reviewed runs")
    for name, covered in (("nodes", c.nodes), ("transitions", c.edges), ("variants", c.variants), ("runs", c.runs)):
        echo(f"  {name:<12} {_covered(covered)}")
    if report.untested:
        echo("\nNever tested; promote")
    for open_way in report.untested[:_LISTED]:
        tally = open_way.variant.tally
        ways = way(open_way.variant.path, 100)
        echo(f"  {open_way.promote.short_id:<7} {tally.runs} runs, {rate_words(tally)}: {ways}")
        echo(f"          {open_way.because}; retrospan case new {open_way.promote.short_id} --id NAME")


def _covered(covered: Covered) -> str:
    return f"cases {covered.cases} of {covered.of}, reviewed {covered.reviewed} of {covered.of}"


def _print_overlay(report: PathsReport, held: Overlay) -> None:
    echo("\nDeclared, never seen")
    echo(f"  nodes: {safe_line(', '.join(held.nodes_never_seen) or 'none', 200)}")
    for brief in report.briefs[:_LISTED]:
        echo(f"  {safe_line(brief.text, 300)}")
    if len(report.briefs) > _LISTED:
        echo(f"  … and {len(report.briefs) - _LISTED} more transitions; --json has all")
    echo("\nSeen, never declared")
    for name, runs in held.nodes_never_declared[:_LISTED]:
        echo(f"  {safe_line(name, 60)}: {runs} runs, such as T{held.example[name]}")
    for edge, runs in held.edges_never_declared[:_LISTED]:
        echo(f"  {safe_line(edge[0], 40)} → {safe_line(edge[1], 40)}: {runs} runs, such as T{held.example[edge]}")
    if not (held.nodes_never_declared or held.edges_never_declared):
        echo("  nothing")
