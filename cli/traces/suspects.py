"""`retrospan suspects`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ...answers.json.values import suspects_json
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...services.finding.listing import list_traces
from ...services.privacy.read_notes import at_hand, note_reading
from ...services.understanding.explaining import Explanation, explain_trace
from ...store.contract import Store
from ...store.reading.summaries import resolve_trace
from ..shared.notices import notice_rules
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

_ALL = 1_000_000


def chosen_traces(store: Store, traces: Sequence[str], every: bool, query: str) -> list[int]:
    if every or query:
        return sorted(trace.id for trace in list_traces(store, query, limit=_ALL).traces)
    if not traces:
        raise UsageError("No trace named. Give ids such as T12, --query, or --all.")
    return [resolve_trace(store, trace) for trace in traces]


@click.command(
    "suspects",
    epilog="""\b
Examples:
  retrospan suspects T12
  retrospan suspects T12 T15 --json
  retrospan suspects --query 'outcome:fail since:1d'""",
)
@click.argument("traces", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every trace of the store.")
@click.option("--query", default="", help="Traces that this search line finds.")
@click.option("--limit", default=3, show_default=True, type=click.IntRange(1, 100), help="Suspects shown per trace.")
@store_option
@json_option
def suspects_command(
    traces: tuple[str, ...], every: bool, query: str, limit: int, store_location: str | None, as_json: bool
) -> None:
    """Rank the steps where a run went wrong, with cause and quoted evidence.

    With --json the whole ranking is printed, also where there is not enough evidence to accuse a step.
    """
    with opened(store_location) as store:
        notice_rules(store)
        chosen = chosen_traces(store, traces, every, query)
        explained = [explain_trace(store, trace_id) for trace_id in chosen]
        note_reading(store, chosen, actor=at_hand("cli"), detail="suspects")
    if as_json:
        print_json([suspects_json(explanation) for explanation in explained])
        return
    for explanation in explained:
        print_suspects(explanation, limit)


def print_suspects(explanation: Explanation, limit: int) -> None:
    """One trace's suspects for reading."""
    summary, report = explanation.trace.summary, explanation.report
    echo(f"{summary.short_id}  {safe_line(summary.input, 90)}")
    if report.position_only:
        echo("  Position only: nothing wrong was found in it; the ranking is a reading order.")
    elif not report.enough_evidence:
        echo("  Not enough evidence to accuse it; the ranking is what there is.")
    for rank, suspect in enumerate(report.suspects[:limit], 1):
        step = explanation.trace.steps[suspect.step]
        who = safe_line(step.tool or step.agent or step.name, 30)
        echo(f"  {rank}. {summary.short_id}.{suspect.step} {step.kind.value} {who}: {suspect.cause.value}")
        for reason in suspect.reasons[:3]:
            echo(f"     {safe_line(reason, 160)}")
        for evidence in suspect.evidence[:3]:
            echo(f"     “{safe_line(evidence.quote, 120)}” ({summary.short_id}.{evidence.step})")
    if report.note:
        echo(f"  {safe_line(report.note)}")
