"""`retrospan doctor`."""

from __future__ import annotations

from dataclasses import asdict

import click

from ...services.serving.health import check_health
from ..shared.options import json_option, store_option
from ..shared.output import echo, print_json


@click.command(
    "doctor",
    epilog="""\b
Examples:
  retrospan doctor
  retrospan doctor --store team.db --json""",
)
@store_option
@json_option
def doctor_command(store_location: str | None, as_json: bool) -> int:
    """Check Python, SQLite, the store, search by meaning, reviewers, assistants and model access.

    Says the next step for each. Ends with 1 where something is in trouble.
    """
    checks = check_health(store_location)
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            echo(f"{'ok ' if check.ok else '!! '} {check.name:<12} {check.found}")
            if check.next_step:
                echo(f"{'':16} → {check.next_step}")
    return 0 if all(check.ok for check in checks) else 1
