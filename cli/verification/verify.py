"""`retrospan verify`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...model.cases import Case
from ...model.errors import UsageError
from ...model.experiments import Experiment, ExperimentKind, RunRecord
from ...model.review_states import Severity
from ...model.text.display import safe_line
from ...store.contract import Store
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, progress_bar
from ..shared.search_line import SearchLineCommand

if TYPE_CHECKING:
    from ...regression.targets.versions import Version

_WORKERS = max(1, min(8, os.cpu_count() or 1))


def _margins(_: click.Context, __: click.Parameter, value: str | None) -> dict[str, float]:
    """`critical=0,medium=0.05` as a mapping."""
    found: dict[str, float] = {}
    known = [severity.value for severity in Severity]
    for part in (value or "").split(","):
        name, equals, share = part.strip().partition("=")
        if not part.strip():
            continue
        try:
            number = float(share) if equals else -1.0
        except ValueError:
            number = -1.0
        if name not in known or not 0 <= number <= 1:
            raise click.BadParameter(
                f"{part.strip()!r}; write for example critical=0,medium=0.05 (of {', '.join(known)})"
            )
        found[name] = number
    return found


@click.command(
    "verify",
    cls=SearchLineCommand,
    epilog="""\b
Examples:
  retrospan verify main . --plan                 what it would run, take and be able to show
  retrospan verify main .                        the working tree against main
  retrospan verify --resume E3                   run a plan, or go on after a kill
  retrospan verify 'cmd:python old.py' http://127.0.0.1:8000/run
  retrospan verify version:v3 version:v4         recorded runs, paired by task
  retrospan verify --cause T412.7                one step's result replaced: does the outcome flip?""",
)
@click.argument("base", required=False)
@click.argument("candidate", required=False)
@click.option("--plan", "plan_only", is_flag=True, help="Make and keep the plan; run nothing.")
@click.option("--resume", metavar="E3", help="Run the plan of this experiment, or what is left of it.")
@click.option("--list", "list_them", is_flag=True, help="List the comparisons of the store.")
@click.option("--cause", metavar="T412.7", help="Replace this step's result and run the case of its run both ways.")
@click.option(
    "--other", metavar="T2", help="With --cause: the run whose result is taken (default: one that went well)."
)
@click.option("--with", "replaced", metavar="JSON", help="With --cause: the result itself.")
@click.option("--case", "names", multiple=True, metavar="ID", help="Only this case; may be repeated.")
@click.option("--drafts", is_flag=True, help="Drafts too, and active cases that nobody trusted here has signed.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Project folder with .retrospan/ (default: the nearest at or above the current one).",
)
@click.option("--python", default=sys.executable, metavar="PATH", help="The application's interpreter.")
@click.option("--pairs", type=click.IntRange(1, 1000), help="Runs of each case a version (default: by its flakiness).")
@click.option("--margin", "margins", callback=_margins, metavar="critical=0,…", help="Share of cases that may break.")
@click.option("--workers", default=_WORKERS, show_default=True, type=click.IntRange(1, 64), help="Runs at a time.")
@click.option("--timeout", default=300.0, show_default=True, type=click.FloatRange(0.1), help="Seconds for one run.")
@click.option("--max-runs", type=click.IntRange(1), help="Stop after so many runs; --resume goes on.")
@click.option("--max-usd", type=click.FloatRange(0), help="Stop once the runs have cost so much; --resume goes on.")
@click.option("--judge", is_flag=True, help="Ask a model the judge's checks, for a dollar at most.")
@click.option("--format", "form", type=click.Choice(["text", "markdown", "github"]), default="text", show_default=True)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write JUnit XML here.")
@store_option
@json_option
def verify_command(
    base: str | None,
    candidate: str | None,
    plan_only: bool,
    resume: str | None,
    list_them: bool,
    store_location: str | None,
    form: str,
    junit: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Prove that a new version fixes what it should and breaks nothing else.

    Runs the regression cases on both versions side by side, as often as each case needs, and says of each: fixed,
    improved, unchanged, broken, flaky, too few runs. Versions are a git ref, . (the working tree), a command, an
    address, a Python function, or recorded runs (search lines, experiments, files).

    Exit code: 0 it holds, 1 blocked, 4 not enough evidence; 2 wrong usage, 3 trouble with the store.
    """
    with opened(store_location) as store, interruptible():
        if list_them:
            return _list(store, as_json)
        if options["cause"]:
            from .cause import cause_tried

            return cause_tried(store, base or ".", options, run_progress(1), as_json=as_json)
        report = _verified(store, base, candidate, plan_only, resume, as_json, options)
    if report is None:
        return 0
    _show(report, form, junit, as_json)
    from ...analysis.verification.verdicts import SuiteVerdict

    return SuiteVerdict(report["verdict"]).exit_code


def _verified(
    store: Store,
    base: str | None,
    candidate: str | None,
    plan_only: bool,
    resume: str | None,
    as_json: bool,
    options: Mapping[str, Any],
) -> dict[str, Any] | None:
    """The report of the comparison; None where only its plan was asked for."""
    from ...regression.targets.versions import read_version
    from ...regression.verifying.verify import verify_recorded

    experiment = _experiment(store, resume) if resume else None
    if experiment is not None:
        if base or candidate:
            raise UsageError("--resume runs the versions of its plan; leave BASE and CANDIDATE out.")
        base, candidate = experiment.base or "", experiment.candidate
    if not base or not candidate:
        raise UsageError("Name two versions, as in `retrospan verify main .`, or --resume E3.")
    folder = (options["folder"] or (Path(experiment.project) if experiment else Path.cwd())).resolve()
    sides = read_version(base, folder), read_version(candidate, folder)
    if not any(version.kind.can_run for version in sides):
        from ...analysis.verification.verdicts import Policy

        return dict(verify_recorded(store, *sides, folder, _policy(Policy, options)).report)
    return _run(store, sides, folder, experiment, plan_only, as_json, options)


def _policy(kind: Any, options: Mapping[str, Any]) -> Any:
    from ...analysis.verification.verdicts import DEFAULT_MARGINS

    return kind({**DEFAULT_MARGINS, **options["margins"]})


def _run(
    store: Store,
    sides: tuple[Version, Version],
    folder: Path,
    experiment: Experiment | None,
    plan_only: bool,
    as_json: bool,
    options: Mapping[str, Any],
) -> dict[str, Any] | None:
    from ...analysis.verification.verdicts import Policy
    from ...regression.targets.runnable import RunSettings
    from ...regression.verifying import verify
    from ...regression.verifying.engine import Budget
    from ...services.knowledge.cases import nearest_knowledge

    root = options["folder"] or nearest_knowledge(folder)
    cases = _cases(store, root, options)
    settings = RunSettings(timeout_s=options["timeout"], python=options["python"])
    with verify.opened_pair(*sides, root.resolve(), settings) as pair:
        if experiment is not None:
            planned = verify.resumed(store, experiment, pair, cases)
        else:
            planned = verify.plan_verification(
                store,
                pair,
                cases,
                project=str(root.resolve()),
                policy=_policy(Policy, options),
                pairs=options["pairs"],
                judge_hash=judge_hash(root) if options["judge"] else None,
            )
        _show_plan(planned, options["workers"], plan_only, as_json)
        if plan_only:
            return None
        judge = model_judge(root, store) if planned.plan.judge_hash else None
        budget = Budget(options["max_runs"], options["max_usd"])
        with run_progress(planned.plan.most_runs) as on_run:
            done = verify.run_verification(
                store, planned, pair, cases, workers=options["workers"], judge=judge, budget=budget, on_run=on_run
            )
    return dict(done.report)


def _cases(store: Store, root: Path, options: Mapping[str, Any]) -> list[Case]:
    """The cases that count here; a named one is taken whatever it counts for."""
    from ...regression.target import unsigned_cases_count
    from ...services.knowledge.cases import choose_cases, list_cases
    from ...store.reviews.reviewers import load_trust

    unsigned = unsigned_cases_count(root)
    listed = list_cases(root, load_trust(store))
    chosen = choose_cases(listed, options["names"], drafts=options["drafts"], unsigned_count=unsigned)
    if not chosen and listed:
        raise UsageError(
            f"None of the {len(listed)} cases in {root} counts: drafts, or not signed by anybody trusted here. "
            "--drafts runs them all the same; `retrospan case list` says why."
        )
    return chosen


def _experiment(store: Store, text: str) -> Experiment:
    from ...store.experiments.experiments import get_experiment, parse_experiment_id

    return get_experiment(store, parse_experiment_id(text))


def model_judge(root: Path, store: Store) -> Any:
    """A model that answers the judge's checks, with what is known of how right it is."""
    from ...services.judging.standing import measured_judges
    from ..knowledge.case import judge_of

    return judge_of(root, measured_judges(store))


def judge_hash(root: Path) -> str:
    """Which model that is."""
    from ...agents.settings import Role, choose_model

    return choose_model(Role.JUDGE, folder=root)


def _show_plan(planned: Any, workers: int, plan_only: bool, as_json: bool) -> None:
    from ...regression.verifying.rendering import render_plan

    experiment, plan = planned.experiment, planned.plan
    if as_json and plan_only:
        print_json(
            {
                "experiment": experiment.short_id,
                "plan_hash": experiment.plan_hash,
                "runs_usual": plan.usual_runs,
                "runs_most": plan.most_runs,
                "smallest_suite_drop": plan.smallest_suite_drop,
                "cases": [{"case": c.case_id, "kind": c.kind.value, "pairs": c.pairs} for c in plan.cases],
            }
        )
    elif plan_only or not as_json:
        told = render_plan(
            plan, planned.known.taken, workers=workers, experiment=experiment.short_id, plan_hash=experiment.plan_hash
        )
        echo(told + f"\nRun it: retrospan verify --resume {experiment.short_id}\n", err=not plan_only)


@contextmanager
def run_progress(most: int) -> Iterator[Any]:
    """What is told each run that was made."""
    made = 0
    with progress_bar() as report:

        def on_run(run: RunRecord, waiting: int) -> None:
            nonlocal made
            made += 1
            report(f"run {made}, {waiting} cases to go", made, max(most, made))

        yield on_run


def _show(report: dict[str, Any], form: str, junit: Path | None, as_json: bool) -> None:
    from ...regression.verifying.rendering import render_junit, render_markdown, render_text

    if junit is not None:
        junit.write_bytes(render_junit(report))
    if as_json:
        print_json(report)
    elif form == "markdown":
        echo(render_markdown(report), nl=False)
    else:
        echo(render_text(report))
    summary = os.environ.get("GITHUB_STEP_SUMMARY") if form == "github" else None
    if summary:
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(render_markdown(report))


def _list(store: Store, as_json: bool) -> int:
    from ...store.experiments.experiments import list_experiments

    found = list_experiments(store, kind=ExperimentKind.VERIFY)
    if as_json:
        print_json([_entry(experiment) for experiment in found])
        return 0
    for experiment in found:
        verdict = experiment.verdict or experiment.state.value
        sides = f"{experiment.base} → {experiment.candidate}"
        echo(safe_line(f"{experiment.short_id:<5} {experiment.created_at[:16]}  {verdict:<20} {sides}", 160))
    if not found:
        echo("No comparison yet. `retrospan verify main . --plan` makes the first.")
    return 0


def _entry(experiment: Experiment) -> dict[str, Any]:
    names = ("base", "candidate", "plan_hash", "created_at", "finished_at", "verdict")
    return {"id": experiment.short_id, "state": experiment.state.value} | {n: getattr(experiment, n) for n in names}


@contextmanager
def interruptible() -> Iterator[None]:
    """Take a request to end as an interrupt, so that no run is left behind."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
