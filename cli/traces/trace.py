"""`retrospan trace list|count|show|diff|case`."""

from __future__ import annotations

import click

from ...answers.json.values import folded_json, iso_time, step_json, trace_json
from ...answers.outcome import told_outcome
from ...model.text.display import safe_line, safe_text
from ...model.text.jsontext import as_text
from ...model.traces import Trace, TraceSummary
from ...services.finding.listing import list_traces
from ...services.privacy.read_notes import at_hand, note_reading
from ...store.reading.summaries import folded_spans, get_trace, resolve_trace
from ..lazy import LazyGroup
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from ..shared.search_line import SearchLineCommand

_COMMANDS = {
    "list": ("traces.trace:list_command", "Find traces by words and filters"),
    "count": ("traces.trace_count:count_command", "Count outcomes by task or version"),
    "show": ("traces.trace:show_command", "Show the steps of one trace"),
    "diff": ("traces.trace_diff:diff_command", "Align two runs and rank what differs"),
    "case": ("traces.trace_case:case_command", "All that is known of why a run failed"),
}


@click.group("trace", cls=LazyGroup, commands_map=_COMMANDS)
def trace_group() -> None:
    """List, show and compare traces."""


@click.command(
    "list",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan trace list
  retrospan trace list 'tool:issue_refund status:error since:7d'
  retrospan trace list '"store credit" -signal:loop' --limit 5 --json""",
)
@click.argument("query", required=False, default="")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@store_option
@json_option
def list_command(query: str, limit: int, store_location: str | None, as_json: bool) -> None:
    """List traces that hold every word and filter of QUERY, newest or best first.

    Fields: agent, attr, cost, duration, environment, has, kind, mode, model, outcome, project, prompt, run, session,
    signal, since, status, steps, tag, task, tokens, tool, until, user, verdict, version. A `-` in front excludes.

    The mark behind the id: ✓ passed, ✗ failed, ! ended in an error, · not known.
    """
    with opened(store_location) as store:
        listing = list_traces(store, query, limit=limit)
    if as_json:
        print_json([trace_json(trace) for trace in listing.traces])
        return
    for trace in listing.traces:
        echo(_row(trace))
    if not listing.traces:
        echo("Nothing found.")
        for line in listing.why_empty:
            echo(f"  {safe_line(line)}")
    elif listing.how:
        echo(f"Found {safe_line(listing.how)}.")
    if listing.traces and listing.total > len(listing.traces):
        echo(f"{len(listing.traces)} of {listing.total} shown; raise --limit or narrow the query.")


def _row(trace: TraceSummary) -> str:
    mark = {"fail": "✗", "pass": "✓"}.get(trace.outcome.value, "!" if trace.status == "error" else "·")
    when = (iso_time(trace.started_at_ns) or "")[:16].replace("T", " ")
    signals = ",".join(trace.signals)
    return (
        f"{trace.short_id:<7}{mark} {when:<17}{trace.step_count:>4} steps  {_name(trace):<60}  {safe_line(signals, 40)}"
    ).rstrip()


def _name(trace: TraceSummary) -> str:
    """The run's own id, where it has one, and its input."""
    own = f"{safe_line(trace.own_id, 24)}  " if trace.own_id else ""
    return own + safe_line(trace.input, max(60 - len(own), 20))


@click.command(
    "show",
    epilog="""\b
Examples:
  retrospan trace show T12
  retrospan trace show T12 --full --json""",
)
@click.argument("trace")
@click.option("--full", is_flag=True, help="Whole conversations and original attributes, and folded spans.")
@store_option
@json_option
def show_command(trace: str, full: bool, store_location: str | None, as_json: bool) -> None:
    """Show the steps of TRACE (a short id such as T12, or the trace's own id); by default only what each step adds."""
    with opened(store_location) as store:
        trace_id = resolve_trace(store, trace)
        found = get_trace(store, trace_id)
        folded = folded_spans(store, trace_id) if full else []
        note_reading(store, [trace_id], actor=at_hand("cli"), detail="trace show")
    if as_json:
        steps = [step_json(found.summary, step, full=full) for step in found.steps]
        print_json({"trace": trace_json(found.summary), "steps": [*steps, *folded_json(folded)]})
        return
    _print_trace(found, full=full)


def _print_trace(trace: Trace, *, full: bool) -> None:
    summary = trace.summary
    own = f"  run {safe_line(summary.run_id)}" if summary.run_id else ""
    echo(f"{summary.short_id}  {safe_line(summary.external_id)}{own}  {told_outcome(summary)}")
    if summary.verdict:
        echo(f"verdict {summary.verdict} on: {safe_line(summary.verdict_question, 200)}")
    width = None if full else 300
    for step in trace.steps:
        who = safe_line(step.tool or step.agent or step.name, 40)
        took = f" {step.duration_ms:.0f} ms" if step.duration_ms is not None else ""
        echo(f"\n{summary.short_id}.{step.index} {step.kind.value} {who}{took}")
        value = step_json(summary, step, full=full)
        for label, content in (("in", value["inputs"]), ("out", value["outputs"])):
            if content not in (None, []):
                text = safe_text(as_text(content)) if full else safe_line(as_text(content), width)
                echo(f"  {label:<4}{text}")
        if step.error:
            echo(f"  error {safe_line(step.error.message, width)}")
