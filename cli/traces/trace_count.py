"""`retrospan trace count`."""

from __future__ import annotations

import click

from ...answers.json.shapes import OutcomeCountsJson, OutcomeRowJson
from ...model.text.display import safe_line
from ...services.finding.attributes import AttributeView
from ...services.finding.outcome_counts import OutcomeCounts, OutcomeRow, count_outcomes
from ...store.search.outcome_counts import GROUPINGS, GroupedBy
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from ..shared.search_line import SearchLineCommand


@click.command(
    "count",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan trace count
  retrospan trace count 'since:7d project:shop' --by version
  retrospan trace count 'tool:issue_refund' --by task --json""",
)
@click.argument("query", required=False, default="")
@click.option("--by", type=click.Choice(GROUPINGS), default="task", show_default=True, help="What runs are counted by.")
@store_option
@json_option
def count_command(query: str, by: GroupedBy, store_location: str | None, as_json: bool) -> None:
    """Count how the runs that QUERY finds ended, by task or version: those that never passed first.

    The pass rate is among runs with a known outcome, with its 95 % interval.
    """
    with opened(store_location) as store:
        counts = count_outcomes(store, query, by=by)
    if as_json:
        print_json(counts_json(counts))
        return
    for row in counts.rows:
        echo(_row(row))
    told = f"{counts.runs} runs, {counts.judged} with a known outcome"
    echo(f"{told}; {counts.never_passed} of {len(counts.rows)} never passed." if counts.rows else "Nothing found.")
    for field, view in counts.seem_to_hold:
        echo(_held(field, view))


def _held(field: str, view: AttributeView) -> str:
    """The line that would make a field of an attribute that seems to hold it."""
    name = safe_line(view.count.name, 60)
    values = ", ".join(f"{safe_line(value, 30)} ({count})" for value, count in view.count.values)
    pairs = " --value VALUE=pass --value VALUE=fail" if field == "outcome" else ""
    return f"No {field} is known. {name} holds {values}: retrospan fields map {name} {field}{pairs}"


def counts_json(counts: OutcomeCounts) -> OutcomeCountsJson:
    """The answer of `--json`."""
    return {
        "by": counts.by,
        "runs": counts.runs,
        "judged": counts.judged,
        "never_passed": counts.never_passed,
        "rows": [_row_json(row) for row in counts.rows],
    }


def _row_json(row: OutcomeRow) -> OutcomeRowJson:
    rate = row.pass_rate
    return {
        "value": row.value,
        "runs": row.runs,
        "pass": row.passed,
        "fail": row.failed,
        "unknown": row.unknown,
        "pass_rate": None if rate is None else {"value": rate.value, "low": rate.low, "high": rate.high},
        "example": row.short_id,
        "input": row.asked or None,
    }


def _row(row: OutcomeRow) -> str:
    rate = row.pass_rate
    told = "      –            " if rate is None else f"{rate.value:>6.0%} [{rate.low:>3.0%}–{rate.high:>4.0%}]"
    name = "(none)" if row.value is None else safe_line(row.value, 40)
    name = safe_line(row.asked, 40) or name
    ended = f"{row.passed} passed, {row.failed} failed, {row.unknown} unknown"
    return f"{name:<40} {told}  {ended}  {row.short_id}"
