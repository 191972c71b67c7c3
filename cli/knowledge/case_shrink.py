"""`retrospan case shrink`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ...knowledge.folders import KnowledgeKind, find_files, write_knowledge
from ...model.cases import Case, CaseStatus, dump_case
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...regression.results import CaseOutcome, CaseResult
from ...regression.targets.runnable import RunSettings, opened_version
from ...regression.targets.spans import SpanReceiver
from ...regression.targets.versions import read_version
from ...regression.teaching.shrinking import shrink
from ...regression.verifying.executing import execute
from ...services.knowledge.cases import choose_cases, list_cases, nearest_knowledge
from ..shared.options import json_option
from ..shared.output import echo, print_json, progress_bar


@click.command(
    "shrink",
    epilog="""\b
Examples:
  retrospan case shrink refund-window
  retrospan case shrink refund-window --target git:v1.2 --repeats 3""",
)
@click.argument("name", metavar="ID")
@click.option("--target", default=".", show_default=True, help="The version on which it fails; see retrospan verify.")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1, 20), help="Runs that must all fail.")
@click.option("--max-tries", default=60, show_default=True, type=click.IntRange(1), help="Smaller cases tried at most.")
@click.option("--timeout", default=300.0, show_default=True, type=click.FloatRange(0.1), help="Seconds for one run.")
@click.option("--python", default=sys.executable, metavar="PATH", help="The application's interpreter.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Project folder with .retrospan/ (default: the nearest at or above the current one).",
)
@json_option
def shrink_command(
    name: str,
    target: str,
    repeats: int,
    max_tries: int,
    timeout: float,
    python: str,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Leave out what does not matter to a failing case: turns, sentences, fields, documents of frozen results.

    The application is run on ever smaller cases; those are kept that fail by the same checks. The result is a draft
    beside the case, ID-small.
    """
    root = (folder or nearest_knowledge(Path.cwd())).resolve()
    case, small = choose_cases(list_cases(root), [name])[0], f"{name}-small"
    if any(file.kind is KnowledgeKind.CASE and file.name == small for file in find_files(root)):
        raise UsageError(f"There is a case {small!r} in {root} already. Remove or rename it first.")
    settings, tries = RunSettings(timeout_s=timeout, python=python), 0
    with opened_version(read_version(target, root), root, settings) as version, SpanReceiver() as receiver:
        first = execute(case, version, receiver).result
        wanted = _failed(first)
        if first.outcome is not CaseOutcome.FAILED:
            told = first.error or first.outcome.value
            raise UsageError(
                f"{name} does not fail on {target!r} ({safe_line(told, 200)}); name a version where it does."
            )
        with progress_bar() as report:

            def fails(smaller: Case) -> bool:
                nonlocal tries
                tries += 1
                report(f"try {tries}", tries, max_tries)
                return all(_failed(execute(smaller, version, receiver).result) == wanted for _ in range(repeats))

            found = shrink(case, fails, most=max_tries)
    if not found.dropped:
        echo(f"Nothing can be left out of {name} ({found.tries} tries).")
        return
    draft = found.case.model_copy(update={"id": small, "status": CaseStatus.DRAFT})
    path = write_knowledge(root, KnowledgeKind.CASE, small, dump_case(draft))
    if as_json:
        print_json(
            {"path": str(path), "dropped": list(found.dropped), "tries": found.tries, "complete": found.complete}
        )
        return
    more = "" if found.complete else f" More may go: the {max_tries} tries are used up."
    echo(f"{path}\n{len(found.dropped)} parts left out in {found.tries} tries, and it fails by the same checks.{more}")
    for part in found.dropped:
        echo(safe_line(f"  {part}", 160))


def _failed(result: CaseResult) -> tuple[str, ...]:
    """By which checks a run fails; empty where it does not, or could not be decided."""
    return tuple(c.check for c in result.failures) if result.outcome is CaseOutcome.FAILED else ()
