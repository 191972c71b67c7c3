"""`retrospan trust`: allow the `retrospan.toml` of a project, as it reads now."""

from __future__ import annotations

from pathlib import Path

import click

from ...model.clock import utc_now, utc_text
from ...model.errors import RefusedError, UsageError
from ...model.text.display import safe_text
from ...trust.files import read_bounded
from ...trust.keys import fingerprint
from ...trust.passphrase import require_terminal
from ...trust.projects import PROJECT_FILE, distrust_folder, parse_project_file, trust_folder
from ..shared.output import confirmed, echo, say

_EPILOG = """\b
Examples:
  retrospan trust                  allow ./retrospan.toml, after showing it
  retrospan trust ../team-app
  retrospan trust --revoke
"""
_LIMIT = 1 << 20


@click.command("trust", epilog=_EPILOG)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path())
@click.option("--revoke", is_flag=True, help="Take the permission back.")
def trust_command(folder: Path, revoke: bool) -> None:
    """Let the retrospan.toml of FOLDER name trusted reviewers and further knowledge folders.

    Shows the file and asks on this terminal. The permission is for this path and this content: an edit takes it back,
    and a cloned repository brings nothing confirmed by itself.
    """
    if revoke:
        distrust_folder(folder)
        say(f"{folder.resolve() / PROJECT_FILE} is not believed any more.")
        return
    require_terminal()
    path = folder.resolve() / PROJECT_FILE
    if not path.is_file():
        raise UsageError(f"No {PROJECT_FILE} in {folder}. Name the folder that holds it.")
    data = read_bounded(path, _LIMIT)
    project = parse_project_file(data, path)
    echo(safe_text(data.decode()))
    for reviewer in project.reviewers:
        say(f"{reviewer.name} signs with {fingerprint(reviewer.public_key)}")
    if not confirmed(f"Believe these {len(project.reviewers)} reviewers, and read the knowledge folders named?"):
        raise RefusedError("Nothing was changed.")
    trust_folder(folder, now=utc_text(utc_now()), shown=data)
    say("Allowed, until the file is edited.")
