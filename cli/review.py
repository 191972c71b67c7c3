"""`retrospan review` and `retrospan tui`: the terminal app, in the review queue or at home."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..store.connection import Store
from ..store.errors import RefusedError, UsageError
from ..store.trust.session import ReviewSession
from .options import opened, say, store_option

_TRIES = 3
_THEMES = ("retrospan", "daylight", "contrast")


def _app_options(command: click.Command) -> click.Command:
    folder = click.Option(
        ["--folder"],
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        default=Path(),
        help="The project whose .retrospan folder takes confirmed lessons and cases (default: this folder).",
    )
    theme = click.Option(["--theme"], type=click.Choice(_THEMES), default="retrospan", help="Colours.")
    reviewer = click.Option(["--reviewer"], metavar="NAME", help="Who you are, where several keys lie here.")
    command.params += [reviewer, folder, theme]
    return command


@_app_options
@click.command(
    "review",
    epilog="""\b
Examples:
  retrospan review
  retrospan review --reviewer Ada --folder ~/work/support-agent
  retrospan review --theme contrast""",
)
@store_option
def review_command(reviewer: str | None, folder: Path, theme: str, store_location: str | None) -> None:
    """Answer the questions that wait for people.

    Asks for your passphrase once, then opens the queue: read what happened, answer with one key and one sentence, see
    what the agent proposed, sign. Confirmed lessons, cases and rubrics are written to the project's .retrospan folder.
    """
    _require_screen()
    with opened(store_location) as store:
        _run(store, "review", session=_session(store, reviewer), reviewer=reviewer, folder=folder, theme=theme)


@_app_options
@click.command(
    "tui",
    epilog="""\b
Examples:
  retrospan tui
  retrospan tui --store team.db --theme daylight""",
)
@store_option
def tui_command(reviewer: str | None, folder: Path, theme: str, store_location: str | None) -> None:
    """Open the terminal app: what is failing, what waits for you, runs, lessons.

    Reading needs no passphrase; it is asked for when you sign.
    """
    _require_screen()
    with opened(store_location) as store:
        _run(store, "home", session=None, reviewer=reviewer, folder=folder, theme=theme)


def _require_screen() -> None:
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError(
            "The terminal app needs a terminal for input and output; one of them is a pipe or a file. "
            "Use `retrospan trace list --json` and its siblings in scripts."
        )


def _session(store: Store, reviewer: str | None) -> ReviewSession:
    from ..services.reviewing_people import demo_reviewer, unlock_reviewer
    from ..store.trust.config import keys_folder
    from ..store.trust.keys import key_names
    from ..store.trust.passphrase import read_passphrase

    if store.kind == "demo":
        return demo_reviewer(store)
    names = [reviewer] if reviewer else key_names(keys_folder())
    if not names:
        raise UsageError("No reviewer has a key here yet. Run `retrospan reviewer add NAME` first.")
    if len(names) > 1:
        raise UsageError(f"Several keys lie here: {', '.join(names)}. Say who you are with --reviewer NAME.")
    for left in reversed(range(_TRIES)):
        try:
            return unlock_reviewer(names[0], read_passphrase(f"Passphrase of {names[0]}: "))
        except RefusedError as err:
            if not left or not sys.stdin.isatty():
                raise
            say(str(err), err=True)
    raise AssertionError("the last try returns or raises")


def _run(
    store: Store, start: str, *, session: ReviewSession | None, reviewer: str | None, folder: Path, theme: str
) -> None:
    from ..tui.app import RetrospanApp

    RetrospanApp(store, start=start, session=session, reviewer=reviewer, folder=folder.resolve(), theme=theme).run()
