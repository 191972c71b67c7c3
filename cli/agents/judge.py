"""`retrospan judge`: let a model answer one criterion of a rubric over a query; its answers stay proposals."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...services.agent_work.jobs import choose_traces, only_one, resume_job, start_job
from ...services.judging.criteria import find_criterion
from ...store.contract import Store
from ...store.jobs.agent_runs import Job, Task, TaskState, tasks_of
from ...store.reviews.rubrics import find_rubric
from ..lazy import LazyGroup
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
    from ...agents.judge import JudgeSetup
    from ...agents.triage import TriageRun

_EPILOG = """\b
Examples:
  retrospan judge 'task:refund since:7d' --rubric support --criterion refund-window
  retrospan judge 'since:1d' --budget-usd 0.20 --dry-run
  retrospan judge --resume
\b
Exit codes: 0 every chosen run was asked about, 1 some are left (budget, time, endpoint) or failed, 2 wrong usage,
3 trouble with the store or the endpoint, or another judge runs.
"""


_COMMANDS = {
    "run": ("agents.judge:run_command", "Ask a model one criterion on the runs that a query finds"),
    "signal": ("agents.judge_computed:signal_command", "Let a signal answer it, without a model"),
    "function": ("agents.judge_computed:function_command", "Let a Python function of this project answer it"),
    "probe": ("agents.judge_computed:probe_command", "Learn it from people's verdicts, without a model"),
    "define": ("agents.judge_defined:define_command", "Write a judge down as a file beside the rubrics"),
    "confirm": ("agents.judge_defined:confirm_command", "Sign a judge's file"),
    "use": ("agents.judge_defined:use_command", "Let a signed judge answer, whatever it is"),
    "show": ("agents.judge_record:show_command", "Which judges have answered, and whether they are out of date"),
    "calibrate": ("agents.judge_record:calibrate_command", "How far a judge may be trusted, beside people"),
    "flips": ("agents.judge_trials:flips_command", "Does it answer alike where it must?"),
    "anchors": ("agents.judge_trials:anchors_command", "Ask it again where people have signed, once a day"),
    "drift": ("agents.judge_record:drift_command", "Has the judge changed, or what it judges?"),
    "queue": ("agents.judge_change:queue_command", "Put the runs where it and people differ before people"),
    "improve": ("agents.judge_change:improve_command", "Draft a better rubric from those runs"),
    "compare": ("agents.judge_change:compare_command", "Which of two judges is right more often?"),
    "plan": ("agents.judge_record:plan_command", "What to label next, and what it would bring"),
}


class _JudgeGroup(LazyGroup):
    """Takes a query at once, as `run` does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*_COMMANDS, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("judge", cls=_JudgeGroup, commands_map=_COMMANDS)
def judge_group() -> None:
    """Let a model answer one criterion of a rubric, and measure it against people.

    `retrospan judge QUERY` is short for `retrospan judge run QUERY`.
    """


@click.command("run", cls=SearchLineCommand, epilog=_EPILOG)
@click.argument("query", nargs=-1)
@click.option("--rubric", help="Id of a confirmed rubric (default: the built-in one).")
@click.option("--rubric-version", type=click.IntRange(1), help="Its version (default: the newest confirmed).")
@click.option("--criterion", help="Id of the criterion; may be left out where the rubric has one.")
@click.option("--name", help="Under which the judge's answers are kept (default: the criterion's id).")
@click.option("--limit", type=click.IntRange(1), help="At most so many runs.")
@click.option("--again", is_flag=True, help="Also runs that it has answered on already.")
@agent_options
@store_option
@json_option
def run_command(
    query: tuple[str, ...],
    rubric: str | None,
    rubric_version: int | None,
    criterion: str | None,
    name: str | None,
    limit: int | None,
    again: bool,
    run: AgentRun,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Ask a model one criterion of one rubric version on the runs that QUERY finds.

    An answer counts only with a quotation that stands in its step. A refusal, a time-out or a cut answer is no
    verdict, never a pass. Answers are proposals of judge:NAME; `retrospan judge calibrate NAME` measures them.
    """
    if not run.resume and not query:
        raise UsageError("Which runs? Give a query such as since:7d, or --resume.")
    wanted = Wanted(rubric, rubric_version, criterion, name)
    return judge_by_model(wanted, " ".join(query), run, store_location, as_json, limit=limit, again=again)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which judge answers what."""

    rubric: str | None
    rubric_version: int | None
    criterion: str | None
    name: str | None
    guidance: str = ""


def judge_by_model(
    wanted: Wanted,
    query: str,
    run: AgentRun,
    store_location: str | None,
    as_json: bool,
    *,
    limit: int | None,
    again: bool,
) -> int:
    """Start or resume a job of a judge that is a model, and show what it answered; returns the exit code."""
    from ...agents import judging as work
    from ...agents.judge import JudgeSetup
    from ...agents.settings import Role

    with opened(store_location) as store, only_one(store, work.KIND):
        job = resume_job(store, work.KIND) if run.resume else None
        wanted = wanted if job is None else _kept(job)
        asked = find_rubric(store, wanted.rubric, wanted.rubric_version)
        chosen = find_criterion(asked, wanted.criterion)
        model = run.resumed_model(str(job.params["model"])) if job else run.choose_model(Role.JUDGE)
        name = wanted.name or chosen.id
        setup = JudgeSetup(name, chosen, asked.sha256, str(asked.ref), model, wanted.guidance)
        if job is None:
            key = work.judge_key(setup)
            traces = choose_traces(store, work.KIND, key, query, limit=limit, again=again)
            if run.dry_run or not traces:
                return _dry_run(store, len(traces), model, as_json)
            params: dict[str, Any] = {"model": model, "rubric": asked.id, "version": asked.version}
            params |= {"criterion": chosen.id, "name": setup.name, "guidance": wanted.guidance}
            job = start_job(store, work.KIND, key, params, traces)
        elif job.key != work.judge_key(setup):
            raise UsageError("The rubric has changed since that job began, so answers would not compare. Start anew.")
        done = _work(store, run, job, setup)
        return _show(store, job, setup.by, done, as_json)


def _work(store: Store, run: AgentRun, job: Job, setup: JudgeSetup) -> TriageRun:
    """Judge, with a bar that ends before anything is printed."""
    from ...agents import judging as work

    with progress_bar() as on_progress:

        def progress(done: int, total: int) -> None:
            on_progress("judging", done, total)

        return with_client(
            run,
            lambda client: work.judge_runs(
                client,
                store,
                job,
                setup,
                budget=run.budget(setup.model),
                parallel=run.parallel,
                seconds=run.seconds,
                on_progress=progress,
            ),
        )


def _kept(job: Job) -> Wanted:
    params: dict[str, Any] = dict(job.params)
    guidance = str(params.get("guidance") or "")
    return Wanted(params["rubric"], params["version"], params["criterion"], params["name"], guidance)


def _dry_run(store: Store, runs: int, model: str, as_json: bool) -> int:
    from ...agents import judging as work
    from ...agents.triage import estimate

    guess = estimate(store, work.KIND, model, runs, work.GUESS)
    if as_json:
        print_json(estimate_json(guess, model))
    else:
        print_estimate(guess, model)
    return 0


def _show(store: Store, job: Job, by: str, done: TriageRun, as_json: bool) -> int:
    from ...agents.judging import tally

    labels: Counter[str | None] = Counter()
    left = failed = 0
    rows: list[dict[str, Any]] = []
    for task in tasks_of(store, job.id):
        left += task.state is TaskState.PENDING
        failed += task.state is TaskState.FAILED
        if task.state is TaskState.PENDING:
            continue
        labels[task.label] += 1
        if as_json:
            rows.append(_row(task))
        else:
            _print(task)
    counts = tally(labels)
    stopped = done.batch.stopped.value if done.batch.stopped else None
    if as_json:
        print_json(
            {
                "job": job.id,
                "judge": by,
                "model": job.params["model"],
                "counts": counts,
                "answers": rows,
                "left": left,
                "stopped": stopped,
                "problems": list(done.problems[:5]),
                "spent": spent_json(done.spent),
            }
        )
    else:
        echo(f"\n{by}: " + ", ".join(f"{count} {word}" for word, count in counts.items()))
        print_spent(done.spent)
        if left:
            echo(f"{left} runs are left ({stopped or 'endpoint'}). Go on: retrospan judge --resume", err=True)
    return 1 if left or failed else 0


def _row(task: Task) -> dict[str, Any]:
    return {
        "trace": f"T{task.trace_id}",
        "label": task.label,
        "proposal": f"P{task.proposal_id}" if task.proposal_id else None,
        **dict(task.answer),
        "spent": spent_json(task.spent),
    }


def _print(task: Task) -> None:
    answer: dict[str, Any] = dict(task.answer)
    if task.label is None:
        say(f"T{task.trace_id:<7} no verdict ({answer.get('no_verdict') or answer.get('problem')})")
        return
    claim = answer["claims"][0]
    support = claim["steps"][0]
    say(f"T{task.trace_id:<7} {task.label:<10} {safe_line(claim['sentence'], 110)}")
    echo(f"          step {support['step']}: “{safe_line(support['quote'], 100)}”")
