"""`retrospan audit verify`: what the chain over verdicts, rubrics and reviewers proves."""

from __future__ import annotations

import click

from ..store.trust.chain import audit_verify
from .options import json_option, opened, print_json, say, store_option

_EPILOG = """\b
Examples:
  retrospan audit verify
  retrospan audit verify --checkpoint 3f5a…
  retrospan audit verify --json
"""


@click.group("audit", epilog=_EPILOG)
def audit_group() -> None:
    """The history of verdicts, rubric versions and reviewer records, and whether it was tampered with."""


@audit_group.command("verify", epilog=_EPILOG)
@click.option("--checkpoint", metavar="HASH", help="A head that was noted before; it has to be on the chain.")
@store_option
@json_option
def verify_command(checkpoint: str | None, store_location: str | None, as_json: bool) -> int:
    """Walk the chain and compare it with what the store holds.

    Note the head outside the store, in git for example: a store that was rolled back or rebuilt is sound in itself,
    and only a head noted before tells.
    """
    with opened(store_location) as store:
        report = audit_verify(store, checkpoint)
    if as_json:
        print_json(
            {
                "sound": report.sound,
                "links": report.links,
                "head": report.head,
                "erased": report.erased,
                "problems": list(report.problems),
            }
        )
    else:
        for problem in report.problems:
            say(f"! {problem}")
        erased = f", {report.erased} erased on purpose" if report.erased else ""
        say(f"{report.links} links{erased}: {'sound' if report.sound else 'NOT sound'}")
        say(f"head {report.head}")
    return 0 if report.sound else 1
