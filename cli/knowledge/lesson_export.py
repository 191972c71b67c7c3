"""`retrospan lesson export`: confirmed lessons in the files that coding assistants read."""

from __future__ import annotations

from pathlib import Path

import click

from ...knowledge.exports import Channel
from ...model.errors import UsageError
from ...services.knowledge.exporting import export_lessons, exported_channels, old_exports
from ..shared.options import opened, store_option
from ..shared.output import say
from .lesson_shared import folder_option, read_folder

_EPILOG = """\b
Examples:
  retrospan lesson export --to skills --to agents
  retrospan lesson export                 bring what was exported before up to date
  retrospan lesson export --check         for CI: exit code 1 where an export is old
"""


@click.command("export", epilog=_EPILOG)
@click.option(
    "--to",
    "channels",
    multiple=True,
    type=click.Choice([channel.value for channel in Channel]),
    help="Where to; by default where this project has exports already.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where an export is older than the lessons.")
@folder_option
@store_option
@click.pass_context
def export_command(
    context: click.Context, channels: tuple[str, ...], check: bool, folder: Path, store_location: str | None
) -> None:
    """Write confirmed lessons to Agent Skills, rules, instructions, and a block of AGENTS.md or CLAUDE.md.

    Files of ours are replaced as a whole and go with their lessons; of the project's own files only our block changes.
    """
    root = folder.resolve()
    with opened(store_location, create=True) as store:  # a build machine has none yet
        read_folder(store, folder)
        if check:
            old = old_exports(store, root)
            for change in old:
                state = "older than the lessons" if change.text is not None else "of no lesson any more"
                say(f"{change.path} is {state}")
            if old:
                say("Run: retrospan lesson export")
                context.exit(1)
            say("Every export is as new as the lessons.")
            return
        chosen = [Channel(name) for name in dict.fromkeys(channels)] or exported_channels(root)
        if not chosen:
            raise UsageError(f"Nothing was exported here before. Say where to: --to {' --to '.join(Channel)}.")
        changes = export_lessons(store, root, chosen)
    for change in changes:
        say(f"{'wrote' if change.text is not None else 'removed'} {change.path}")
    if not changes:
        say("Nothing to do: every export is as new as the lessons.")
