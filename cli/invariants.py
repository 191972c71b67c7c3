"""`retrospan invariants`: the rules that every run must keep."""

from __future__ import annotations

from pathlib import Path

import click

from ..services.invariants import check_invariants, find_invariants_file
from ..store.display import safe_line
from ..store.errors import UsageError
from .options import json_option, print_json


@click.group("invariants", context_settings={"help_option_names": ["-h", "--help"]})
def invariants_group() -> None:
    """Rules in `.retrospan/invariants.yaml` that every run must keep; a run that does not shows `invariant_broken`."""


@invariants_group.command(
    "check",
    epilog="""\b
Examples:
  retrospan invariants check
  retrospan invariants check rules/invariants.yaml --json""",
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@json_option
def check_command(path: Path | None, as_json: bool) -> None:
    """Check the rules file at PATH, or the one of this folder; mistakes are told with their lines."""
    found = path or find_invariants_file(Path.cwd())
    if found is None:
        raise UsageError("No rules file here or above. Write .retrospan/invariants.yaml, or name a file.")
    if not found.is_file():
        raise UsageError(f"{found} is no file. Name the rules file.")
    rules = check_invariants(found)
    if as_json:
        told = [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules.invariants]
        print_json({"file": str(found), "project": rules.project, "invariants": told})
        return
    about = f"runs of project {rules.project}" if rules.project else "all runs"
    click.echo(f"{safe_line(str(found))}: {len(rules.invariants)} rules for {safe_line(about)}")
    for rule in rules.invariants:
        click.echo(f"  {rule.id:<24} {safe_line(rule.tool or rule.says, 60)}")
