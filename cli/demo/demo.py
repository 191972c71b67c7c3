"""`retrospan demo`: an example agent, its failures, and the loop that learns from them."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import click

from ...model.errors import UsageError
from ...model.extras import require_extra
from ...model.text.display import safe_line
from ...services.agent_work.demonstrating import FailingRun, failing_runs, newest_traces, queue_reviews
from ...services.finding.top_failures import top_findings
from ...services.understanding.explaining import compare_traces
from ...services.understanding.siblings import choose_partner
from ...store.contract import Store
from ...store.opening import open_store
from ..shared.output import echo, progress_bar
from ..traces.import_ import print_findings
from ..traces.suspects import print_suspects
from ..traces.trace_diff import print_diff
from .run import receiver, run_agent

_REQUESTS = 40
_SEED = 7


@click.command(
    "demo",
    epilog="""\b
Examples:
  retrospan demo
  retrospan demo --auto            walk the loop to its end without a person
  retrospan demo --forget --folder demo       throw its store away, and its reviewer""",
)
@click.option("--auto", is_flag=True, help="Let a demo reviewer decide, and run the case on both versions.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to keep the demo's store and files (default: a new temporary folder).",
)
@click.option("--forget", is_flag=True, help="Throw away the store of --folder, its reviewer, and those of lost demos.")
def demo_command(auto: bool, folder: Path | None, forget: bool) -> int:
    """See the whole loop on an example agent, in a throw-away store.

    Runs a support agent over 40 customer requests, receives its spans over OTLP, and shows the runs that failed
    although every one ended well by its own account: where it went wrong, against a good run, and what to ask people.
    """
    if forget:
        return _forget(folder)
    require_extra("otel")
    place = folder or Path(tempfile.mkdtemp(prefix="retrospan-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    with open_store(place / "store.db", kind="demo") as store:
        _receive(store)
        runs = _show(store)
        if auto:
            from .loop import walk_loop

            return walk_loop(store, place, runs)
        _prepare(store, place, runs)
        _next_commands(store, place)
    return 0


def _forget(folder: Path | None) -> int:
    """Leave nothing of a demo in the user's configuration."""
    from ...services.reviewing.people import forget_demo, forget_lost_demos

    lost = forget_lost_demos()
    location = None if folder is None else folder / "store.db"
    if location is not None and location.is_file():
        with open_store(location) as store:
            if store.kind != "demo":
                raise UsageError(f"{location} is no demo store; nothing was thrown away.")
            forget_demo(store)
        for path in location.parent.glob(f"{location.name}*"):
            path.unlink()
        lost += 1
    echo(f"{lost} demo reviewers forgotten.")
    return 0


def _receive(store: Store) -> None:
    echo("An agent for the support desk of an outdoor shop answers customers, version v1.")
    with progress_bar() as report, receiver(Path(store.location)) as address:
        run_agent(address, "v1", _REQUESTS, _SEED, lambda done, total: report("support agent v1", done, total))
    where = store.location
    echo(f"{_REQUESTS} requests answered; every run ended with status OK. Spans came over OTLP to {where}.")


def _show(store: Store) -> list[FailingRun]:
    ids = [trace.id for trace in newest_traces(store)]
    runs = failing_runs(store, ids)
    print_findings(top_findings(store, ids), with_next=False)
    echo("\nFailing runs:")
    for run in runs:
        echo(f"  {run.summary.short_id:<5} {safe_line(run.summary.input, 62):<62}  {safe_line(run.signal.reason, 90)}")
    if runs:
        _show_one(store, runs[0])
    return runs


def _show_one(store: Store, run: FailingRun) -> None:
    echo("\nWhere the first one went wrong:")
    print_suspects(run.explanation, limit=2)
    if choose_partner(store, run.summary) is not None:
        echo("\nHeld against a run that went well:")
        print_diff(compare_traces(store, run.summary.id), limit=3)


def _prepare(store: Store, place: Path, runs: list[FailingRun]) -> None:
    from .loop import write_project

    items = queue_reviews(store, runs)
    write_project(place)
    echo(f"\n{len(items)} questions wait for a reviewer.")


def _next_commands(store: Store, place: Path) -> None:
    # Under `uv run` the script is on nobody's path afterwards, and an assistant starts elsewhere.
    under_uv = "UV_RUN_RECURSION_DEPTH" in os.environ
    retrospan = "uv run retrospan" if under_uv else "retrospan"
    anywhere = shutil.which("retrospan") or "retrospan"
    echo(
        f"""
Next:
  {retrospan} review --store {store.location} --folder {place}
      decide as a reviewer: answer, see the agent's proposal, sign, keep the lesson
  claude mcp add retrospan -- {anywhere if under_uv else retrospan} mcp --store {store.location}
      let an assistant search these traces and the lessons
  {retrospan} case run --folder {place} --store {store.location}
      run the cases that came of it"""
    )
