"""`retrospan case try`."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.text.display import safe_line
from ...regression.teaching.trying import Tried, try_stored
from ...services.knowledge.cases import choose_cases, list_cases, nearest_knowledge
from ...services.privacy.read_notes import at_hand, note_reading
from ..shared.options import json_option, opened, store_option
from ..shared.output import echo, print_json

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
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Project folder with .retrospan/ (default: the nearest at or above the current one).",
)
@store_option
@json_option
def try_command(
    names: tuple[str, ...], good: str | None, folder: Path | None, store_location: str | None, as_json: bool
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
    if as_json:
        print_json([_json(entry) for entry in tried])
    else:
        for entry in tried:
            _print(entry)
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


def _json(entry: Tried) -> dict[str, object]:
    return {
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
