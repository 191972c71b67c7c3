"""`retrospan case list|run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from ...model.cases import CaseStatus
from ...model.errors import StoreError
from ...model.text.display import safe_line
from ...regression.recording import RunKeeper
from ...regression.report import render_runs
from ...regression.results import CaseOutcome, CaseRuns, Judge
from ...regression.runner import run_cases
from ...regression.strictness import machine_only_verifies
from ...regression.target import TargetFunction, find_declaration, load_target, unsigned_cases_count
from ...regression.targets.prints import print_of
from ...regression.targets.runnable import RunSettings
from ...regression.targets.versions import Version, VersionKind, read_version
from ...regression.verifying.apart import is_apart, run_apart
from ...services.judging.standing import Standing, measured_judges
from ...services.knowledge.cases import ListedCase, choose_cases, list_cases, nearest_knowledge
from ...store.reviews.reviewers import load_trust
from ..lazy import LazyGroup
from ..shared.agent_options import DEFAULT_TOKENS, DEFAULT_USD
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

_FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Project folder with .retrospan/ (default: the nearest at or above the current one).",
)


_MARKS = {CaseOutcome.PASSED: "✓", CaseOutcome.SKIPPED: "–"}
_COMMANDS = {
    "list": ("knowledge.case:list_command", "List case files and what their signatures are worth"),
    "run": ("knowledge.case:run_command", "Run cases against the application"),
    "try": ("knowledge.case_try:try_command", "Hold cases against recorded runs before anyone signs them"),
    "shrink": ("knowledge.case_shrink:shrink_command", "Leave out what does not matter to a failing case"),
    "coverage": ("knowledge.case_coverage:coverage_command", "What the cases cover, and which are worth writing next"),
    "export": ("knowledge.case_export:export_command", "Write cases for another runner"),
    "import": ("knowledge.case_import:import_command", "Read another runner's tests as drafts"),
    "new": ("knowledge.case_new:new_command", "Draft a case from a failing run"),
}


@click.group("case", cls=LazyGroup, commands_map=_COMMANDS)
def case_group() -> None:
    """Draft, list and run the regression cases of an application."""


@click.command(
    "list",
    epilog="""\b
Examples:
  retrospan case list
  retrospan case list --folder ../shop --json""",
)
@_FOLDER
@store_option
@json_option
def list_command(folder: Path | None, store_location: str | None, as_json: bool) -> int:
    """List the case files of .retrospan/cases with their status and what their signature is worth.

    Signatures count by the keys you trust; with --store also by the reviewers of that store, such as a demo's.
    """
    root = folder or nearest_knowledge(Path.cwd())
    listed, unsigned = _listed(root, store_location), unsigned_cases_count(root)
    if as_json:
        print_json([_json(entry, unsigned) for entry in listed])
    for entry in [] if as_json else listed:
        if entry.case is None:
            echo(f"!! {entry.path.stem:<40} {safe_line(entry.problem or '')}")
        else:
            counts = "" if entry.standing(unsigned_count=unsigned) is entry.case.status else ", counts as a draft"
            status = f"{entry.case.status.value}, signature {entry.signature.value}{counts}"
            echo(f"   {entry.path.stem:<40} {status:<28} {safe_line(entry.case.title, 80)}")
    if not listed and not as_json:
        echo("No case yet. A fail verdict in `retrospan review` offers to make one.")
    return 1 if any(entry.case is None for entry in listed) else 0


def _listed(root: Path, store_location: str | None) -> list[ListedCase]:
    if store_location is None:
        return list_cases(root)
    with opened(store_location) as store:
        return list_cases(root, load_trust(store))


def _json(entry: ListedCase, unsigned_count: bool) -> dict[str, Any]:
    standing = entry.standing(unsigned_count=unsigned_count)
    return {
        "id": entry.path.stem,
        "path": str(entry.path),
        "title": entry.case.title if entry.case else None,
        "status": entry.case.status.value if entry.case else None,
        "counts_as": standing.value if standing else None,
        "signature": entry.signature.value,
        "problem": entry.problem,
    }


@click.command(
    "run",
    epilog="""\b
Examples:
  retrospan case run
  retrospan case run refund-window --repeats 5
  retrospan case run --target myapp.agent:run --json""",
)
@click.argument("names", nargs=-1, metavar="[ID]...")
@_FOLDER
@click.option("--target", help="module:function to run (default: the one the application declares).")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1, 1000), help="Runs of each case.")
@click.option("--drafts", is_flag=True, help="Run drafts too, and active cases that nobody trusted here has signed.")
@click.option("--judge", is_flag=True, help="Ask a model the judge's checks, for a dollar at most.")
@click.option("--python", metavar="PATH", help="Run each case in a process of this interpreter: the application's own.")
@click.option("--timeout", default=300.0, show_default=True, type=click.FloatRange(0.1), help="Seconds; with --python.")
@click.option(
    "--strict",
    is_flag=True,
    default=machine_only_verifies,
    help="Fail where an active case was not run or not decided (the default where CI is set).",
)
@store_option
@json_option
def run_command(
    names: tuple[str, ...],
    folder: Path | None,
    target: str | None,
    repeats: int,
    drafts: bool,
    judge: bool,
    python: str | None,
    timeout: float,
    strict: bool,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Run regression cases against the application. Exits 1 where one fails or cannot be decided.

    The target comes from the application's own configuration, never from a case. --target may also name a command
    (cmd:'python agent.py') or an address (http://…). Every run is kept, for `retrospan verify` and `review outcomes`.
    """
    root = folder or nearest_knowledge(Path.cwd())
    listed, unsigned = _listed(root, store_location), unsigned_cases_count(root)
    cases = choose_cases(listed, names, drafts=drafts, unsigned_count=unsigned)
    left_out = {entry.case.id: entry for entry in listed if entry.case is not None and entry.case not in cases}

    def show(runs: CaseRuns) -> None:
        if not as_json:
            echo(f"{_MARKS.get(runs.outcome, '✗')} {render_runs(runs)}")

    judging = judge_of(root, _measured(store_location)) if judge else None
    with _keeper(root, target, store_location, judge=judge) as keeper:
        if python or is_apart(target):
            settings = RunSettings(timeout_s=timeout, python=python or sys.executable)
            done = run_apart(cases, read_version(target or ".", root), root, settings, judging, repeats, keeper, show)
        else:
            done = run_cases(cases, _function(target, root), judging, repeats=repeats, on_done=both(keeper.keep, show))
    if as_json:
        print_json([_runs_json(runs) for runs in done])
    elif not done:
        echo("No case to run.", err=True)
    if keeper.trouble:
        echo(safe_line(f"The runs could not be kept: {keeper.trouble}", 400), err=True)
    lost = [] if names else _say_left_out(left_out.values(), unsigned)
    good = (CaseOutcome.PASSED,) if strict else (CaseOutcome.PASSED, CaseOutcome.SKIPPED)
    return 0 if all(runs.outcome in good for runs in done) and not (strict and lost) else 1


def both(keep: Callable[[CaseRuns], None], show: Callable[[CaseRuns], None]) -> Callable[[CaseRuns], None]:
    """Keep what was run before it is shown."""

    def told(runs: CaseRuns) -> None:
        keep(runs)
        show(runs)

    return told


def _function(target: str | None, root: Path) -> TargetFunction:
    if target is not None:
        return load_target(target, root)
    declared = find_declaration(root)
    return load_target(declared.target, declared.root)


def _keeper(root: Path, target: str | None, store_location: str | None, *, judge: bool) -> RunKeeper:
    if is_apart(target):
        found = print_of(read_version(target or ".", root), root)
    else:
        named = target or find_declaration(root).target
        found = print_of(Version(VersionKind.PYTHON, named, named), root)
    return RunKeeper(store_location, root, found, "judge" if judge else None)


def _measured(store_location: str | None) -> Mapping[str, Standing]:
    """The judges that were measured in the store; none where there is no store."""
    try:
        with opened(store_location) as store:
            return measured_judges(store)
    except StoreError:
        return {}


def judge_of(root: Path, measured: Mapping[str, Standing]) -> Judge:
    """A model that answers the judge's checks, for a dollar at most; where a judge was measured, as that one does."""
    from ...agents.case_judge import CaseJudge
    from ...agents.prices import find_price
    from ...agents.settings import Role, choose_model
    from ...agents.spending import Budget, Purse

    model = choose_model(Role.JUDGE, folder=root)
    price = find_price(model)
    budget = Budget(usd=DEFAULT_USD) if price else Budget(tokens=DEFAULT_TOKENS)
    return CaseJudge(model, Purse(budget, price), measured)


def _say_left_out(left_out: Iterable[ListedCase], unsigned_count: bool) -> list[ListedCase]:
    """Name the active cases that did not run since nobody trusted here has signed them."""
    lost = [
        entry
        for entry in left_out
        if entry.case is not None
        and entry.case.status is not CaseStatus.DRAFT
        and entry.standing(unsigned_count=unsigned_count) is CaseStatus.DRAFT
    ]
    for entry in lost:
        echo(safe_line(f"– {entry.path.stem} counts as a draft: {entry.why}"), err=True)
    if lost:
        echo(
            "Confirm them in `retrospan review`, trust who signed them (`retrospan reviewer list`), "
            'or set unsigned_cases = "run" under [tool.retrospan]. --drafts runs them now.',
            err=True,
        )
    return lost


def _runs_json(runs: CaseRuns) -> dict[str, Any]:
    return {
        "id": runs.case.id,
        "outcome": runs.outcome.value,
        "passed": runs.passed,
        "repeats": len(runs.results),
        "results": [
            {
                "outcome": result.outcome.value,
                "error": result.error,
                "duration_ms": result.duration_ms,
                "checks": [
                    {"check": check.check, "status": check.status.value, "reason": check.reason}
                    for check in result.checks
                ],
            }
            for result in runs.results
        ],
    }
