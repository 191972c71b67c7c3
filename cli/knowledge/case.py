"""`retrospan case list|run`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from ...model.cases import CaseStatus
from ...model.text.display import safe_line
from ...regression.report import render_runs
from ...regression.results import CaseOutcome, CaseRuns, Judge
from ...regression.runner import run_cases
from ...regression.target import find_declaration, load_target, unsigned_cases_count
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
@store_option
@json_option
def run_command(
    names: tuple[str, ...],
    folder: Path | None,
    target: str | None,
    repeats: int,
    drafts: bool,
    judge: bool,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Run regression cases against the application. Exits 1 where one fails or cannot be decided.

    The target comes from the application's own configuration, never from a case.
    """
    root = folder or nearest_knowledge(Path.cwd())
    listed, unsigned = _listed(root, store_location), unsigned_cases_count(root)
    cases = choose_cases(listed, names, drafts=drafts, unsigned_count=unsigned)
    left_out = {entry.case.id: entry for entry in listed if entry.case is not None and entry.case not in cases}
    if target is None:
        declared = find_declaration(root)
        function = load_target(declared.target, declared.root)
    else:
        function = load_target(target, root)

    def show(runs: CaseRuns) -> None:
        if not as_json:
            echo(f"{_MARKS.get(runs.outcome, '✗')} {render_runs(runs)}")

    done = run_cases(cases, function, judge=_judge(root) if judge else None, repeats=repeats, on_done=show)
    if as_json:
        print_json([_runs_json(runs) for runs in done])
    elif not done:
        echo("No case to run.", err=True)
    if not names:
        _say_left_out(left_out.values(), unsigned)
    return 0 if all(runs.outcome in (CaseOutcome.PASSED, CaseOutcome.SKIPPED) for runs in done) else 1


def _judge(root: Path) -> Judge:
    from ...agents.case_judge import CaseJudge
    from ...agents.prices import find_price
    from ...agents.settings import Role, choose_model
    from ...agents.spending import Budget, Purse

    model = choose_model(Role.JUDGE, folder=root)
    price = find_price(model)
    return CaseJudge(model, Purse(Budget(usd=DEFAULT_USD) if price else Budget(tokens=DEFAULT_TOKENS), price))


def _say_left_out(left_out: Iterable[ListedCase], unsigned_count: bool) -> None:
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
