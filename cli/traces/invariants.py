"""`retrospan invariants`: the rules that every run must keep."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ...knowledge.invariants import Invariants, parse_invariants
from ...model.errors import UsageError
from ...model.text.display import safe_line
from ...services.understanding.invariants import (
    check_invariants,
    drop_rules,
    find_invariants_file,
    rules_in_use,
    use_rules,
)
from ...services.understanding.rule_proposals import propose_rules
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json, say


@click.group("invariants", context_settings={"help_option_names": ["-h", "--help"]})
def invariants_group() -> None:
    """Rules in `.retrospan/invariants.yaml` that every run must keep; a run that does not shows `invariant_broken`.

    A store holds the rules that `use` took over, as they read then: what a clone or a pull brings waits for you.
    """


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
    found = _chosen(path)
    rules = check_invariants(found)
    if as_json:
        print_json(_json(found, rules))
    else:
        _print(found, rules)


@invariants_group.command(
    "use",
    epilog="""\b
Examples:
  retrospan invariants use
  retrospan invariants use rules/invariants.yaml""",
)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@store_option
@json_option
def use_command(path: Path | None, store_location: str | None, as_json: bool) -> None:
    """Hold the rules of PATH, or of this folder, against every run of the store. Repeat it after the file changed."""
    found = _chosen(path)
    with opened(store_location) as store:
        rules = use_rules(store, found)
    if as_json:
        print_json(_json(found, rules))
    else:
        _print(found, rules)
        echo("In use. Runs are looked at again.")


@invariants_group.command(
    "propose",
    epilog="""\b
Examples:
  retrospan invariants propose
  retrospan invariants propose --project support > .retrospan/invariants.yaml""",
)
@click.option("--project", default="default", show_default=True, help="Whose runs to look at.")
@store_option
@json_option
def propose_command(project: str, store_location: str | None, as_json: bool) -> None:
    """Print rules that the runs of a project keep, with what speaks for and against each, as a file to edit.

    Nothing comes into use: keep what is right, then `check` and `use` it. Runs known to have failed are left out.
    """
    with opened(store_location) as store:
        rules = propose_rules(store, project)
    if as_json:
        print_json([{**rule.as_rule(), "support": rule.support, "against": list(rule.against)} for rule in rules])
        return
    echo(f"project: {json.dumps(project)}\ninvariants:{'' if rules else ' []'}")
    for rule in rules:
        against = f", against: {', '.join(f'T{trace}' for trace in rule.against[:5])}" if rule.against else ""
        echo(f"  # kept in {rule.support} calls{against}")
        echo(f"  - {safe_line(json.dumps(rule.as_rule(), ensure_ascii=False), 2_000)}")


@invariants_group.command("drop")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@store_option
def drop_command(path: Path | None, store_location: str | None) -> None:
    """Use the rules of PATH, or of this folder, no longer. The file need not exist any more."""
    found = path or find_invariants_file(Path.cwd())
    if found is None:
        raise UsageError("No rules file here or above. Name the file; `retrospan invariants list` shows them.")
    with opened(store_location) as store:
        drop_rules(store, found)
    say(f"The rules of {found} are used no longer.")


@invariants_group.command("list")
@store_option
@json_option
def list_command(store_location: str | None, as_json: bool) -> None:
    """List the files whose rules this store uses, and whether they have changed since."""
    with opened(store_location) as store:
        files = [(file, parse_invariants(file.text, source=file.path)) for file in rules_in_use(store)]
    if as_json:
        print_json([{**_json(Path(file.path), rules), "state": file.state} for file, rules in files])
        return
    for file, rules in files:
        say(f"{file.path}: {len(rules.invariants)} rules{'' if file.state == 'same' else f', {file.state} since'}")
    if not files:
        echo("No rules are in use. `retrospan invariants use` takes those of this folder.")


def _chosen(path: Path | None) -> Path:
    found = path or find_invariants_file(Path.cwd())
    if found is None:
        raise UsageError("No rules file here or above. Write .retrospan/invariants.yaml, or name a file.")
    if not found.is_file():
        raise UsageError(f"{found} is no file. Name the rules file.")
    return found


def _json(path: Path, rules: Invariants) -> dict[str, object]:
    told = [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules.invariants]
    return {"file": str(path), "project": rules.project, "invariants": told}


def _print(path: Path, rules: Invariants) -> None:
    about = f"runs of project {rules.project}" if rules.project else "all runs"
    echo(f"{safe_line(str(path))}: {len(rules.invariants)} rules for {safe_line(about)}")
    for rule in rules.invariants:
        echo(f"  {rule.id:<24} {safe_line(rule.tool or rule.says, 60)}")
