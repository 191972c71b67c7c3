"""`retrospan case try`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ...model.cases import Case
from ...model.text.display import safe_line
from ...regression.teaching.mutating import Mutated
from ...regression.teaching.mutating import mutate as mutate_run
from ...regression.teaching.trying import Tried, try_stored
from ...services.knowledge.cases import choose_cases, list_cases, nearest_knowledge
from ...services.privacy.read_notes import at_hand, note_reading
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

_SHOWN = 6
_FACES = {"failed": "red", "passed": "green", "skipped": "not asked", "error": "undecided"}


@click.command(
    "try",
    epilog="""\b
Examples:
  retrospan case try
  retrospan case try refund-window --good T2""",
)
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option("--good", help="A run that went well (default: the newest of the same request).")
@click.option("--mutate", is_flag=True, help="Also change the good run, one thing at a time: what goes unnoticed?")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Project folder with .retrospan/ (default: the nearest at or above the current one).",
)
@store_option
@json_option
def try_command(
    names: tuple[str, ...],
    good: str | None,
    mutate: bool,
    folder: Path | None,
    store_location: str | None,
    as_json: bool,
) -> int:
    """Hold cases against the recorded run that they come from and a good one, before anyone signs them.

    A case must be red on the run where the failure happened and green on one that went well. Nothing is run. Exits 1
    where a case does not tell them apart, and names the check that does not.
    """
    cases = choose_cases(list_cases(folder or nearest_knowledge(Path.cwd())), names)
    with opened(store_location) as store:
        tried = [entry for case in cases if (entry := try_stored(store, case, good)) is not None]
        taken = [run.id for entry in tried for run in entry.runs]
        note_reading(store, taken, actor=at_hand("cli"), detail="case try")
    changed = _mutated(cases, tried) if mutate else {}
    if as_json:
        print_json([_json(entry, changed.get(entry.case_id)) for entry in tried])
    else:
        for entry in tried:
            _print(entry)
            _print_mutated(entry, changed.get(entry.case_id))
        for case in cases:
            if case.id not in {entry.case_id for entry in tried}:
                known = case.provenance.trace is not None
                echo(f"– {case.id}: {'its run is not in this store' if known else 'names no run that it comes from'}")
    return 0 if not any(entry.why_not for entry in tried) else 1


def _print(entry: Tried) -> None:
    echo(f"{'✗' if entry.why_not else '✓'} {entry.case_id}: {safe_line(entry.in_words, 300)}")
    for check in entry.checks:
        there = _FACES[check.on_bad.value]
        here = _FACES[check.on_good.value] if check.on_good is not None else "not tried"
        told = "" if check.tells_apart else " (keeps what went well)" if check.guards else " (does not tell them apart)"
        echo(f"    {safe_line(check.check, 100)}: {there} there, {here} here{told}")


def _mutated(cases: Sequence[Case], tried: Sequence[Tried]) -> dict[str, Mutated]:
    """What each case makes of changes of its good run, where there is one."""
    by_id = {case.id: case for case in cases}
    runs = {entry.case_id: entry.good.run for entry in tried if entry.good is not None}
    return {case: mutate_run(by_id[case], run) for case, run in runs.items() if run is not None}


def _print_mutated(entry: Tried, found: Mutated | None) -> None:
    if found is None:
        return
    for check in found.idle:
        echo(f"    {safe_line(check, 100)}: none of {found.changes} changes of {entry.good_run} makes it fail")
    if found.unseen:
        shown = "; ".join(found.unseen[:_SHOWN]) + (" …" if len(found.unseen) > _SHOWN else "")
        echo(f"    not noticed, {len(found.unseen)} of {found.changes}: {safe_line(shown, 400)}")


def _json(entry: Tried, found: Mutated | None) -> dict[str, object]:
    mutated = {} if found is None else {"never_fail": list(found.idle), "not_noticed": list(found.unseen)}
    return mutated | {
        "id": entry.case_id,
        "ready": not entry.why_not,
        "because": entry.in_words,
        "bad": entry.bad_run,
        "good": entry.good_run,
        "checks": [
            {"check": c.check, "on_bad": c.on_bad.value, "on_good": c.on_good.value if c.on_good else None}
            for c in entry.checks
        ],
    }
