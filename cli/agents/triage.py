"""`retrospan triage`: let an agent investigate runs, inside a budget, and keep its answers as proposals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...services.agent_work.jobs import choose_traces, only_one, resume_job, start_job
from ...store.contract import Store
from ...store.jobs.agent_runs import Job, Task, TaskState, tasks_of
from ...store.reading.summaries import get_summaries, resolve_trace
from ..modes.mode import bring_up_to_date
from ..shared.agent_options import (
    AgentRun,
    agent_options,
    estimate_json,
    print_estimate,
    print_spent,
    spent_json,
    with_client,
)
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, progress_bar, say
from ..shared.search_line import SearchLineCommand

if TYPE_CHECKING:
    from ...agents.triage import TriageOptions, TriageRun

_RUN = re.compile(r"[Tt]\d{1,15}")
_MODE = re.compile(r"[Mm]\d{1,9}")
_LOOK_SECONDS = 3_600.0
"""A triage reads the modes of all runs, so it waits for all of them."""
_EPILOG = """\b
Examples:
  retrospan triage                                   what failed and nobody looked at yet
  retrospan triage --since 1d --budget-usd 0.50      for cron
  retrospan triage T412 T415
  retrospan triage 'tool:issue_refund outcome:fail' --dry-run
  retrospan triage --resume                          go on where it was stopped or killed
\b
Exit codes: 0 all chosen runs have an answer, 1 some are left (budget, time, endpoint) or failed, 2 wrong usage,
3 trouble with the store or the endpoint, or another triage runs.
"""


@click.command("triage", cls=SearchLineCommand, epilog=_EPILOG)
@click.argument("query", nargs=-1)
@click.option("--mode", help="Only runs of this failure mode (M3), or with this signal.")
@click.option("--since", help="Only runs since then: 1d, 12h, 2026-11-20.")
@click.option("--limit", type=click.IntRange(1), help="At most so many runs.")
@click.option("--queue", default=10, show_default=True, type=click.IntRange(0), help="Failures put before people.")
@click.option("--again", is_flag=True, help="Also runs that have an answer already.")
@click.option("--max-turns", default=12, show_default=True, type=click.IntRange(2, 60), help="Requests for one run.")
@agent_options
@store_option
@json_option
def triage_command(
    query: tuple[str, ...],
    mode: str | None,
    since: str | None,
    limit: int | None,
    queue: int,
    again: bool,
    max_turns: int,
    run: AgentRun,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Investigate runs with a model: which step went wrong, from what cause, each sentence with the step that shows it.

    Without QUERY: runs that failed, show a failure signal or wait for review, and have no answer yet. Every answer is
    a proposal, kept as soon as it is there. A sentence whose step does not hold its quotation is dropped and counted.
    """
    from ...agents import triage as work
    from ...agents.settings import Role
    from ...agents.spending import Limits

    line = _line(query, mode, since)
    if run.resume and (line or query):
        raise UsageError("--resume goes on with the runs of the job that was stopped. Leave the query out.")
    with opened(store_location) as store:
        model = run.choose_model(Role.INVESTIGATOR)
        if run.resume:
            chosen: list[int] = []
        else:
            chosen = _choose(store, query, mode, line, limit=limit, again=again)
        if run.dry_run:
            return _dry_run(store, chosen, model, run, as_json)
        with only_one(store, work.KIND):
            job = _job(store, run, chosen, {"model": model, "query": line})
            if job is None:
                return _nothing(as_json)
            model = run.resumed_model(str(job.params["model"])) if run.resume else model
            options = work.TriageOptions(
                model=model,
                budget=run.budget(model),
                limits=Limits(turns=max_turns),
                parallel=run.parallel,
                queue=queue,
                folder=Path.cwd(),
                seconds=run.seconds,
            )
            done = _work(store, run, job, options)
        return _show(store, job, done, as_json)


def _choose(
    store: Store, query: Sequence[str], mode: str | None, line: str, *, limit: int | None, again: bool
) -> list[int]:
    """The runs meant; what is found on the way is shown by a bar, which ends before anything is printed."""
    from ...agents import triage as work

    if mode:
        bring_up_to_date(store, _LOOK_SECONDS)
    named = [resolve_trace(store, word) for word in query] if _names_runs(query) else None
    with progress_bar() as on_progress:
        return choose_traces(
            store, work.KIND, work.KEY, line, named=named, limit=limit, again=again, on_progress=on_progress
        )


def _work(store: Store, run: AgentRun, job: Job, options: TriageOptions) -> TriageRun:
    from ...agents import triage as work

    with progress_bar() as on_progress:

        def progress(done: int, total: int) -> None:
            on_progress("investigating", done, total)

        return with_client(run, lambda client: work.triage(client, store, job, options, on_progress=progress))


def _names_runs(query: Sequence[str]) -> bool:
    return bool(query) and all(_RUN.fullmatch(word) for word in query)


def _line(query: Sequence[str], mode: str | None, since: str | None) -> str:
    parts = [] if _names_runs(query) else [*query]
    if mode:
        parts.append(f"mode:{mode}" if _MODE.fullmatch(mode) else f'signal:"{mode}"')
    parts += [f"since:{since}"] if since else []
    return " ".join(parts)


def _job(store: Store, run: AgentRun, chosen: list[int], params: dict[str, Any]) -> Job | None:
    from ...agents import triage as work

    if run.resume:
        return resume_job(store, work.KIND)
    return start_job(store, work.KIND, work.KEY, params, chosen) if chosen else None


def _nothing(as_json: bool) -> int:
    if as_json:
        print_json({"job": None, "traces": [], "left": 0, "stopped": None})
    else:
        echo("Nothing waits: every run that failed has an answer. Name runs with a query, or use --again.")
    return 0


def _dry_run(store: Store, chosen: list[int], model: str, run: AgentRun, as_json: bool) -> int:
    from ...agents import triage as work

    guess = work.estimate(store, work.KIND, model, len(chosen))
    if as_json:
        print_json({**estimate_json(guess, model), "ids": [f"T{trace_id}" for trace_id in chosen]})
    else:
        print_estimate(guess, model)
        for summary in get_summaries(store, chosen[:10]):
            echo(f"  {summary.short_id:<8} {safe_line(summary.input, 90)}")
        if len(chosen) > 10:
            echo(f"  … and {len(chosen) - 10} more")
    return 0


def _show(store: Store, job: Job, done: TriageRun, as_json: bool) -> int:
    left = failed = 0
    rows: list[dict[str, Any]] = []
    for task in tasks_of(store, job.id):
        left += task.state is TaskState.PENDING
        failed += task.state is TaskState.FAILED
        if as_json:
            rows.append(_task_json(task))
        elif task.state is not TaskState.PENDING:
            _print_task(task)
    stopped = done.batch.stopped.value if done.batch.stopped else None
    if as_json:
        print_json(
            {
                "job": job.id,
                "model": job.params["model"],
                "traces": rows,
                "left": left,
                "stopped": stopped,
                "problems": list(done.problems[:5]),
                "spent": spent_json(done.spent),
            }
        )
    else:
        print_spent(done.spent)
        for problem in done.problems[:3]:
            echo(f"  {safe_line(problem)}", err=True)
        if left:
            more = " --budget-usd MORE" if stopped == "budget" else ""
            echo(f"{left} runs are left ({stopped or 'endpoint'}). Go on: retrospan triage --resume{more}", err=True)
    return 1 if left or failed else 0


def _task_json(task: Task) -> dict[str, Any]:
    answer = dict(task.answer)
    return {
        "trace": f"T{task.trace_id}",
        "state": task.state.value,
        "label": task.label,
        "proposal": f"P{task.proposal_id}" if task.proposal_id else None,
        **answer,
        "spent": spent_json(task.spent),
    }


def _print_task(task: Task) -> None:
    answer: dict[str, Any] = dict(task.answer)
    head = f"T{task.trace_id} {task.label or 'no answer'}"
    if task.label is None:
        say(f"{head} ({answer.get('ending') or 'failed'}) {answer.get('problem') or ''}".rstrip())
    else:
        cause = answer.get("cause_step")
        at = f" at step {cause['step']}" if cause else ""
        why = f", {answer['cause']}{at}" if answer.get("cause") else ""
        item = f", asked as {answer['item']}" if answer.get("item") else ""
        say(f"{head}{why}, {answer['confidence']} confidence (P{task.proposal_id}{item})")
        for claim in answer["claims"]:
            echo(f"  {safe_line(claim['sentence'])}")
            for support in claim["steps"]:
                echo(f"      step {support['step']}: “{safe_line(support['quote'], 100)}”")
        if answer["confidence_because"]:
            echo(f"  Confidence: {safe_line(answer['confidence_because'])}")
    if dropped := answer.get("dropped"):
        echo(f"  {len(dropped)} dropped, since no step shows them: {safe_line(dropped[0]['why'], 110)}")
