"""`retrospan compare`."""

from __future__ import annotations

from dataclasses import asdict

import click

from ...analysis.comparison import GroupComparison, ShareChange
from ...analysis.statistics import Interval
from ...answers.groups import median_rows
from ...model.text.display import safe_line
from ...services.finding.comparing import Compared, compare_runs
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json
from ..shared.search_line import SearchLineCommand

_TASKS_SHOWN = 20


@click.command(
    "compare",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan compare v3 v4
  retrospan compare 'since:14d until:7d' 'since:7d' --within project:shop
  retrospan compare 'signal:loop' '-signal:loop' --json""",
)
@click.argument("left")
@click.argument("right")
@click.option("--within", default="", metavar="QUERY", help="A search line that both sides must hold.")
@store_option
@json_option
def compare_command(left: str, right: str, within: str, store_location: str | None, as_json: bool) -> None:
    """Compare two groups of runs: versions (v3 v4), windows, or any two search lines.

    Outcomes are paired by task where both sides ran it. Every rate and every median has its n and a 95 % interval
    (from six runs on); what may be chance is called so, and the tasks that moved are named all the same.
    """
    with opened(store_location) as store:
        compared = compare_runs(store, left, right, within=within)
    if as_json:
        print_json(_json(compared))
    else:
        _print(compared)


def _json(compared: Compared) -> dict[str, object]:
    found = {"left": compared.left, "right": compared.right, "verdict": compared.comparison.verdict}
    return {**found, **asdict(compared.comparison)}


def _print(compared: Compared) -> None:
    c = compared.comparison
    echo(f"{safe_line(compared.left)} ({c.left_n} runs) against {safe_line(compared.right)} ({c.right_n} runs)")
    echo(f"\n{c.verdict}")
    if c.outcome is not None:
        echo(f"  passes  {_rate(c.left_pass, c.left_judged)}  →  {_rate(c.right_pass, c.right_judged)}")
    if c.paired is not None:
        _print_tasks("broke", c.paired.broken)
        _print_tasks("fixed", c.paired.fixed)
    _print_shares("Failure signals", c.signals)
    _print_shares("Tools called", c.tools)
    _print_setup(c)


def _rate(share: Interval, n: int) -> str:
    return f"{share.value:.0%} [{share.low:.0%}–{share.high:.0%}] of {n}"


def _print_tasks(verb: str, tasks: tuple[str, ...]) -> None:
    if tasks:
        more = f" … and {len(tasks) - _TASKS_SHOWN} more" if len(tasks) > _TASKS_SHOWN else ""
        echo(f"  {verb}   {', '.join(safe_line(task, 40) for task in tasks[:_TASKS_SHOWN])}{more}")


def _print_shares(title: str, changes: tuple[ShareChange, ...]) -> None:
    clear = [change for change in changes if change.clear]
    if not changes:
        return
    echo(f"\n{title}: {len(clear)} of {len(changes)} changed beyond chance")
    for change in clear:
        left, right = change.left_hits / change.left_n, change.right_hits / change.right_n
        span = f"[{change.change.low:+.0%} to {change.change.high:+.0%}]"
        echo(f"  {safe_line(change.name, 40):<40} {left:>4.0%} → {right:>4.0%}  {span}")


def _print_setup(c: GroupComparison) -> None:
    parts = (("system prompt", c.prompts), ("tool schemas", c.tool_schemas), ("model", c.models))
    for name, (left, right) in parts:
        if set(left) != set(right):
            before, after = ", ".join(left[:3]) or "none", ", ".join(right[:3]) or "none"
            echo(f"\n{name} changed: {safe_line(before)} → {safe_line(after)}")
    for row in median_rows(c):
        echo(row)
