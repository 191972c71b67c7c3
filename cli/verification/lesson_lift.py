"""`retrospan lesson lift`: does a lesson help? Its case with and without it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...model.cases import Case
from ...model.errors import UsageError
from ...model.experiments import Experiment, ExperimentKind, LiftVerdict
from ...model.reviews import Lesson, LessonStatus
from ...model.text.display import safe_line
from ...store.contract import Store
from ...store.experiments.experiments import get_experiment, parse_experiment_id
from ...store.knowledge.lookup import get_lesson
from ..knowledge.lesson_shared import folder_option, read_folder
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say
from .verify import interruptible, judge_hash, model_judge, run_progress

if TYPE_CHECKING:
    from ...regression.verifying.verify import Pair, Planned

_EPILOG = """\b
Examples:
  retrospan lesson lift quote-the-window --plan     how often the case would run, and what that shows
  retrospan lesson lift quote-the-window            the working tree, with the lesson and without
  retrospan lesson lift quote-the-window --also refund-in-time --version git:v3
"""
_NEXT = {
    LiftVerdict.HELPS: "",
    LiftVerdict.NO_EFFECT: "It is offered for retirement: retrospan lesson doubts.",
    LiftVerdict.NEEDLESS: "It is offered for retirement: retrospan lesson doubts.",
    LiftVerdict.HARMS: "It is quarantined: no answer and no export has it. Decide: retrospan lesson retract|keep ID.",
    LiftVerdict.UNSURE: "More runs may tell: --pairs.",
}


@click.command("lift", epilog=_EPILOG)
@click.argument("lesson_id", metavar="ID")
@click.option(
    "--version", "version", default=".", show_default=True, help="What is run, as `retrospan verify` names it."
)
@click.option(
    "--way",
    type=click.Choice(["input", "environment"]),
    default="input",
    show_default=True,
    help="How the lesson gets to the agent: before its input, or in the variable RETROSPAN_LESSON alone.",
)
@click.option("--also", "others", multiple=True, metavar="CASE", help="Another case that it must not break.")
@click.option("--plan", "plan_only", is_flag=True, help="Make and keep the plan; run nothing.")
@click.option("--resume", metavar="E7", help="Run the plan of this experiment, or what is left of it.")
@click.option("--pairs", type=click.IntRange(1, 1000), help="Runs of each case a side (default: by its flakiness).")
@click.option("--python", default=sys.executable, metavar="PATH", help="The application's interpreter.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Runs at a time.")
@click.option("--timeout", default=300.0, show_default=True, type=click.FloatRange(0.1), help="Seconds for one run.")
@click.option("--max-usd", type=click.FloatRange(0), help="Stop once the runs have cost so much; --resume goes on.")
@click.option("--judge", is_flag=True, help="Ask a model the judge's checks, for a dollar at most.")
@folder_option
@store_option
@json_option
def lift_command(
    lesson_id: str, folder: Path, store_location: str | None, as_json: bool, plan_only: bool, **options: Any
) -> int:
    """Does the lesson ID help? Runs its case with the lesson in the agent's context and without it, side by side.

    How often is fixed before the first run. A lesson without effect is offered for retirement; one that makes its case,
    or another one named by --also, fail more often is quarantined until a reviewer decides.

    Exit code: 0 it helps or does nothing, 1 it does harm, 4 not enough evidence.
    """
    with opened(store_location) as store, interruptible():
        read_folder(store, folder)
        lesson = _tried(store, lesson_id)
        report = _lifted(store, lesson, folder.resolve(), plan_only, options)
        if report is None:
            return 0
        verdict = LiftVerdict(report["lift_verdict"])
        if as_json:
            print_json(report)
        else:
            counts = safe_line(report["lift"], 300)
            echo(f"{safe_line(lesson.id, 80)}: {verdict.value}. {counts} ({report['experiment']})")
            say(_next(lesson, verdict, folder))
        return {LiftVerdict.HARMS: 1, LiftVerdict.UNSURE: 4}.get(verdict, 0)


def _next(lesson: Lesson, verdict: LiftVerdict, folder: Path) -> str:
    """What to do with the lesson now."""
    from ...services.knowledge.quarantine import lies_in

    if verdict is LiftVerdict.HARMS and not lies_in(lesson, folder):
        return f"Its file is not in this folder: run this where it lies, {safe_line(lesson.path or '', 200)}."
    return _NEXT[verdict].replace("ID", lesson.id)


def _tried(store: Store, lesson_id: str) -> Lesson:
    """A lesson that can be tried: confirmed, or held back since it did harm, and with a case."""
    lesson = get_lesson(store, lesson_id)
    if lesson.status is not LessonStatus.CONFIRMED and not lesson.quarantined:
        raise UsageError(f"The lesson {lesson.id!r} is {lesson.status.value}; only confirmed ones are tried.")
    if lesson.case is None:
        raise UsageError(
            f"No case guards the lesson {lesson.id!r}, so nothing tells whether it helps. Make one of its run: "
            "`retrospan case new`."
        )
    return lesson


def _lifted(
    store: Store, lesson: Lesson, folder: Path, plan_only: bool, options: dict[str, Any]
) -> dict[str, Any] | None:
    """The report of the comparison; None where only its plan was asked for."""
    from ...regression.targets.runnable import RunSettings, opened_version
    from ...regression.targets.versions import read_version
    from ...regression.verifying.lift import Way, WithLesson, check_way
    from ...regression.verifying.verify import Pair

    way = Way(options["way"])
    cases = _cases(store, lesson, folder, options["others"])
    check_way(cases, lesson, way)
    version = read_version(options["version"], folder)
    if not version.kind.can_run:
        raise UsageError(f"{version.text!r} names recorded runs, which cannot be run with a lesson. Name code.")
    settings = RunSettings(timeout_s=options["timeout"], python=options["python"])
    with opened_version(version, folder, settings) as target:
        pair = Pair(target, WithLesson(target, lesson, way))
        planned = _planned(store, pair, cases, folder, options)
        _show_plan(planned, plan_only, lesson, options["workers"])
        return None if plan_only else _run(store, lesson, planned, pair, cases, folder, options)


def _cases(store: Store, lesson: Lesson, folder: Path, others: Sequence[str]) -> list[Case]:
    from ...regression.target import unsigned_cases_count
    from ...services.knowledge.cases import choose_cases, list_cases, nearest_knowledge
    from ...store.reviews.reviewers import load_trust

    root = nearest_knowledge(folder)
    names = list(dict.fromkeys([str(lesson.case), *others]))
    return choose_cases(
        list_cases(root, load_trust(store)), names, drafts=False, unsigned_count=unsigned_cases_count(root)
    )


def _planned(store: Store, pair: Pair, cases: Sequence[Case], folder: Path, options: dict[str, Any]) -> Planned:
    from ...analysis.verification.verdicts import Policy
    from ...regression.verifying.verify import plan_verification, resumed

    if options["resume"]:
        experiment: Experiment = get_experiment(store, parse_experiment_id(options["resume"]))
        return resumed(store, experiment, pair, cases, kind=ExperimentKind.LIFT)
    return plan_verification(
        store,
        pair,
        cases,
        project=str(folder),
        policy=Policy(),
        pairs=options["pairs"],
        judge_hash=judge_hash(folder) if options["judge"] else None,
        kind=ExperimentKind.LIFT,
    )


def _show_plan(planned: Planned, plan_only: bool, lesson: Lesson, workers: int) -> None:
    from ...regression.verifying.rendering import render_plan

    experiment = planned.experiment
    told = render_plan(
        planned.plan,
        planned.known.taken,
        workers=workers,
        experiment=experiment.short_id,
        plan_hash=experiment.plan_hash,
    )
    run_it = f"\nRun it: retrospan lesson lift {lesson.id} --resume {experiment.short_id}\n"
    echo(told + run_it, err=not plan_only)


def _run(
    store: Store,
    lesson: Lesson,
    planned: Planned,
    pair: Pair,
    cases: Sequence[Case],
    folder: Path,
    options: dict[str, Any],
) -> dict[str, Any]:
    from ...regression.verifying.engine import Budget
    from ...regression.verifying.lift import concluding, lift_of
    from ...regression.verifying.verify import run_verification

    judge = model_judge(folder, store) if planned.plan.judge_hash else None
    own = str(lesson.case)
    with run_progress(planned.plan.most_runs) as on_run:
        done = run_verification(
            store,
            planned,
            pair,
            cases,
            workers=options["workers"],
            judge=judge,
            budget=Budget(None, options["max_usd"]),
            on_run=on_run,
            conclusion=concluding(own),
        )
    verdict, because = lift_of(done.judgement, own)
    if done.complete:
        _kept(store, lesson, verdict, f"it did harm in {done.experiment.short_id} ({because})", folder)
    else:
        verdict = LiftVerdict.UNSURE
    return dict(done.report) | {"lift_verdict": verdict.value, "lift": because}


def _kept(store: Store, lesson: Lesson, verdict: LiftVerdict, because: str, folder: Path) -> None:
    """What the comparison means for the lesson: held back where it harms, free again where it does not any more."""
    from ...services.knowledge.exporting import old_exports
    from ...services.knowledge.quarantine import end_quarantine, lies_in, quarantine

    if not lies_in(lesson, folder):
        return
    if verdict is LiftVerdict.HARMS:
        quarantine(store, lesson, because, folder)
        old_exports(store, folder, write=True)
    elif verdict is not LiftVerdict.UNSURE and end_quarantine(store, lesson.id, folder):
        old_exports(store, folder, write=True)
